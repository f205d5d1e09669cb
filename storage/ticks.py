"""Ticks: one row per scheduled moment of a job, so that of many processes one runs it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, type_coerce, update

from storage.bulk import add_new
from storage.database import Transaction
from storage.tables_acts import tick


def claim_tick(
    tx: Transaction, job: str, scheduled_for: datetime, now: datetime, lease: timedelta
) -> bool:
    """Take this run of the job; False when it is done, or somebody alive is at it.

    A holder that is gone is known by its lapsed lease, and its run is taken over.
    """
    row = {
        "job": job,
        "scheduled_for": scheduled_for,
        "state": "running",
        "claims": 1,
        "started_at": now,
        "lease_until": now + lease,
    }
    if add_new(tx, tick, [row], tick.c.job):
        return True
    taken_over = (
        update(tick)
        .where(*_running(job, scheduled_for), tick.c.lease_until <= now)
        .values(lease_until=now + lease, claims=tick.c.claims + 1)
    )
    return tx.execute(taken_over).rowcount == 1


def extend_tick(
    tx: Transaction, job: str, scheduled_for: datetime, now: datetime, lease: timedelta
) -> bool:
    """Hold on to a run that takes longer; False when it is not running any more."""
    statement = update(tick).where(*_running(job, scheduled_for)).values(lease_until=now + lease)
    return tx.execute(statement).rowcount == 1


def release_tick(tx: Transaction, job: str, scheduled_for: datetime, now: datetime) -> None:
    """Give a run back unfinished, so that anybody may take it over at once."""
    tx.execute(update(tick).where(*_running(job, scheduled_for)).values(lease_until=now))


def finish_tick(
    tx: Transaction,
    job: str,
    scheduled_for: datetime,
    now: datetime,
    detail: dict[str, object] | None = None,
) -> bool:
    """Note that a run is done; False when somebody had noted so before."""
    statement = (
        update(tick)
        .where(*_running(job, scheduled_for))
        .values(state="done", finished_at=now, detail=detail)
    )
    return tx.execute(statement).rowcount == 1


def last_tick(tx: Transaction, job: str) -> datetime | None:
    """Return the newest scheduled moment whose run is done; a crashed run is not."""
    newest = type_coerce(func.max(tick.c.scheduled_for), tick.c.scheduled_for.type)
    return tx.execute(select(newest).where(tick.c.job == job, tick.c.state == "done")).scalar()


def save_progress(tx: Transaction, job: str, scheduled_for: datetime, customer_id: int) -> None:
    """Remember up to which customer a run has come; whoever takes over goes on from there."""
    tx.execute(update(tick).where(*_running(job, scheduled_for)).values(progress=customer_id))


def progress(tx: Transaction, job: str, scheduled_for: datetime) -> int | None:
    """Return up to which customer a run had come."""
    wanted = (tick.c.job == job, tick.c.scheduled_for == scheduled_for)
    return tx.execute(select(tick.c.progress).where(*wanted)).scalar()


def _running(job: str, scheduled_for: datetime) -> tuple[ColumnElement[bool], ...]:
    return (tick.c.job == job, tick.c.scheduled_for == scheduled_for, tick.c.state == "running")
