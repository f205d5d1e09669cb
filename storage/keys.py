"""API keys, of which only a prefix and a digest are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from storage.database import Transaction
from storage.tables_acts import api_key


@dataclass(frozen=True, slots=True)
class Key:
    """A key as far as we know it. Compare `digest` in constant time."""

    name: str
    prefix: str
    digest: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


def add_key(
    tx: Transaction, *, name: str, prefix: str, digest: str, scopes: Sequence[str], now: datetime
) -> None:
    """Keep a new key. Raises AlreadyThere, at the end of the statement, on a taken name."""
    values = {"name": name, "prefix": prefix, "digest": digest, "scopes": list(scopes)}
    tx.execute(insert(api_key).values(**values, created_at=now))


def key_by_prefix(tx: Transaction, prefix: str) -> Key | None:
    """Return the key with this prefix, also when it was revoked."""
    row = tx.execute(select(api_key).where(api_key.c.prefix == prefix)).one_or_none()
    return None if row is None else _key(row)


def revoke_key(tx: Transaction, name: str, now: datetime) -> bool:
    """Revoke a key; False when there is none of this name that was still good."""
    good = (api_key.c.name == name, api_key.c.revoked_at.is_(None))
    return tx.execute(update(api_key).where(*good).values(revoked_at=now)).rowcount == 1


def keys(tx: Transaction) -> tuple[Key, ...]:
    """Return all keys, oldest first, the revoked ones too."""
    return tuple(_key(row) for row in tx.execute(select(api_key).order_by(api_key.c.id)))


def _key(row: Row[Any]) -> Key:
    values = {name: getattr(row, name) for name in Key.__slots__}
    return Key(**values | {"scopes": tuple(row.scopes)})
