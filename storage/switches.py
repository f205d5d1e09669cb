"""Switches: named settings that people turn while the service runs, such as the pause."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.bulk import put
from storage.database import Transaction
from storage.tables_acts import switch as switches


@dataclass(frozen=True, slots=True)
class Switch:
    """What a switch says, and who turned it so."""

    name: str
    value: str
    by: str
    at: datetime


def set_switch(tx: Transaction, name: str, value: str, by: str, now: datetime) -> None:
    """Turn a switch."""
    put(tx, switches, [{"name": name, "value": value, "by": by, "at": now}], key=("name",))


def switch(tx: Transaction, name: str) -> Switch | None:
    """Return what a switch says, None when nobody ever turned it."""
    row = tx.execute(select(switches).where(switches.c.name == name)).one_or_none()
    return None if row is None else Switch(row.name, row.value, row.by, row.at)
