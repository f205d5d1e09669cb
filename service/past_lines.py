"""A customer's past as lines: what people were shown then, and what other models make of it.

A day is shown by the score that was made of it first. What a model recomputed of days that were
scored before is a line of its own, under that model's name.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.errors import DraftInvalid, UnknownCustomer
from service.ports import House
from service.written import clean_key
from storage.customers import customer_by_key
from storage.snapshots import Snapshot, every_history


@dataclass(frozen=True, slots=True)
class Lines:
    """Stored scores, oldest first: as lived, and recomputed by model ("saas-five-factor@2")."""

    lived: tuple[Snapshot, ...]
    recomputed: tuple[tuple[str, tuple[Snapshot, ...]], ...]


def lines_of(house: House, key: str, *, first: date, last: date) -> Lines:
    """Answer every line of these days. Raises UnknownCustomer."""
    try:
        key = clean_key(key)
    except DraftInvalid:
        raise UnknownCustomer(key) from None
    with house.database.reading() as tx:
        customer = customer_by_key(tx, key)
        if customer is None:
            raise UnknownCustomer(key)
        return lines(every_history(tx, customer.id, first, last))


def identity(snapshot: Snapshot) -> str:
    """Answer which model and version made a score: "saas-five-factor@1"."""
    if "@" in snapshot.model:
        return snapshot.model
    return f"{snapshot.model}@{snapshot.version}"


def lines(found: Sequence[Snapshot]) -> Lines:
    """Part stored scores, by day and first made first, into lines."""
    lived: dict[date, Snapshot] = {}
    others: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for one in found:
        if "@" not in one.model and one.as_of not in lived:
            lived[one.as_of] = one
        else:
            others[identity(one)].append(one)
    recomputed = tuple((name, tuple(points)) for name, points in sorted(others.items()))
    return Lines(tuple(lived.values()), recomputed)
