"""Leaving for good: the link in every customer mail, and what following it does (RFC 8058).

The token carries the keyed hash under which the address would be suppressed, and proves, by the
house's secret, that we wrote it. So it is honoured also when the customer was erased since, and no
address reaches a log or a browser's history.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.ports import House, MailPolicy
from storage import audit, contacts
from storage.contacts import Contact
from storage.database import Transaction

_HASH: Final = 32
_PROOF: Final = 16
# A number of 64 bits, a dot, and the two above in base64.
_LONGEST: Final = 19 + 1 + (_HASH + _PROOF) * 4 // 3


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom a good token speaks of. `contact` is None when they are known by their hash alone.

    `done` tells whether the address is suppressed already.
    """

    digest: bytes
    contact: Contact | None
    done: bool


def link(policy: MailPolicy, contact: Contact) -> str:
    """Return the contact's own address of the unsubscribe page."""
    digest = contacts.address_hash(contact.email, policy.secret)
    return f"{policy.base_url.rstrip('/')}/unsubscribe/{_token(policy, contact.id, digest)}"


def headers(address: str) -> dict[str, str]:
    """Return the headers that let a mail client unsubscribe with one click."""
    return {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def addressed(house: House, token: str) -> Addressed | None:
    """Return whom the token speaks of, or None for one we did not write. Changes nothing."""
    with house.database.reading() as tx:
        return _addressed(tx, house.mail, token)


def unsubscribe(house: House, token: str, *, now: datetime) -> Addressed | None:
    """Suppress the address from now on; doing it twice changes nothing more."""
    with house.database.transaction() as tx:
        found = _addressed(tx, house.mail, token)
        if found is not None:
            _leave(tx, house.mail, found, now)
    return found


def _leave(tx: Transaction, policy: MailPolicy, found: Addressed, now: datetime) -> None:
    """Suppress the address; of two clicks at once, the one that did it is on record."""
    if found.contact is None:
        new = contacts.suppress(tx, found.digest, "unsubscribed", now)
        subject = f"address/{found.digest.hex()[:16]}"
    else:
        new = contacts.opt_out(tx, found.contact.email, "unsubscribed", policy.secret, now)
        subject = f"contact/{found.contact.id}"
    if new:
        audit.append(tx, "contact", "unsubscribe", subject, {}, now)


def _addressed(tx: Transaction, policy: MailPolicy, token: str) -> Addressed | None:
    read = _read(policy, token)
    if read is None:
        return None
    number, digest = read
    contact = contacts.contact_by_id(tx, number)
    # Numbers may be given anew after an erasure, and addresses change: the hash alone counts.
    if contact is not None and contacts.address_hash(contact.email, policy.secret) != digest:
        contact = None
    return Addressed(digest, contact, contacts.hash_is_suppressed(tx, digest))


def _read(policy: MailPolicy, token: str) -> tuple[int, bytes] | None:
    """Return the contact's number and the address's hash, from a token of our own making."""
    number, _, code = token.partition(".")
    if not (token.isascii() and number.isdigit() and len(token) <= _LONGEST):
        return None
    try:
        digest = base64.b64decode(code, altchars=b"-_", validate=True)[:_HASH]
    except ValueError:
        return None
    genuine = _token(policy, int(number), digest)
    return (int(number), digest) if hmac.compare_digest(genuine, token) else None


def _token(policy: MailPolicy, number: int, digest: bytes) -> str:
    words = f"unsubscribe/{number}/".encode() + digest
    proof = hmac.digest(policy.secret, words, hashlib.sha256)[:_PROOF]
    return f"{number}.{base64.urlsafe_b64encode(digest + proof).decode()}"
