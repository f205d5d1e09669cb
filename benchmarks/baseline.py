"""The baseline: how such systems usually score, and not how this product does.

A loop over customers; for each of them six queries through an ORM over the raw events. Nothing is
compared, decided or stored. The scoring itself is the product's, so that both ways must come to the
same scores.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import DeclarativeBase, Session

from scoring.figures import (
    Answers,
    CustomerFacts,
    EventCount,
    EventTotal,
    FeaturesUsed,
    Figure,
    InvoiceDue,
    InvoicesDue,
    TicketsOpened,
    Window,
)
from scoring.score import Plan, Score
from storage.columns import metadata
from storage.database import Transaction
from storage.tables import customer, event, invoice, kind, ticket

Ids = Sequence[int]


class Base(DeclarativeBase):
    """Classes over the product's own tables."""

    metadata = metadata


class Customer(Base):
    """A customer."""

    __table__ = customer


class Event(Base):
    """A raw event."""

    __table__ = event


class Ticket(Base):
    """A support ticket."""

    __table__ = ticket


class Invoice(Base):
    """An invoice."""

    __table__ = invoice


def score_each(tx: Transaction, plan: Plan, ids: Ids) -> list[Score]:
    """Score the customers one by one, six queries each."""
    with Session(tx) as session:
        kinds = {str(row.name): int(row.id) for row in session.execute(select(kind))}
        return [_score(session, plan, kinds, one) for one in ids]


def _score(session: Session, plan: Plan, kinds: dict[str, int], one: int) -> Score:
    found: Any = session.scalars(select(Customer).where(customer.c.id == one)).one()
    facts = CustomerFacts(found.id, found.key, found.name, found.created_on)
    values = {figure: _answer(session, kinds, one, figure) for figure in plan.figures}
    return plan.score(facts, Answers(values), None)


def _answer(session: Session, kinds: dict[str, int], one: int, figure: Figure[Any]) -> object:
    match figure:
        case EventCount(names, window):
            return session.scalar(_in_window(func.count(), one, kinds, names, window)) or 0
        case EventTotal(names, window):
            total = session.scalar(_in_window(func.sum(event.c.value), one, kinds, names, window))
            return _plain(total)
        case FeaturesUsed(_, window):
            used = func.count(func.distinct(event.c.feature_id))
            rows = _in_window(used, one, kinds, (), window).where(event.c.feature_id > 0)
            return session.scalar(rows) or 0
        case TicketsOpened(window):
            opened = ticket.c.opened_on.between(window.first, window.last)
            tickets = session.scalars(select(Ticket).where(ticket.c.customer_id == one, opened))
            return len(tickets.all())
        case InvoicesDue(last, by):
            return _invoices(session, one, last, by)
    raise AssertionError(figure)


def _in_window(
    what: Any,  # noqa: ANN401 - any aggregate
    one: int,
    kinds: dict[str, int],
    names: Sequence[str],
    window: Window,
) -> Any:  # noqa: ANN401 - a select of it
    begin = datetime.combine(window.first, time(), UTC)
    end = datetime.combine(window.last + timedelta(days=1), time(), UTC)
    rows = select(what).select_from(Event).where(
        event.c.customer_id == one, event.c.occurred_at >= begin, event.c.occurred_at < end
    )  # fmt: skip
    return rows.where(event.c.kind_id.in_([kinds[name] for name in names])) if names else rows


def _plain(total: Decimal | None) -> Decimal:
    return Decimal(int(total or 0))


def _invoices(session: Session, one: int, last: int, by: date) -> tuple[InvoiceDue, ...]:
    rows = select(Invoice).where(invoice.c.customer_id == one, invoice.c.due_on <= by)
    newest = rows.order_by(invoice.c.due_on.desc(), invoice.c.invoice_id.desc()).limit(last)
    found: Sequence[Any] = session.scalars(newest).all()
    return tuple(InvoiceDue(each.due_on, each.paid_on) for each in found)
