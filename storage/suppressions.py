"""The list of addresses that are not written to: read, and lifted from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from storage.contacts import address_hash
from storage.database import Transaction
from storage.fold import fold
from storage.tables import contact, customer, suppression

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An address that is not written to, known by its keyed hash alone."""

    digest: bytes
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Bearer:
    """A contact whose address it is."""

    email: str
    customer_key: str
    customer_name: str


def suppressions(tx: Transaction, limit: int) -> tuple[Suppressed, ...]:
    """Return the newest of the list."""
    newest = select(suppression).order_by(suppression.c.at.desc(), suppression.c.address_hash)
    return tuple(_suppressed(row) for row in tx.execute(newest.limit(limit)))


def suppression_of(tx: Transaction, digest: bytes, *, lock: bool = False) -> Suppressed | None:
    """Return what the list says of an address; with `lock`, until the transaction's end."""
    found = select(suppression).where(suppression.c.address_hash == digest)
    row = tx.execute(found.with_for_update() if lock else found).one_or_none()
    return None if row is None else _suppressed(row)


def how_many(tx: Transaction) -> int:
    """Return how long the list is."""
    return tx.execute(select(func.count()).select_from(suppression)).scalar() or 0


def bearers(
    tx: Transaction, digests: Sequence[bytes], secret: bytes
) -> dict[bytes, tuple[Bearer, ...]]:
    """Return whose addresses these are, by hash; only by hashing every contact's can it be told."""
    wanted = set(digests)
    found: dict[bytes, tuple[Bearer, ...]] = {}
    for one in _everybody(tx) if wanted else ():
        digest = address_hash(one.email, secret)
        if digest in wanted:
            found[digest] = (*found.get(digest, ()), one)
    return found


def lift(tx: Transaction, email: str, secret: bytes) -> bool:
    """Take an address off the list; False when it was not on it."""
    gone = suppression.c.address_hash == address_hash(email, secret)
    lifted = tx.execute(delete(suppression).where(gone)).rowcount == 1
    theirs = contact.c.email_folded == fold(email)
    tx.execute(update(contact).where(theirs).values(opted_out_at=None))
    return lifted


def _everybody(tx: Transaction) -> Iterator[Bearer]:
    statement = (
        select(contact.c.email, customer.c.key, customer.c.name)
        .join(customer, customer.c.id == contact.c.customer_id)
        .order_by(customer.c.key, contact.c.id)
    )
    for part in tx.execute(statement).partitions(_AT_ONCE):
        for row in part:
            yield Bearer(row.email, row.key, row.name)


def _suppressed(row: Any) -> Suppressed:  # noqa: ANN401 - a row of the table
    return Suppressed(bytes(row.address_hash), row.reason, row.at)
