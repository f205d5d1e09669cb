"""What storage can say of everybody's whole past: who there ever was, since when, on which days."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Select, func, select, type_coerce

from storage.columnar import Ints, int_columns, ordinal, whole
from storage.database import Transaction
from storage.tables import (
    FEATURE_SOURCE,
    activity_day,
    activity_span,
    customer,
    invoice,
    kind,
    survey_answer,
    ticket,
)

# Beyond the ordinal of any day.
FAR: Final = 2**22


def everybody(tx: Transaction) -> list[int]:
    """Return the ids of all customers, whatever became of them, ascending."""
    return list(tx.execute(select(customer.c.id).order_by(customer.c.id)).scalars())


def first_days(tx: Transaction) -> dict[int, date]:
    """Return the first day of any data of each customer; who has none is left out."""
    firsts: dict[int, date] = {}
    for statement in _firsts():
        for owner, day in tx.execute(statement):
            firsts[owner] = min(day, firsts.get(owner, day))
    return firsts


def last_day(tx: Transaction, today: date) -> date | None:
    """Return the last day, up to `today`, of which any data is known; None without data."""
    days = (
        activity_span.c.last_day,
        ticket.c.opened_on,
        invoice.c.known_on,
        invoice.c.paid_on,
        survey_answer.c.answered_on,
    )
    found = [
        tx.execute(select(type_coerce(func.max(day), day.type)).where(day <= today)).scalar()
        for day in days
    ]
    return max((day for day in found if day is not None), default=None)


def active_days(tx: Transaction) -> tuple[Ints, Ints]:
    """Return on which days customers did anything: their ids and the days' ordinals, ascending."""
    rows = activity_day.c
    days = select(rows.customer_id, rows.day).distinct().subquery("days").c
    # Both in one number, which halves what travels.
    both = days.customer_id.cast(BigInteger) * FAR + ordinal(tx, days.day)
    found = int_columns(tx, select(whole(both, "both")), endless=True)["both"]
    found.sort()
    owners = found // FAR
    found %= FAR  # In place: these are the longest columns there are.
    return owners, found


def event_kinds(tx: Transaction) -> dict[str, int]:
    """Return how often each kind of event occurs in all history, the most frequent first."""
    rows = activity_day.c
    statement = (
        select(kind.c.name, func.sum(rows.count).label("times"))
        .join(kind, kind.c.id == rows.kind_id)
        .group_by(kind.c.name)
        .order_by(func.sum(rows.count).desc(), kind.c.name)
    )
    return {name: int(times) for name, times in tx.execute(statement)}


def has_kind(tx: Transaction, name: str) -> bool:
    """Tell whether any event of this kind ever came."""
    spans = activity_span.c
    statement = select(spans.kind_id).join(kind, kind.c.id == spans.kind_id)
    return tx.execute(statement.where(kind.c.name == name).limit(1)).first() is not None


def _firsts() -> Iterable[Select[int, date]]:
    spans = activity_span.c
    yield _first(spans.customer_id, spans.first_day, spans.kind_id > FEATURE_SOURCE)
    yield _first(ticket.c.customer_id, ticket.c.opened_on)
    yield _first(invoice.c.customer_id, invoice.c.known_on)
    yield _first(survey_answer.c.customer_id, survey_answer.c.answered_on)


def _first(
    owner: ColumnElement[int], day: ColumnElement[date], *holds: ColumnElement[bool]
) -> Select[int, date]:
    return select(owner, type_coerce(func.min(day), day.type)).where(*holds).group_by(owner)
