"""The outbox: what is to be said to the outside, written in the transaction that decided it.

    held ──release──► pending ──claim──► sending ──► sent
      └──discard──► cancelled ◄──cancel──┘  │  ├──► failed
                                            │  └──► unknown (e-mail only: never sent again)
                        pending ◄──retry, or a lapsed lease of Slack──┘

A claim commits before anything is sent, and a lapsed lease is judged by what a doubt costs: a
Slack message is found again by its key, a second mail to a customer is not taken back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update

from storage.bulk import add_new, among, among_texts, put
from storage.database import Transaction
from storage.tables_acts import delivery, message

Verb = Literal["post", "reply", "update"]
State = Literal["pending", "sending", "sent", "failed", "unknown", "cancelled", "held"]
EMAIL = "email"
LAPSED = "lease-lapsed"
ORPHANED = "The message it belongs to was not sent."
LEFT: Sequence[State] = ("sent", "unknown")
ON_ITS_WAY: Sequence[State] = ("sent", "unknown", "sending")
# From these states nothing hanging on the message can be delivered any more.
DEAD = ("failed", "unknown", "cancelled")

root = message.alias("root")


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to send. `key` makes it one intent for ever; `root_key` names what it hangs on."""

    key: str
    channel: str
    recipient: str
    body: dict[str, Any]
    play_id: int | None
    step_id: int | None
    customer_id: int | None
    due_at: datetime
    expires_at: datetime | None
    verb: str
    root_key: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the outbox. `attempts` counts claims; `reference` is the channel's receipt."""

    id: int
    key: str
    channel: str
    recipient: str
    body: dict[str, Any]
    play_id: int | None
    step_id: int | None
    customer_id: int | None
    due_at: datetime
    expires_at: datetime | None
    verb: str
    root_key: str | None
    state: State
    attempts: int
    reference: dict[str, str] | None
    lease_until: datetime | None
    held_by: str | None
    error: str | None


def enqueue(
    tx: Transaction, messages: Sequence[NewMessage], *, now: datetime, held_by: str | None = None
) -> int:
    """Add the messages whose key is new, held if somebody holds them; return how many."""
    state = "pending" if held_by is None else "held"
    rows = [
        {name: getattr(one, name) for name in NewMessage.__slots__}
        | {"state": state, "attempts": 0, "ready_at": max(one.due_at, now), "held_by": held_by}
        for one in messages
    ]
    return len(add_new(tx, message, rows, message.c.id))


def claim(
    tx: Transaction,
    now: datetime,
    lease: timedelta,
    limit: int,
    channels: Sequence[str] | None = None,
) -> tuple[Message, ...]:
    """Take up to `limit` messages that are due, for as long as the lease; oldest first.

    Replies and updates wait until what they hang on is sent. Commit before sending.
    """
    lapse(tx, now)
    cancel_orphans(tx, now)
    chosen = _ready(now) if channels is None else _ready(now) & message.c.channel.in_(channels)
    wanted = (
        select(message.c.id)
        .outerjoin(root, root.c.key == message.c.root_key)
        .where(chosen)
        .order_by(message.c.ready_at, message.c.id)
        .limit(limit)
        .with_for_update(of=message, skip_locked=True)
    )
    taken = _change(
        tx,
        list(tx.execute(wanted).scalars()),
        state="sending",
        lease_until=now + lease,
        attempts=message.c.attempts + 1,
    )
    return tuple(sorted(taken, key=lambda one: (one.due_at, one.id)))


def lapse(tx: Transaction, now: datetime) -> tuple[Message, ...]:
    """Judge the messages whose holder is gone; return the mails that became unknown by it."""
    lapsed = and_(message.c.state == "sending", message.c.lease_until <= now)
    mail = message.c.channel == EMAIL
    doubtful = _change(
        tx,
        _locked_ids(tx, lapsed & mail),
        state="unknown",
        settled_at=now,
        lease_until=None,
        error=LAPSED,
    )
    _change(tx, _locked_ids(tx, lapsed & ~mail), state="pending", ready_at=now, lease_until=None)
    return doubtful


def cancel_orphans(tx: Transaction, now: datetime) -> int:
    """Cancel what hangs on a message that will never be sent."""
    gone = or_(root.c.id.is_(None), root.c.state.in_(DEAD))
    statement = (
        select(message.c.id)
        .outerjoin(root, root.c.key == message.c.root_key)
        .where(message.c.state == "pending", message.c.root_key.is_not(None), gone)
        .with_for_update(of=message, skip_locked=True)
    )
    return len(_cancel(tx, list(tx.execute(statement).scalars()), ORPHANED, now))


def settle(
    tx: Transaction,
    message_id: int,
    state: State,
    *,
    now: datetime,
    reference: Mapping[str, str] | None = None,
    error: str | None = None,
    retry_at: datetime | None = None,
    attempt: int | None = None,
) -> bool:
    """Write down what came of sending; False when the message was out of the sender's hands.

    "pending" means try again at `retry_at`. A sender whose lease had lapsed may still report that
    a message was sent or refused, for that is the truth; with `attempt` it can undo no later claim.
    """
    holding = message.c.state == "sending"
    if attempt is not None:
        holding &= message.c.attempts == attempt
    if state in {"sent", "failed"}:
        holding |= message.c.state.in_(["unknown", "pending"])
    values: dict[str, Any] = {"state": state, "lease_until": None, "error": error}
    if state == "pending":
        values["ready_at"] = retry_at or now
    else:
        values["settled_at"] = now
    if reference is not None:
        values["reference"] = dict(reference)
    statement = update(message).where(message.c.id == message_id, holding).values(**values)
    return tx.execute(statement).rowcount == 1


def give_back(tx: Transaction, ids: Sequence[int], ready_at: datetime) -> int:
    """Put claimed messages back as if they had not been touched."""
    statement = (
        update(message)
        .where(message.c.id.in_(ids), message.c.state == "sending")
        .values(
            state="pending",
            lease_until=None,
            ready_at=ready_at,
            attempts=message.c.attempts - 1,
        )
    )
    return tx.execute(statement).rowcount


def postpone(tx: Transaction, channel: str, recipient: str, until: datetime) -> int:
    """Let what else waits for a recipient wait longer; return how many messages that were."""
    which = and_(
        message.c.channel == channel,
        message.c.recipient == recipient,
        message.c.state == "pending",
        message.c.ready_at < until,
    )
    return len(_change(tx, _locked_ids(tx, which), ready_at=until))


def redirect(tx: Transaction, message_id: int, recipient: str, now: datetime) -> bool:
    """Send a message that is being sent to somebody else instead."""
    statement = (
        update(message)
        .where(message.c.id == message_id, message.c.state == "sending")
        .values(recipient=recipient, state="pending", lease_until=None, ready_at=now)
    )
    return tx.execute(statement).rowcount == 1


def record_delivery(
    tx: Transaction,
    message_id: int,
    attempt: int,
    outcome: str,
    at: datetime,
    *,
    error: str | None = None,
) -> None:
    """Keep what one attempt came to; `error` is a code, never somebody's words."""
    row = {
        "message_id": message_id,
        "attempt": attempt,
        "outcome": outcome,
        "at": at,
        "error": error,
    }
    put(tx, delivery, [row], key=("message_id", "attempt"))


def release(
    tx: Transaction,
    held_by: str,
    now: datetime,
    expires_at: datetime,
    *,
    by_channel: Mapping[str, datetime] | None = None,
) -> int:
    """Let the held messages go, fresh as of now; return how many.

    They are good until `expires_at`, those of a channel until what `by_channel` says of it.
    """
    released = _change(
        tx,
        _held_ids(tx, held_by),
        state="pending",
        due_at=now,
        ready_at=now,
        expires_at=expires_at,
    )
    for channel, until in (by_channel or {}).items():
        _change(tx, [one.id for one in released if one.channel == channel], expires_at=until)
    return len(released)


def discard(tx: Transaction, held_by: str, reason: str, now: datetime) -> int:
    """Cancel the held messages; return how many."""
    return len(_cancel(tx, _held_ids(tx, held_by), reason, now))


def held(tx: Transaction, held_by: str) -> tuple[Message, ...]:
    """Return the messages somebody holds, oldest first."""
    statement = select(message).where(message.c.held_by == held_by, message.c.state == "held")
    return tuple(_message(row) for row in tx.execute(statement.order_by(message.c.id)))


def held_count(tx: Transaction, held_by: str) -> int:
    """Return how many messages somebody holds."""
    statement = select(func.count()).select_from(message)
    wanted = statement.where(message.c.held_by == held_by, message.c.state == "held")
    return tx.execute(wanted).scalar() or 0


def holders(tx: Transaction) -> tuple[str, ...]:
    """Return by whom messages are held, in order of the name."""
    names = select(message.c.held_by).where(message.c.state == "held").distinct()
    return tuple(sorted(name for name in tx.execute(names).scalars() if name is not None))


def message_by_key(tx: Transaction, key: str) -> Message | None:
    """Return the message with this key."""
    return messages_by_keys(tx, [key]).get(key)


def messages_by_keys(tx: Transaction, keys: Collection[str]) -> dict[str, Message]:
    """Return the messages with these keys, by their key."""
    rows = tx.execute(select(message).where(among_texts(tx, message.c.key, keys))) if keys else ()
    return {row.key: _message(row) for row in rows}


def message_by_id(tx: Transaction, message_id: int) -> Message | None:
    """Return the message with this number."""
    row = tx.execute(select(message).where(message.c.id == message_id)).one_or_none()
    return None if row is None else _message(row)


def keep(tx: Transaction, message_id: int) -> bool:
    """Let nobody erase this message until the end of the transaction; False when it is gone."""
    wanted = select(message.c.id).where(message.c.id == message_id)
    return tx.execute(wanted.with_for_update(read=True, key_share=True)).first() is not None


def messages_of(tx: Transaction, customer_id: int, limit: int = 100) -> tuple[Message, ...]:
    """Return what was or is to be said about a customer, newest first."""
    statement = select(message).where(message.c.customer_id == customer_id)
    rows = tx.execute(statement.order_by(message.c.id.desc()).limit(limit))
    return tuple(_message(row) for row in rows)


def counts(tx: Transaction) -> dict[str, int]:
    """Return how many messages are in each state."""
    statement = select(message.c.state, func.count()).group_by(message.c.state)
    return dict(tx.execute(statement).all())


def pending_exists(tx: Transaction, now: datetime) -> bool:
    """Tell whether a claim now would find anything."""
    lapsed = and_(message.c.state == "sending", message.c.lease_until <= now)
    statement = (
        select(message.c.id)
        .outerjoin(root, root.c.key == message.c.root_key)
        .where(or_(_ready(now), lapsed & (message.c.channel != EMAIL)))
        .limit(1)
    )
    return tx.execute(statement).first() is not None


def put_off(tx: Transaction, one: Message, ready_at: datetime, now: datetime) -> bool:
    """Put a claimed message back until its reader may be reached; that wait is none of its age."""
    expires = one.expires_at + max(ready_at - now, timedelta(0)) if one.expires_at else None
    statement = (
        update(message)
        .where(message.c.id == one.id, message.c.state == "sending")
        .values(
            state="pending",
            lease_until=None,
            ready_at=ready_at,
            expires_at=expires,
            attempts=message.c.attempts - 1,
        )
    )
    return tx.execute(statement).rowcount == 1


def next_ready(tx: Transaction) -> datetime | None:
    """Return when the next waiting message becomes due."""
    statement = select(message.c.ready_at).where(message.c.state == "pending")
    return tx.execute(statement.order_by(message.c.ready_at).limit(1)).scalar()


def _ready(now: datetime) -> ColumnElement[bool]:
    rooted = or_(message.c.root_key.is_(None), root.c.state == "sent")
    return and_(message.c.state == "pending", message.c.ready_at <= now, rooted)


def _locked_ids(tx: Transaction, condition: ColumnElement[bool], *, skip: bool = True) -> list[int]:
    """Lock and return the rows; where others hold some, those are left to them or waited for."""
    statement = select(message.c.id).where(condition).order_by(message.c.id)
    return list(tx.execute(statement.with_for_update(skip_locked=skip)).scalars())


def _held_ids(tx: Transaction, held_by: str) -> list[int]:
    mine = and_(message.c.held_by == held_by, message.c.state == "held")
    return _locked_ids(tx, mine, skip=False)


def _cancel(tx: Transaction, ids: Sequence[int], reason: str, now: datetime) -> tuple[Message, ...]:
    return _change(tx, ids, state="cancelled", settled_at=now, error=reason)


def _change(tx: Transaction, ids: Sequence[int], **values: Any) -> tuple[Message, ...]:  # noqa: ANN401 - column values
    if not ids:
        return ()
    statement = update(message).where(among(tx, message.c.id, ids)).values(**values)
    return tuple(_message(row) for row in tx.execute(statement.returning(message)))


def _message(row: Row[Any]) -> Message:
    return Message(**{name: getattr(row, name) for name in Message.__slots__})
