"""What came for customers nobody knows: kept aside, and handed back when they arrive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from storage.bulk import among_texts
from storage.database import Transaction
from storage.tables import quarantine as kept


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One item kept aside, as it was received; `body` is what its feed needs to replay it."""

    feed: str
    customer_key: str
    reason: str
    body: dict[str, Any]
    received_at: datetime


def quarantine(tx: Transaction, items: Sequence[Quarantined]) -> None:
    """Keep the items aside."""
    rows = [{name: getattr(item, name) for name in Quarantined.__slots__} for item in items]
    if rows:
        tx.execute(insert(kept).returning(kept.c.id), rows)


def quarantined(
    tx: Transaction, key: str | None = None, limit: int = 100
) -> tuple[Quarantined, ...]:
    """Return what is kept aside, for one customer's key or for all, oldest first."""
    statement = select(kept).order_by(kept.c.id).limit(limit)
    if key is not None:
        statement = statement.where(kept.c.customer_key == key)
    return tuple(_item(row) for row in tx.execute(statement))


def quarantined_count(tx: Transaction) -> int:
    """Return how many items are kept aside."""
    return tx.execute(select(func.count()).select_from(kept)).scalar() or 0


def release_quarantined(tx: Transaction, keys: Iterable[str]) -> tuple[Quarantined, ...]:
    """Remove and return what is kept aside for these keys, oldest first."""
    statement = delete(kept).where(among_texts(tx, kept.c.customer_key, keys)).returning(kept)
    rows = sorted(tx.execute(statement), key=lambda row: row.id)
    return tuple(_item(row) for row in rows)


def _item(row: Row[Any]) -> Quarantined:
    return Quarantined(**{name: getattr(row, name) for name in Quarantined.__slots__})
