"""Endpoints: other systems that are told over HTTP what we do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from storage.database import Transaction
from storage.tables_out import webhook


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `inside` permits addresses of our own network; `nonce` makes its key.

    After a rotation `previous_nonce` makes the key of before, which signs until `previous_until`.
    """

    name: str
    url: str
    nonce: str
    inside: bool
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None
    previous_nonce: str | None = None
    previous_until: datetime | None = None

    def nonces(self, now: datetime) -> tuple[str, ...]:
        """Return what its messages are signed with, the newest first."""
        before, until = self.previous_nonce, self.previous_until
        still = before is not None and until is not None and now < until
        return (self.nonce, before) if still and before else (self.nonce,)

    def __repr__(self) -> str:
        """Show no address: others' systems like to put a secret into it."""
        return f"Endpoint({self.name!r})"


def add_endpoint(
    tx: Transaction, *, name: str, url: str, nonce: str, inside: bool, now: datetime
) -> None:
    """Keep a new endpoint. Raises AlreadyThere, at the end of the statement, on a taken name."""
    values = {"name": name, "url": url, "nonce": nonce, "inside": inside, "created_at": now}
    tx.execute(insert(webhook).values(**values))


def endpoint(tx: Transaction, name: str) -> Endpoint | None:
    """Return the endpoint of this name, also one that is switched off."""
    row = tx.execute(select(webhook).where(webhook.c.name == name)).one_or_none()
    return None if row is None else _endpoint(row)


def endpoints(tx: Transaction) -> tuple[Endpoint, ...]:
    """Return all endpoints, by name."""
    return tuple(_endpoint(row) for row in tx.execute(select(webhook).order_by(webhook.c.name)))


def switch_off(tx: Transaction, name: str, reason: str, now: datetime) -> bool:
    """Send an endpoint nothing more; False when there is none of this name that was on."""
    which = (webhook.c.name == name, webhook.c.disabled_at.is_(None))
    values = {"disabled_at": now, "disabled_reason": reason}
    return tx.execute(update(webhook).where(*which).values(**values)).rowcount == 1


def switch_on(tx: Transaction, name: str) -> bool:
    """Send to an endpoint again; False when there is none of this name that was off."""
    which = (webhook.c.name == name, webhook.c.disabled_at.is_not(None))
    values = {"disabled_at": None, "disabled_reason": None}
    return tx.execute(update(webhook).where(*which).values(**values)).rowcount == 1


def change_nonce(tx: Transaction, name: str, *, seen: str, nonce: str, until: datetime) -> bool:
    """Give an endpoint a new nonce; the one `seen` signs until then. False when it is another."""
    which = (webhook.c.name == name, webhook.c.nonce == seen)
    values = {"nonce": nonce, "previous_nonce": seen, "previous_until": until}
    return tx.execute(update(webhook).where(*which).values(**values)).rowcount == 1


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(**{name: getattr(row, name) for name in Endpoint.__slots__})
