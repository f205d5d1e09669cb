"""Reports of mail that came back: which there were, and which mail of ours one may speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from storage.bulk import add_new
from storage.database import Transaction
from storage.fold import fold
from storage.tables import contact
from storage.tables_acts import message
from storage.tables_out import bounce

# Of one customer; nobody writes so many mails to one before a report of the first comes in.
MOST_MAILS = 200


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail of ours that left, or may have: as much of it as a report can speak of."""

    id: int
    customer_id: int
    recipient: str
    letter_id: str
    state: str
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Bounce:
    """What one report said of a mail."""

    message_id: int
    kind: str
    status: str
    at: datetime


def mails_that_left(tx: Transaction, customer_ids: Sequence[int]) -> tuple[Mailed, ...]:
    """Return the customers' mails that left, or may have, newest first."""
    at = func.coalesce(message.c.settled_at, message.c.due_at)
    statement = (
        select(message, at.label("left_at"))
        .where(
            message.c.customer_id.in_(customer_ids),
            message.c.channel == "email",
            message.c.state.in_(["sending", "sent", "unknown"]),
        )
        .order_by(at.desc(), message.c.id.desc())
        .limit(MOST_MAILS)
    )
    return tuple(_mailed(row) for row in tx.execute(statement))


def customers_of(tx: Transaction, addresses: Sequence[str]) -> tuple[int, ...]:
    """Return the customers one of whose contacts has one of these addresses."""
    folded = [fold(address) for address in addresses]
    found = select(contact.c.customer_id).where(contact.c.email_folded.in_(folded)).distinct()
    return tuple(tx.execute(found.order_by(contact.c.customer_id)).scalars())


def add_bounce(  # noqa: PLR0917 - what came back, of which, when: the order is the sentence
    tx: Transaction, digest: str, mail: Mailed, kind: str, status: str, now: datetime
) -> bool:
    """Keep a report; False when it was here before."""
    row = {
        "digest": digest,
        "customer_id": mail.customer_id,
        "message_id": mail.id,
        "kind": kind,
        "status": status,
        "at": now,
    }
    return bool(add_new(tx, bounce, [row], bounce.c.digest))


def bounces_of(tx: Transaction, customer_id: int) -> tuple[Bounce, ...]:
    """Return what came back of a customer's mail, newest first."""
    columns = (bounce.c.message_id, bounce.c.kind, bounce.c.status, bounce.c.at)
    statement = select(*columns).where(bounce.c.customer_id == customer_id)
    rows = tx.execute(statement.order_by(bounce.c.at.desc(), bounce.c.digest))
    return tuple(Bounce(row.message_id, row.kind, row.status, row.at) for row in rows)


def came_back(tx: Transaction, customer_id: int | None, message_id: int) -> Bounce | None:
    """Return the last that was heard of a mail, but for its being late; None: no bad news."""
    columns = (bounce.c.message_id, bounce.c.kind, bounce.c.status, bounce.c.at)
    statement = (
        select(*columns)
        .where(
            bounce.c.customer_id == customer_id,
            bounce.c.message_id == message_id,
            bounce.c.kind != "delayed",
        )
        .order_by(bounce.c.at.desc(), bounce.c.digest)
    )
    row = tx.execute(statement.limit(1)).one_or_none()
    return None if row is None else Bounce(row.message_id, row.kind, row.status, row.at)


def _mailed(row: Row[Any]) -> Mailed:
    letter_id = str(row.body.get("message_id", ""))
    return Mailed(row.id, row.customer_id, row.recipient, letter_id, row.state, row.left_at)
