"""Who churned, and when: from a list somebody kept, or from silence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import AliasChoices, Field

from scoring.proof.stints import Stint, known_until, stints_of
from service.written import Blank, Day, Draft
from storage.customers import Customer
from storage.database import Transaction
from storage.history import active_days, last_day


class LabelDraft(Draft):
    """One line of a list of churns.

    Without `churned_on` the customer stayed. `eligible_from` is the first day worth asking about,
    `until` the day on which it left our sight without having churned.
    """

    churned_on: Annotated[Day | None, Blank] = Field(
        None,
        validation_alias=AliasChoices(
            "churnedOn", "churned_on", "churnDate", "churn_date", "churn", "cancelledOn",
            "cancelled_at", "canceled_at", "endedOn",
        ),
    )  # fmt: skip
    eligible_from: Annotated[Day | None, Blank] = Field(
        None, validation_alias=AliasChoices("eligibleFrom", "eligible_from", "start", "since")
    )
    until: Annotated[Day | None, Blank] = Field(None, validation_alias=AliasChoices("until", "end"))


@dataclass(frozen=True, slots=True)
class Listed:
    """Churns as somebody wrote them down, by the customer's key; `where` names the list.

    When some line has no churn, the list is everybody there is to watch. When all have one, it is
    a list of churns, and every customer who is not in it stayed.
    """

    labels: tuple[tuple[str, LabelDraft], ...]
    where: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No list: whoever did nothing for over `days` days had churned."""

    days: int


Labels = Listed | Silence


@dataclass(frozen=True, slots=True)
class Watched:
    """The stints to ask about, the last day up to which their ends are known, and in words how.

    `strangers` are keys of the list that no customer has.
    """

    stints: tuple[Stint, ...]
    known_until: date
    words: str
    strangers: tuple[str, ...] = ()


def watched(
    tx: Transaction, labels: Labels, customers: Mapping[int, Customer], today: date
) -> Watched | None:
    """Return whom to watch and what became of them; None when there is no data at all."""
    last = last_day(tx, today)
    if last is None:
        return None
    match labels:
        case Silence():
            return _by_silence(tx, labels.days, last)
        case Listed():
            return _by_list(labels, customers, last, today)


def _by_silence(tx: Transaction, silence: int, last: date) -> Watched:
    stints = stints_of(*active_days(tx), silence, last)
    words = f"the last activity before a silence of over {silence} days"
    return Watched(tuple(stints), known_until(last, silence), words)


def _by_list(labels: Listed, customers: Mapping[int, Customer], last: date, today: date) -> Watched:
    ids = {customer.key: one for one, customer in customers.items()}
    lines = [(ids[key], label) for key, label in labels.labels if key in ids]
    stints = [_stint(customers[one], label) for one, label in lines]
    if all(label.churned_on is not None for _, label in lines):
        stints += _stayed(customers, {one for one, _ in lines})
    ends = [label.churned_on for _, label in lines if label.churned_on is not None]
    known = min(today, max([last, *ends]))
    strangers = tuple(sorted({key for key, _ in labels.labels if key not in ids}))
    return Watched(tuple(stints), known, f"the churns listed in {labels.where}", strangers)


def _stint(customer: Customer, label: LabelDraft) -> Stint:
    first = label.eligible_from or customer.created_on
    return Stint(customer.id, first, label.churned_on, label.until)


def _stayed(customers: Mapping[int, Customer], listed: set[int]) -> Iterable[Stint]:
    return (
        Stint(one, customer.created_on)
        for one, customer in sorted(customers.items())
        if one not in listed
    )
