"""Forgetting what is old: rows beyond their keep time, some thousand at a time.

Nothing that scores are made of is ever among them: roll-ups, tickets, invoices, survey answers and
snapshots stay.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Column, ColumnElement, Table, delete, func, select, tuple_

from storage.bulk import among
from storage.database import Transaction
from storage.months import forget_months
from storage.tables import event, event_key, quarantine
from storage.tables_acts import audit, decision, delivery, message, play, request, step, tick
from storage.tables_out import bounce, mail_seen
from storage.tables_said import feedback, play_end


def forget_events(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete events that happened before; their daily sums stay. Return how many went.

    Fewer than `limit` went when none is left. Their ids are forgotten too: see to it that so old
    an event is not taken in again. PostgreSQL drops whole months, so that there an event stays
    until its month is over.
    """
    if tx.dialect.name == "postgresql":
        return forget_months(tx, before, limit)
    rows, key = event.c, event_key.c
    own = (rows.customer_id, rows.occurred_at, rows.feed_id, rows.event_id)
    old = select(*own).where(rows.occurred_at < before).order_by(*own).limit(limit).subquery()
    ids = select(old.c.feed_id, old.c.event_id, old.c.customer_id)
    tx.execute(delete(event_key).where(tuple_(key.feed_id, key.event_id, key.customer_id).in_(ids)))
    return tx.execute(delete(event).where(tuple_(*own).in_(select(old)))).rowcount


def forget_plays(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete plays closed before, with all that hangs on them; return how many."""
    old = select(play.c.id).where(play.c.state == "closed", play.c.closed_at < before)
    ids = list(tx.execute(old.order_by(play.c.id).limit(limit)).scalars())
    if ids:
        _forget_messages(tx, among(tx, message.c.play_id, ids))
        for said in (feedback, play_end):
            tx.execute(delete(said).where(among(tx, said.c.play_id, ids)))
        tx.execute(delete(step).where(among(tx, step.c.play_id, ids)))
        tx.execute(delete(play).where(among(tx, play.c.id, ids)))
    return len(ids)


def forget_messages(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete messages of no play, such as digests, settled before; return how many."""
    settled = (message.c.play_id.is_(None)) & (message.c.settled_at < before)
    old = select(message.c.id).where(settled).order_by(message.c.id).limit(limit)
    ids = list(tx.execute(old).scalars())
    if ids:
        _forget_messages(tx, among(tx, message.c.id, ids))
    return len(ids)


def forget_bounces(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete reports of returned mail of before; suppressed addresses stay. Return how many."""
    return _forget(tx, bounce, (bounce.c.digest,), bounce.c.at < before, limit)


def forget_decisions(tx: Transaction, before: date, limit: int) -> int:
    """Delete what was decided about days before; return how many."""
    key = (decision.c.customer_id, decision.c.as_of, decision.c.playbook, decision.c.outcome)
    return _forget(tx, decision, key, decision.c.as_of < before, limit)


def forget_quarantined(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete what has waited for its customer since before; return how many."""
    return _forget(tx, quarantine, (quarantine.c.id,), quarantine.c.received_at < before, limit)


def forget_audit(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete audit entries of before; return how many."""
    return _forget(tx, audit, (audit.c.id,), audit.c.at < before, limit)


def forget_requests(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete the marks of signed requests seen before; return how many."""
    return _forget(tx, request, (request.c.digest,), request.c.at < before, limit)


def forget_ticks(tx: Transaction, before: datetime, limit: int) -> int:
    """Delete runs done before; every job's newest stays, so that it is not run again."""
    other = tick.alias()
    newest = (
        select(func.max(other.c.scheduled_for))
        .where(other.c.job == tick.c.job, other.c.state == "done")
        .correlate(tick)
        .scalar_subquery()
    )
    old = (tick.c.scheduled_for < before) & (tick.c.scheduled_for < newest)
    return _forget(tx, tick, (tick.c.job, tick.c.scheduled_for), old, limit)


def _forget_messages(tx: Transaction, which: ColumnElement[bool]) -> None:
    ids = select(message.c.id).where(which)
    for about in (delivery, mail_seen):
        tx.execute(delete(about).where(about.c.message_id.in_(ids)))
    tx.execute(delete(message).where(which))


def _forget(
    tx: Transaction,
    table: Table,
    key: Sequence[Column[object]],
    old: ColumnElement[bool],
    limit: int,
) -> int:
    some = select(*key).where(old).limit(limit)
    chosen = tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some)
    return tx.execute(delete(table).where(chosen)).rowcount
