"""The months of `event`: on PostgreSQL each is a partition, made before it is needed.

A month is made from a table of its own that is then attached: that waits for nobody who reads or
writes the other months. Forgetting a month is dropping its table, however much is in it. What
happened before `FIRST` shares one partition, so that nobody's wrong clock makes thousands.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import ARRAY, Text, bindparam, column, delete, func, select, text

from storage.database import Transaction
from storage.tables import event, event_key

FIRST: Final = date(2000, 1, 1)
EARLIER: Final = "event_earlier"
# Makers of the same month wait for each other; any number will do, as long as all take the same.
LOCK_NUMBER: Final = 20_250_415
# A month's ids are many rows; they are narrow, and go in one pass.
_PATIENCE: Final = "SET LOCAL statement_timeout = '240s'"
_NAME: Final = re.compile(r"event_(\d{4})_(\d{2})")


def make_months(tx: Transaction, moments: Iterable[datetime]) -> None:
    """See to it that events of these moments have somewhere to go; one statement if they have."""
    if tx.dialect.name != "postgresql":
        return
    months = {(moment.year, moment.month) for moment in map(_utc, moments)}
    wanted = sorted(month for month in (date(*one, 1) for one in months) if month >= FIRST)
    if _missing(tx, wanted):
        tx.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK_NUMBER})
        # Read anew: what `_missing` asks answers from memory, which does not know what was made
        # while we waited.
        for month in sorted(set(wanted) - set(_months(tx))):
            _make(tx, month)


def make_months_ahead(tx: Transaction, now: datetime, count: int = 2) -> None:
    """Make this month and the next ones, so that no writer has to when they begin."""
    month, ahead = _utc(now).replace(day=1), []
    for _ in range(count + 1):
        ahead.append(month)
        month = _utc(datetime.combine(next_month(month.date()), month.time(), UTC))
    make_months(tx, ahead)


def forget_months(tx: Transaction, before: datetime, limit: int) -> int:
    """Drop months that were over before, and forget their ids; return how many events went.

    Stops after the month that brings it to `limit`.
    """
    tx.execute(text(_PATIENCE))
    gone, over, parted = 0, list[str](), list[tuple[date, date]]()
    for month in _months(tx):
        if gone >= limit or next_month(month) > _utc(before).date():
            break
        gone += _forget(tx, month, next_month(month))
        over.append(f"DROP TABLE {_name(month)}")
        parted.append((month, next_month(month)))
    if gone < limit and _utc(before).date() >= FIRST and (early := _forget(tx, date.min, FIRST)):
        gone += early
        over.append(f"TRUNCATE {EARLIER}")
        parted.append((date.min, FIRST))
    # Last, for it keeps writers of all months out until the commit.
    for command in over:
        tx.execute(text(command))
    # An old event may have come in between; its id would stay for ever.
    for first, end in parted:
        _forget(tx, first, end)
    return gone


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _forget(tx: Transaction, first: date, end: date) -> int:
    days = (event_key.c.occurred_on >= first, event_key.c.occurred_on < end)
    return tx.execute(delete(event_key).where(*days)).rowcount


def _missing(tx: Transaction, months: Iterable[date]) -> list[date]:
    """Return the months that have no table yet."""
    names = {_name(month): month for month in months}
    listed = func.unnest(bindparam(None, list(names), type_=ARRAY(Text))).table_valued(
        column("name", Text)
    )
    absent = select(listed.c.name).where(func.to_regclass(listed.c.name).is_(None))
    return sorted(names[name] for name in tx.execute(absent).scalars())


def _make(tx: Transaction, month: date) -> None:
    name, end = _name(month), next_month(month)
    tx.execute(text(f"CREATE TABLE {name} (LIKE {event.name} INCLUDING ALL)"))
    tx.execute(
        text(
            f"ALTER TABLE {event.name} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{month}T00:00Z') TO ('{end}T00:00Z')"
        )
    )


def _months(tx: Transaction) -> list[date]:
    """Return the months there are, oldest first."""
    children = text(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = to_regclass(:parent) ORDER BY 1"
    )
    names = tx.execute(children, {"parent": event.name}).scalars()
    found = [_NAME.fullmatch(name) for name in names]
    return [date(int(one[1]), int(one[2]), 1) for one in found if one]


def _name(month: date) -> str:
    return f"{event.name}_{month:%Y_%m}"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
