"""Which customer did they mean? Exact first, then near misses; never the first of several."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from service.ports import House
from service.written import askable
from storage.customers import Candidate, Customer, customer_by_id, find_exact, name_candidates
from storage.database import Transaction
from storage.fold import fold

# Points of likeness, 0-100. A near miss is taken for meant only when it is this like what was
# typed, and this far ahead of every other; measured on misspelt and shortened company names.
SURE: Final = 88
LEAD: Final = 8
# Worth offering as a choice, and worth suggesting at all.
LIKELY: Final = 75
FAINT: Final = 50
CHOICES: Final = 10
SUGGESTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Exactly one customer; `exact` is False when a near miss was taken for meant."""

    customer: Customer
    exact: bool


@dataclass(frozen=True, slots=True)
class Several:
    """More than one customer fits; `more` tells that there are others beyond the choices."""

    choices: tuple[Candidate, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Nothing:
    """No customer fits; perhaps one of these was meant."""

    suggestions: tuple[Candidate, ...]


def find(house: House, words: str) -> Found | Several | Nothing:
    """Find the customer meant by `words`: a key, a name, an alias, or something like a name."""
    asked = askable(words)
    if not asked:
        return Nothing(())
    with house.database.reading() as tx:
        exact = find_exact(tx, asked)
        if len(exact) == 1:
            return Found(exact[0], exact=True)
        if exact:
            return _several([Candidate(one.id, one.key, one.name, ()) for one in exact])
        return _near(tx, asked)


def _near(tx: Transaction, asked: str) -> Found | Several | Nothing:
    ranked = _ranked(asked, name_candidates(tx, asked, limit=CHOICES * 5))
    likely = [candidate for points, candidate in ranked if points >= LIKELY]
    if likely and _stands_out([points for points, _ in ranked]):
        customer = customer_by_id(tx, likely[0].id)
        if customer is not None:
            return Found(customer, exact=False)
    if likely:
        return _several(likely)
    faint = [candidate for points, candidate in ranked if points >= FAINT]
    return Nothing(tuple(faint[:SUGGESTIONS]))


def _stands_out(points: Sequence[float]) -> bool:
    runner_up = points[1] if len(points) > 1 else 0
    return points[0] >= SURE and points[0] - runner_up >= LEAD


def _ranked(asked: str, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
    """Order by likeness; equals by name and key, so that the same question has one answer."""
    wanted = fold(asked)
    likeness = [(_likeness(wanted, candidate), candidate) for candidate in candidates]
    return sorted(likeness, key=lambda pair: (-pair[0], pair[1].name, pair[1].key))


def _likeness(wanted: str, candidate: Candidate) -> float:
    """Compare with every name the customer goes by."""
    names = (candidate.name, candidate.key, *candidate.aliases)
    return max(_alike(wanted, fold(name)) for name in names)


def _alike(wanted: str, name: str) -> float:
    """Compare two names; words left out count little, and a beginning is how people abbreviate."""
    words = fuzz.token_set_ratio(wanted, name) * 0.95
    start = 92.0 if name.startswith(wanted) else 0.0
    return max(fuzz.ratio(wanted, name), words, start)


def _several(choices: Sequence[Candidate]) -> Several:
    return Several(tuple(choices[:CHOICES]), more=len(choices) > CHOICES)
