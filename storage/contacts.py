"""Contacts: the people at the customer, and who of them wants no mail."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from storage.bulk import Ids, add_new, among, put
from storage.database import Transaction
from storage.fold import fold
from storage.tables import contact, suppression

# What the people themselves said; only they take it back. What we put down begins with BY_HAND.
OWN_WORD = ("unsubscribed", "complaint")
BY_HAND = "by hand"
# What the role of a contact may be called who decides over there.
EXECUTIVES = ("executive", "sponsor", "executive sponsor", "decision maker", "ceo", "owner")


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer. `opted_out_at` is set once they unsubscribed."""

    id: int
    customer_id: int
    email: str
    name: str
    role: str | None
    primary: bool
    opted_out_at: datetime | None


def contacts_of(tx: Transaction, customer_id: int) -> tuple[Contact, ...]:
    """Return a customer's contacts, the primary one first."""
    order = (contact.c.is_primary.desc(), contact.c.id)
    rows = tx.execute(select(contact).where(contact.c.customer_id == customer_id).order_by(*order))
    return tuple(_contact(row) for row in rows)


def contact_by_id(tx: Transaction, contact_id: int) -> Contact | None:
    """Return the contact with this id."""
    row = tx.execute(select(contact).where(contact.c.id == contact_id)).one_or_none()
    return None if row is None else _contact(row)


def primary_contact(tx: Transaction, customer_id: int) -> Contact | None:
    """Return whom to write to at a customer, None when nobody is known."""
    return primary_contacts(tx, [customer_id]).get(customer_id)


def primary_contacts(tx: Transaction, ids: Ids) -> dict[int, Contact]:
    """Return whom to write to, by customer; customers without a contact are left out."""
    order = (contact.c.is_primary, contact.c.id.desc())
    rows = tx.execute(select(contact).where(among(tx, contact.c.customer_id, ids)).order_by(*order))
    return {row.customer_id: _contact(row) for row in rows}


def executives(
    tx: Transaction, ids: Ids, primary: Mapping[int, Contact] | None = None
) -> dict[int, Contact]:
    """Return who decides at a customer, by customer; the main contact where no role says so.

    The main ones are `primary`, where the caller has read them already.
    """
    found = primary_contacts(tx, ids) if primary is None else dict(primary)
    wanted = among(tx, contact.c.customer_id, ids) & func.lower(contact.c.role).in_(EXECUTIVES)
    for row in tx.execute(select(contact).where(wanted).order_by(contact.c.id.desc())):
        found[row.customer_id] = _contact(row)
    return found


def opt_out(tx: Transaction, email: str, reason: str, secret: bytes, now: datetime) -> bool:
    """Suppress an address for good; False when it was already. Survives erasure by its hash."""
    new = suppress(tx, address_hash(email, secret), reason, now)
    # In the order of `suppressions.lift`: of two at once, one waits and neither is thrown out.
    tx.execute(
        update(contact)
        .where(contact.c.email_folded == fold(email), contact.c.opted_out_at.is_(None))
        .values(opted_out_at=now)
    )
    return new


def suppress(tx: Transaction, digest: bytes, reason: str, now: datetime) -> bool:
    """Suppress an address known by its keyed hash alone; False when it was already.

    What they say themselves takes the place of what we knew or decided before. It is said in one
    statement: between two, somebody could lift what stood there, and their word would be lost.
    """
    row = {"address_hash": digest, "reason": reason, "at": now}
    if reason not in OWN_WORD:
        return bool(add_new(tx, suppression, [row], suppression.c.address_hash))
    ours = suppression.c.reason.not_in(OWN_WORD)
    return bool(put(tx, suppression, [row], key=("address_hash",), only_if=ours))


def hash_is_suppressed(tx: Transaction, digest: bytes) -> bool:
    """Tell whether the address with this keyed hash must not be written to."""
    found = select(suppression.c.at).where(suppression.c.address_hash == digest)
    return tx.execute(found).one_or_none() is not None


def is_suppressed(tx: Transaction, email: str, secret: bytes) -> bool:
    """Tell whether this address must not be written to."""
    return bool(suppressed(tx, [email], secret))


def suppressed(tx: Transaction, emails: Iterable[str], secret: bytes) -> dict[str, str]:
    """Return those of the addresses, as given, that must not be written to, and why."""
    hashes = {email: address_hash(email, secret) for email in emails}
    wanted = suppression.c.address_hash.in_(set(hashes.values()))
    statement = select(suppression.c.address_hash, suppression.c.reason).where(wanted)
    found = {row.address_hash: row.reason for row in tx.execute(statement)}
    return {email: found[digest] for email, digest in hashes.items() if digest in found}


def address_hash(email: str, secret: bytes) -> bytes:
    """Return what stands for an address where it is not kept: 32 bytes, the same for any case."""
    return hmac.digest(secret, fold(email).encode(), hashlib.sha256)


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        id=row.id,
        customer_id=row.customer_id,
        email=row.email,
        name=row.name,
        role=row.role,
        primary=bool(row.is_primary),
        opted_out_at=row.opted_out_at,
    )
