"""What people said of a customer's score: overrides and pulses; ended, never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, insert, or_, select, update

from storage.bulk import Ids, among
from storage.database import Transaction
from storage.tables_said import override as overrides
from storage.tables_said import pulse as pulses

Kind = Literal["set", "floor", "ceiling"]
Mood = Literal["good", "neutral", "worried"]


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """What somebody set a score to, for the scores of the days `since` to `until`.

    `withdrawn_on` is the first of those days it no longer holds for; `told_at` is when its end
    was announced.
    """

    id: int
    customer_id: int
    kind: Kind
    value: Decimal
    reason: str
    author: str
    author_email: str | None
    said_at: datetime
    since: date
    until: date
    withdrawn_on: date | None
    withdrawn_by: str | None
    told_at: datetime | None

    def holds_on(self, as_of: date) -> bool:
        """Tell whether it speaks of the score of this day."""
        ended = self.withdrawn_on is not None and as_of >= self.withdrawn_on
        return self.since <= as_of <= self.until and not ended


@dataclass(frozen=True, slots=True)
class PulseRow:
    """How somebody felt about a customer, worth knowing until a day."""

    id: int
    customer_id: int
    mood: Mood
    note: str
    author: str
    author_email: str | None
    said_at: datetime
    until: date
    withdrawn_on: date | None
    told_at: datetime | None


def add_override(
    tx: Transaction,
    customer_id: int,
    *,
    kind: Kind,
    value: Decimal,
    reason: str,
    author: str,
    author_email: str | None,
    since: date,
    until: date,
    now: datetime,
) -> OverrideRow:
    """Write down an override."""
    given = {"kind": kind, "value": value, "reason": reason, "since": since, "until": until}
    who = {"author": author, "author_email": author_email, "said_at": now}
    row = {"customer_id": customer_id} | given | who
    return OverrideRow(**_inserted(tx, overrides, row))


def overrides_on(tx: Transaction, ids: Ids, as_of: date) -> dict[int, OverrideRow]:
    """Return the override that holds for each customer's score of the day; the newest of several.

    Who has none is left out.
    """
    rows = overrides.c
    statement = (
        select(overrides)
        .where(
            among(tx, rows.customer_id, ids),
            rows.since <= as_of,
            rows.until >= as_of,
            or_(rows.withdrawn_on.is_(None), rows.withdrawn_on > as_of),
        )
        .order_by(rows.id)
    )
    return {row.customer_id: _override(row) for row in tx.execute(statement)}


def overrides_of(tx: Transaction, customer_id: int) -> tuple[OverrideRow, ...]:
    """Return everything that was ever said over a customer's score, newest first."""
    rows = overrides.c
    statement = select(overrides).where(rows.customer_id == customer_id).order_by(rows.id.desc())
    return tuple(_override(row) for row in tx.execute(statement))


def withdraw_overrides(tx: Transaction, customer_id: int, on: date, by: str) -> int:
    """End what still holds on that day or later; return how many there were."""
    rows = overrides.c
    holding = (rows.customer_id == customer_id, rows.until >= on, rows.withdrawn_on.is_(None))
    changed = update(overrides).where(*holding).values(withdrawn_on=on, withdrawn_by=by)
    return tx.execute(changed).rowcount


def untold_overrides(tx: Transaction, before: date) -> tuple[OverrideRow, ...]:
    """Return the overrides that ran out before the day, and of whose end nobody heard yet."""
    rows = tx.execute(select(overrides).where(*_untold(overrides, before)).order_by(overrides.c.id))
    return tuple(_override(row) for row in rows)


def add_pulse(
    tx: Transaction,
    customer_id: int,
    *,
    mood: Mood,
    note: str,
    author: str,
    author_email: str | None,
    until: date,
    now: datetime,
) -> PulseRow:
    """Write down a pulse; the one before it ends."""
    before = (pulses.c.customer_id == customer_id, pulses.c.withdrawn_on.is_(None))
    tx.execute(update(pulses).where(*before).values(withdrawn_on=now.date()))
    row = {"customer_id": customer_id, "mood": mood, "note": note, "until": until}
    who = {"author": author, "author_email": author_email, "said_at": now}
    return PulseRow(**_inserted(tx, pulses, row | who))


def pulse_of(tx: Transaction, customer_id: int, today: date) -> PulseRow | None:
    """Return the pulse that is still worth knowing, if there is one."""
    rows = pulses.c
    statement = (
        select(pulses)
        .where(rows.customer_id == customer_id, rows.until >= today, rows.withdrawn_on.is_(None))
        .order_by(rows.id.desc())
        .limit(1)
    )
    found = tx.execute(statement).one_or_none()
    return None if found is None else _pulse(found)


def untold_pulses(tx: Transaction, before: date) -> tuple[PulseRow, ...]:
    """Return the pulses that ran out before the day, and of whose end nobody heard yet."""
    rows = tx.execute(select(pulses).where(*_untold(pulses, before)).order_by(pulses.c.id))
    return tuple(_pulse(row) for row in rows)


def mark_told(tx: Transaction, ended: Sequence[OverrideRow | PulseRow], now: datetime) -> None:
    """Write down that the end of these was announced."""
    for kind, table in ((OverrideRow, overrides), (PulseRow, pulses)):
        ids = [one.id for one in ended if isinstance(one, kind)]
        if ids:
            tx.execute(update(table).where(among(tx, table.c.id, ids)).values(told_at=now))


def _untold(table: Table, before: date) -> tuple[ColumnElement[bool], ...]:
    rows = table.c
    return (rows.until < before, rows.withdrawn_on.is_(None), rows.told_at.is_(None))


def _inserted(tx: Transaction, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return dict(tx.execute(insert(table).values(**row).returning(table)).one()._mapping)  # noqa: SLF001 - public, in SQLAlchemy's documentation


def _override(row: Any) -> OverrideRow:  # noqa: ANN401 - SQLAlchemy's row
    return OverrideRow(**{name: getattr(row, name) for name in OverrideRow.__slots__})


def _pulse(row: Any) -> PulseRow:  # noqa: ANN401 - SQLAlchemy's row
    return PulseRow(**{name: getattr(row, name) for name in PulseRow.__slots__})
