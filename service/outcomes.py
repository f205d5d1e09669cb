"""What happens after an attempt to deliver: the message's new state, and whom it concerns."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, assert_never

from service.errors import Away, DeliveryTrouble, Lost, Refused, Suspended, TryLater
from service.mail_notes import name_of, tell
from service.notices import operator_note
from service.ports import House
from service.words import ALERT, EMAIL, WEBHOOK
from storage import customers, outbox, webhooks
from storage.database import Transaction
from storage.outbox import Message

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
# Another system may be away for days, and is not to be knocked at every hour.
LONGEST_WEBHOOK_WAIT: Final = timedelta(hours=12)
SUSPENDED_WAIT: Final = timedelta(minutes=5)
# A server may be restarted without anybody hearing of it.
PATIENCE: Final = timedelta(minutes=15)
# A fault of our own is not mended by time; a handful of tries covers a deploy in between.
BROKEN_TRIES: Final = 5

Verdict = Literal["sent", "retried", "cancelled", "failed", "unknown", "suspended"]


@dataclass(frozen=True, slots=True)
class Sent:
    """It arrived, and lives at `reference`."""

    reference: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dropped:
    """It was not sent, because it was no longer true."""

    reason: str


@dataclass(frozen=True, slots=True)
class Troubled:
    """The channel said what was wrong."""

    trouble: DeliveryTrouble


@dataclass(frozen=True, slots=True)
class Broken:
    """The channel itself failed, in a way nobody foresaw; `kind` is the exception's class."""

    kind: str


Outcome = Sent | Dropped | Troubled | Broken


def record(
    tx: Transaction, house: House, message: Message, outcome: Outcome, now: datetime
) -> Verdict:
    """Write down one attempt with all that follows from it; return what became of the message."""
    match outcome:
        case Sent(reference=reference):
            verdict = _settle(tx, message, "sent", now, reference=reference)
        case Dropped(reason=reason):
            verdict = _settle(tx, message, "cancelled", now, error=reason)
        case Troubled(trouble=trouble):
            verdict = _troubled(tx, house, message, trouble, now)
        case Broken(kind=kind):
            verdict = _broken(tx, house, message, kind, now)
        case _:
            assert_never(outcome)
    if message.channel == EMAIL and verdict not in {"retried", "suspended"}:
        name = name_of(verdict, _said(outcome), no_mailbox=_no_mailbox(outcome))
        tell(tx, house, message, name, _said(outcome), now=now)
    return verdict


def lapsed(tx: Transaction, house: House, message: Message, now: datetime) -> None:
    """Tell of a mail whose sender was killed while sending it: nobody knows whether it left."""
    tell(tx, house, message, "mail_unknown", message.error, now=now)


def wait(message: Message, least: float = 0) -> timedelta:
    """Return how long to wait before the next attempt: doubling, with jitter, at least `least` s.

    The jitter comes from the message's key and attempt, so that a thousand messages refused
    together do not return together, and a test sees the same figures every time.
    """
    longest = LONGEST_WEBHOOK_WAIT if message.channel == WEBHOOK else LONGEST_WAIT
    doubled: timedelta = FIRST_WAIT * (1 << min(message.attempts, 11))
    seed = hashlib.blake2b(f"{message.key}/{message.attempts}".encode(), digest_size=4).digest()
    share = 0.5 + int.from_bytes(seed) / 2**33
    return max(min(doubled, longest) * share, timedelta(seconds=least))


def _troubled(
    tx: Transaction, house: House, message: Message, trouble: DeliveryTrouble, now: datetime
) -> Verdict:
    match trouble:
        case TryLater() | Lost():
            return _undelivered(tx, house, message, trouble, now)
        case Suspended():
            text = f"The {message.channel} channel is closed to us ({trouble.code})."
            _note(tx, house, f"{message.channel}/{trouble.code}", text, now)
            _settle(tx, message, "pending", now, error=trouble.code, retry_at=now + SUSPENDED_WAIT)
            return "suspended"
        case Refused():
            return _refused(tx, house, message, trouble, now)
        case _:
            return _settle(tx, message, "failed", now, error=trouble.code)


def _undelivered(
    tx: Transaction, house: House, message: Message, trouble: TryLater | Lost, now: datetime
) -> Verdict:
    """Try again, where that does no harm: a mail that may have arrived is not sent twice."""
    after = trouble.after if isinstance(trouble, TryLater) else 0.0
    if message.channel == WEBHOOK:
        return _told_later(tx, house, message, trouble, now, after=after)
    if message.channel == EMAIL and isinstance(trouble, Lost):
        return _settle(tx, message, "unknown", now, error=trouble.code)
    if message.channel == EMAIL and isinstance(trouble, Away):
        return _away(tx, house, message, trouble, now)
    return _again(tx, message, now + wait(message, after), trouble.code, now)


def _away(tx: Transaction, house: House, message: Message, trouble: Away, now: datetime) -> Verdict:
    """Let the whole channel rest for this run; the mails that were not tried lose nothing by it."""
    if now - message.due_at > PATIENCE:
        text = f"The mail server does not answer ({trouble.code}); mail waits and is tried again."
        _note(tx, house, f"{message.channel}/away", text, now)
    after = min(wait(message, trouble.after), SUSPENDED_WAIT)
    verdict = _again(tx, message, now + after, trouble.code, now)
    return "suspended" if verdict == "retried" else verdict


def _told_later(
    tx: Transaction,
    house: House,
    message: Message,
    trouble: TryLater | Lost,
    now: datetime,
    *,
    after: float,
) -> Verdict:
    """Try another system again, for days; one that does not answer is spared the other messages."""
    if isinstance(trouble, Away | Lost):
        outbox.postpone(tx, WEBHOOK, message.recipient, now + SUSPENDED_WAIT)
    verdict = _again(tx, message, now + wait(message, after), trouble.code, now)
    if verdict == "cancelled":
        text = (
            f"The webhook endpoint {message.recipient} did not take a message for days "
            f"({trouble.code}); the message is dropped. `bellwether webhooks test "
            f"{message.recipient}` tries it."
        )
        _note(tx, house, f"webhook/{message.recipient}/{trouble.code}", text, now)
    return verdict


def _untold(
    tx: Transaction, house: House, message: Message, refusal: Refused, now: datetime
) -> Verdict:
    """Give a message to another system up; one that is gone for good is switched off."""
    name = message.recipient
    text = f"A message to the webhook endpoint {name} was not sent ({refusal.code})."
    if refusal.permanent:
        webhooks.switch_off(tx, name, refusal.code, now)
        text = (
            f"The webhook endpoint {name} says it is gone for good (410) and is switched off. "
            f"`bellwether webhooks enable {name}` switches it on again."
        )
    _note(tx, house, f"webhook/{name}/{refusal.code}", text, now)
    return _settle(tx, message, "failed", now, error=refusal.code)


def _refused(
    tx: Transaction, house: House, message: Message, refusal: Refused, now: datetime
) -> Verdict:
    if message.channel == EMAIL:
        if refusal.permanent:
            address = str(message.body["to"])
            customers.opt_out(tx, address, f"bounced: {refusal.code}", house.mail.secret, now)
        return _settle(tx, message, "failed", now, error=refusal.code)
    if message.channel == WEBHOOK:
        return _untold(tx, house, message, refusal, now)
    if message.body.get("view") == ALERT and message.verb == "post" and _elsewhere(house, message):
        outbox.redirect(tx, message.id, house.alerts_to, now)
        return "retried"
    to = f" to {message.recipient}" if message.recipient.startswith("#") else ""
    text = f"Slack refused a message{to} ({refusal.code}); `bellwether check` shows what to mend."
    _note(tx, house, f"slack/{refusal.code}", text, now, about=message)
    return _settle(tx, message, "failed", now, error=refusal.code)


def _broken(tx: Transaction, house: House, message: Message, kind: str, now: datetime) -> Verdict:
    """Treat an unforeseen fault like a lost answer: a mail may have left and never goes again."""
    text = f"A {message.channel} message broke on the way ({kind}); the log says where."
    if message.channel == EMAIL:
        _note(tx, house, f"{message.channel}/{kind}", text, now)
        return _settle(tx, message, "unknown", now, error=kind)
    if message.attempts < BROKEN_TRIES:
        return _again(tx, message, now + wait(message), kind, now)
    _note(tx, house, f"{message.channel}/{kind}", text, now, about=message)
    return _settle(tx, message, "failed", now, error=kind)


def _again(
    tx: Transaction, message: Message, retry_at: datetime, code: str, now: datetime
) -> Verdict:
    if message.expires_at is not None and retry_at >= message.expires_at:
        return _settle(
            tx, message, "cancelled", now, error=f"could not be delivered in time: {code}"
        )
    _settle(tx, message, "pending", now, error=code, retry_at=retry_at)
    return "retried"


def _elsewhere(house: House, message: Message) -> bool:
    return message.recipient.startswith("member:") and message.recipient != house.alerts_to


def _note(
    tx: Transaction,
    house: House,
    trouble: str,
    text: str,
    now: datetime,
    *,
    about: Message | None = None,
) -> None:
    """Tell the operator, once a day; never about a note to the operator."""
    if about is None or not about.key.startswith("operator/"):
        outbox.enqueue(tx, [operator_note(house, trouble, text, now)], now=now)


def _settle(
    tx: Transaction,
    message: Message,
    state: Literal["sent", "pending", "cancelled", "failed", "unknown"],
    now: datetime,
    *,
    reference: Mapping[str, str] | None = None,
    error: str | None = None,
    retry_at: datetime | None = None,
) -> Verdict:
    settled = outbox.settle(
        tx,
        message.id,
        state,
        now=now,
        reference=dict(reference) if reference is not None else None,
        error=error,
        retry_at=retry_at,
        attempt=message.attempts,
    )
    # Who was erased while being told leaves no message for an attempt to hang on.
    if settled or outbox.keep(tx, message.id):
        outbox.record_delivery(tx, message.id, message.attempts, state, now, error=error)
    return "retried" if state == "pending" else state


def _no_mailbox(outcome: Outcome) -> bool:
    trouble = outcome.trouble if isinstance(outcome, Troubled) else None
    return isinstance(trouble, Refused) and trouble.permanent


def _said(outcome: Outcome) -> str | None:
    match outcome:
        case Sent():
            return None
        case Dropped(reason=reason):
            return reason
        case Troubled(trouble=trouble):
            return trouble.code
        case Broken(kind=kind):
            return kind
        case _:
            assert_never(outcome)
