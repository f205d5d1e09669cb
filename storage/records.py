"""Tickets, invoices and survey answers: facts with a state, written again when they change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Row, Table, select

from storage.activity import freshen
from storage.bulk import among, among_texts, put
from storage.database import Transaction
from storage.names import enrol
from storage.spoken import Said, recounting
from storage.tables import (
    INVOICE_SOURCE,
    SURVEY_SOURCES,
    TICKET_SOURCE,
    feed,
    invoice,
    survey,
    survey_answer,
    ticket,
)

Outcome = Literal["created", "updated", "unchanged"]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How records of one kind are kept: by which columns, and what the feed says by a row."""

    table: Table
    key: tuple[str, ...]  # The customer first, the record's own id last.
    says: Callable[[Mapping[str, Any]], Said]


TICKETS = _Shape(
    ticket,
    ("customer_id", "ticket_id"),
    lambda row: (TICKET_SOURCE, row["opened_on"], row["customer_id"]),
)
INVOICES = _Shape(
    invoice,
    ("customer_id", "invoice_id"),
    lambda row: (INVOICE_SOURCE, row["known_on"], row["customer_id"]),
)
ANSWERS = _Shape(
    survey_answer,
    ("customer_id", "survey_id", "feed_id", "answer_id"),
    lambda row: (SURVEY_SOURCES - row["survey_id"], row["answered_on"], row["customer_id"]),
)


@dataclass(frozen=True, slots=True)
class TicketFields:
    """A support ticket as its system states it now; `rating` is 1 (worst) to 5."""

    customer_id: int
    ticket_id: str
    opened_at: datetime
    closed_at: datetime | None
    rating: int | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class InvoiceFields:
    """An invoice as its system states it now; `paid_on` None means not paid."""

    customer_id: int
    invoice_id: str
    due_on: date
    paid_on: date | None
    amount: Decimal | None
    currency: str | None
    issued_on: date | None


@dataclass(frozen=True, slots=True)
class SurveyFields:
    """One answer to a survey; `answer_id` is unique within the survey of a feed."""

    customer_id: int
    survey: str
    feed: str
    answer_id: str
    answered_at: datetime
    score: Decimal


def upsert_tickets(tx: Transaction, tickets: Sequence[TicketFields]) -> tuple[Outcome, ...]:
    """Write the tickets, each replacing what was there; one outcome per ticket, in order.

    Of a ticket given twice the later one stands.
    """
    rows = [asdict(one) | {"opened_on": one.opened_at.astimezone(UTC).date()} for one in tickets]
    outcomes = _upsert(tx, TICKETS, rows)
    if tickets:
        freshen(tx, {TICKET_SOURCE: max(one.opened_at for one in tickets)})
    return outcomes


def upsert_invoices(tx: Transaction, invoices: Sequence[InvoiceFields]) -> tuple[Outcome, ...]:
    """Write the invoices, each replacing what was there; one outcome per invoice, in order.

    Of an invoice given twice the later one stands.
    """
    rows = [asdict(one) | {"known_on": one.issued_on or one.due_on} for one in invoices]
    outcomes = _upsert(tx, INVOICES, rows)
    if rows:
        newest = max(row["known_on"] for row in rows)
        freshen(tx, {INVOICE_SOURCE: datetime.combine(newest, time(), UTC)})
    return outcomes


def upsert_surveys(tx: Transaction, given: Sequence[SurveyFields]) -> tuple[Outcome, ...]:
    """Write the answers, each replacing what was there; one outcome per answer, in order.

    Of an answer given twice the later one stands.
    """
    if not given:
        return ()
    surveys = enrol(tx, survey, (one.survey for one in given))
    feeds = enrol(tx, feed, (one.feed for one in given))
    outcomes = _upsert(tx, ANSWERS, [_answer(one, surveys, feeds) for one in given])
    newest: dict[int, datetime] = {}
    for one in given:
        number = surveys[one.survey]
        newest[number] = max(one.answered_at, newest.get(number, one.answered_at))
    freshen(tx, newest, survey)
    return outcomes


def _answer(
    one: SurveyFields, surveys: Mapping[str, int], feeds: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "customer_id": one.customer_id,
        "survey_id": surveys[one.survey],
        "feed_id": feeds[one.feed],
        "answer_id": one.answer_id,
        "answered_at": one.answered_at,
        "answered_on": one.answered_at.astimezone(UTC).date(),
        "score": one.score,
    }


def tickets_of(tx: Transaction, customer_id: int) -> tuple[TicketFields, ...]:
    """Return a customer's tickets, newest first."""
    order = (ticket.c.opened_at.desc(), ticket.c.ticket_id)
    rows = tx.execute(select(ticket).where(ticket.c.customer_id == customer_id).order_by(*order))
    return tuple(TicketFields(**_picked(row, TicketFields.__slots__)) for row in rows)


def invoices_of(tx: Transaction, customer_id: int) -> tuple[InvoiceFields, ...]:
    """Return a customer's invoices, the one due last first."""
    order = (invoice.c.due_on.desc(), invoice.c.invoice_id)
    rows = tx.execute(select(invoice).where(invoice.c.customer_id == customer_id).order_by(*order))
    return tuple(InvoiceFields(**_picked(row, InvoiceFields.__slots__)) for row in rows)


def surveys_of(tx: Transaction, customer_id: int) -> tuple[SurveyFields, ...]:
    """Return a customer's answers to surveys, newest first."""
    rows = survey_answer.c
    statement = (
        select(survey_answer, survey.c.name.label("survey"), feed.c.name.label("feed"))
        .join(survey, survey.c.id == rows.survey_id)
        .join(feed, feed.c.id == rows.feed_id)
        .where(rows.customer_id == customer_id)
        .order_by(rows.answered_at.desc(), survey.c.name, feed.c.name, rows.answer_id)
    )
    found = tx.execute(statement)
    return tuple(SurveyFields(**_picked(row, SurveyFields.__slots__)) for row in found)


def _upsert(tx: Transaction, shape: _Shape, rows: Sequence[dict[str, Any]]) -> tuple[Outcome, ...]:
    known = _known(tx, shape, rows)
    before: dict[Key, Mapping[str, Any]] = {}
    changed: dict[Key, dict[str, Any]] = {}
    outcomes: list[Outcome] = []
    for row in rows:
        key = _key(shape, row)
        old = known.get(key)
        known[key] = row
        outcomes.append("created" if old is None else "unchanged" if old == row else "updated")
        if old != row:
            if old is not None and key not in changed:
                before[key] = old
            changed[key] = row
    stated = (*before.values(), *changed.values())
    with recounting(tx, {shape.says(row) for row in stated}):
        put(tx, shape.table, [changed[key] for key in sorted(changed)], key=shape.key)
    return tuple(outcomes)


def _key(shape: _Shape, row: Mapping[str, Any]) -> Key:
    return tuple(row[name] for name in shape.key)


def _known(
    tx: Transaction, shape: _Shape, rows: Sequence[dict[str, Any]]
) -> dict[Key, Mapping[str, Any]]:
    owners = sorted({row["customer_id"] for row in rows})
    columns, name = shape.table.c, shape.key[-1]
    statement = select(shape.table).where(
        among(tx, columns.customer_id, owners),
        among_texts(tx, columns[name], (row[name] for row in rows)),
    )
    found = (dict(row._mapping) for row in tx.execute(statement))  # noqa: SLF001 - public, in SQLAlchemy's documentation
    return {_key(shape, row): row for row in found}


def _picked(row: Row[Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
