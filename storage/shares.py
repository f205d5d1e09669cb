"""A run's customers, dealt out in shares that workers claim: each is scored by one of them, once.

    open ──claim──► open, with a holder and a lease ──settle, in the batch's transaction──► done
      ▲                              │
      └────── the lease lapses ──────┘

On PostgreSQL a claim skips what others are just taking, and what a worker has in its hands: its
batch's transaction locks the share, so that a slow worker is not robbed, and a killed one is found
out by its lapsed lease. SQLite has one writer, whose transaction begins IMMEDIATE: there is nothing
to skip, and a claim is plain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update

from storage.bulk import add_new
from storage.database import Transaction
from storage.tables_shares import rescore_run, share

# A run whose rows lie about so long was given up, and begun anew if anybody wanted it.
FORGOTTEN_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class DealtRun:
    """A run as it was begun; `now` is the instant all its workers write down."""

    name: str
    as_of: date
    now: datetime
    orders: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """Some customers of a run, in the hands of one worker; `claims` proves that they still are."""

    run_name: str
    number: int
    model: str
    customers: tuple[int, ...]
    claims: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, in customers and in shares that are not done."""

    done: int
    total: int
    open: int


def deal(tx: Transaction, run: DealtRun, shares: Sequence[tuple[str, Sequence[int]]]) -> bool:
    """Deal a run out: model and customers of each share. False when it is dealt already."""
    _forget_lost(tx, run.now)
    row = {"name": run.name, "as_of": run.as_of, "now": run.now, "orders": run.orders}
    if not add_new(tx, rescore_run, [row], rescore_run.c.name):
        return False
    dealt = [
        {
            "run_name": run.name, "number": number, "model": model, "customers": list(ids),
            "size": len(ids), "state": "open", "claims": 0,
        }
        for number, (model, ids) in enumerate(shares)
    ]  # fmt: skip
    add_new(tx, share, dealt, share.c.number)
    return True


def dealt_run(tx: Transaction, name: str) -> DealtRun | None:
    """Return the run of this name as it was dealt out, None when it was not."""
    row = tx.execute(select(rescore_run).where(rescore_run.c.name == name)).one_or_none()
    return None if row is None else DealtRun(**row._mapping)  # noqa: SLF001 - public, in SQLAlchemy's documentation


def claim_share(
    tx: Transaction, name: str, holder: str, now: datetime, lease: timedelta
) -> Share | None:
    """Take the next share nobody alive holds; None when there is none. Commit before working."""
    free = or_(share.c.lease_until.is_(None), share.c.lease_until <= now)
    wanted = (
        select(share.c.number)
        .where(share.c.run_name == name, share.c.state == "open", free)
        .order_by(share.c.number)
        .limit(1)
    )
    statement = (
        update(share)
        .where(share.c.run_name == name, share.c.number == _skipping(tx, wanted).scalar_subquery())
        .values(holder=holder, lease_until=now + lease, claims=share.c.claims + 1)
        .returning(share.c.number, share.c.model, share.c.customers, share.c.claims)
    )
    row = tx.execute(statement).one_or_none()
    if row is None:
        return None
    return Share(name, row.number, row.model, tuple(row.customers), row.claims)


def hold_share(tx: Transaction, held: Share) -> dict[str, Any] | None:
    """Lock a share until the end of the transaction; return what came of it so far.

    None when somebody else has it by now.
    """
    wanted = select(share.c.tally).where(*_held(held))
    if tx.dialect.name == "postgresql":
        wanted = wanted.with_for_update()
    row = tx.execute(wanted).one_or_none()
    return None if row is None else row.tally or {}


def settle_share(
    tx: Transaction, held: Share, tally: Mapping[str, Any], *, done: bool, until: datetime
) -> None:
    """Write down what has come of a share so far, in the transaction that holds it.

    One that is not done stays its holder's `until` then.
    """
    values = {"tally": dict(tally), "state": "done" if done else "open", "lease_until": until}
    tx.execute(update(share).where(*_held(held)).values(**values))


def release_shares(tx: Transaction, name: str, holder: str, now: datetime) -> None:
    """Give back what a worker held that is known to be gone, so that others need not wait."""
    held = (share.c.run_name == name, share.c.state == "open", share.c.holder == holder)
    tx.execute(update(share).where(*held).values(lease_until=now))


def progress(tx: Transaction, name: str) -> Progress:
    """Return how far the run is."""
    statement = (
        select(share.c.state, func.sum(share.c.size), func.count())
        .where(share.c.run_name == name)
        .group_by(share.c.state)
    )
    found = {state: (int(size), count) for state, size, count in tx.execute(statement)}
    done, open_ = found.get("done", (0, 0)), found.get("open", (0, 0))
    return Progress(done[0], done[0] + open_[0], open_[1])


def tallies(tx: Transaction, name: str) -> list[dict[str, Any]]:
    """Return what came of every share of the run, in their order."""
    statement = select(share.c.tally).where(share.c.run_name == name, share.c.tally.is_not(None))
    return list(tx.execute(statement.order_by(share.c.number)).scalars())


def forget_run(tx: Transaction, name: str) -> None:
    """Clear a run away: it is told, or will be dealt anew."""
    tx.execute(delete(share).where(share.c.run_name == name))
    tx.execute(delete(rescore_run).where(rescore_run.c.name == name))


def _forget_lost(tx: Transaction, now: datetime) -> None:
    lost = select(rescore_run.c.name).where(rescore_run.c.now < now - FORGOTTEN_AFTER)
    for name in list(tx.execute(lost).scalars()):
        forget_run(tx, name)


def _held(held: Share) -> tuple[Any, ...]:
    return (
        share.c.run_name == held.run_name,
        share.c.number == held.number,
        share.c.claims == held.claims,
        share.c.state == "open",
    )


def _skipping(tx: Transaction, wanted: Select[Any]) -> Select[Any]:
    """Skip what others are taking at this moment; said only where it means something."""
    if tx.dialect.name == "postgresql":
        return wanted.with_for_update(skip_locked=True)
    return wanted
