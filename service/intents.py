"""Outbox rows for what a play says in Slack, each with a key that makes it one intent for ever.

A key names customer, playbook, episode, step and occurrence, so that running anything twice
builds the same key and adds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.words import (
    ALERT,
    EMAIL,
    ESCALATION,
    FRESH,
    SLACK,
    SLACK_POST,
    THREAD_NOTE,
    UPDATE_FRESH,
    WEBHOOK,
    WEBHOOK_FRESH,
)
from storage.customers import Customer
from storage.outbox import NewMessage
from storage.plays import Play


def escalation(play: Play, key: str, recipient: str, now: datetime) -> NewMessage:
    """Return the word to somebody else that nobody took the alert; it passes their night."""
    body = {"view": ESCALATION, "play_id": play.id, **_urgent(urgent=True)}
    return _message(play, key, recipient, body, now, verb="post")


@dataclass(frozen=True, slots=True)
class Call:
    """What a webhook calls, by its configured name, and says."""

    endpoint: str
    body: Mapping[str, object]


def intent_key(
    customer_id: int, playbook: str, episode: str, step: str, occurrence: int = 1
) -> str:
    """Return the key of one step of one play of one customer."""
    return f"customer/{customer_id}/{playbook}/{episode}/{step}/{occurrence}"


def conversation_of(customer: Customer, fallback: str) -> str:
    """Return where the customer's CSM is told: their direct messages, or the fallback."""
    return f"member:{customer.csm.email}" if customer.csm is not None else fallback


def alert(
    play: Play, key: str, recipient: str, now: datetime, *, urgent: bool = False
) -> NewMessage:
    """Return the play's root message."""
    body = {"view": ALERT, "play_id": play.id, **_urgent(urgent=urgent)}
    return _message(play, key, recipient, body, now, verb="post")


def post(
    play: Play, key: str, recipient: str, text: str, now: datetime, *, urgent: bool = False
) -> NewMessage:
    """Return a note to a conversation that is not the alert's."""
    body = {"view": SLACK_POST, "play_id": play.id, "text": text, **_urgent(urgent=urgent)}
    return _message(play, key, recipient, body, now, verb="post")


def webhook(play: Play, step_id: int, key: str, call: Call, now: datetime) -> NewMessage:
    """Return a call of a configured endpoint, which may take days to get through."""
    return NewMessage(
        key=key,
        channel=WEBHOOK,
        recipient=call.endpoint,
        body=dict(call.body),
        play_id=play.id,
        step_id=step_id,
        customer_id=play.customer_id,
        due_at=now,
        expires_at=now + WEBHOOK_FRESH,
        verb="post",
        root_key=None,
    )


def reply(
    play: Play, name: str, recipient: str, note: Mapping[str, object], now: datetime
) -> NewMessage:
    """Return a note in the thread of the play's alert; `name` tells it from its other notes."""
    body = {"view": THREAD_NOTE, "play_id": play.id, **note}
    return _message(play, f"{play.root_key}/note/{name}", recipient, body, now, verb="reply")


def update(play: Play, name: str, recipient: str, now: datetime) -> NewMessage:
    """Return the order to write the alert anew from the database; `name` says after what."""
    body = {"view": ALERT, "play_id": play.id}
    return _message(play, f"{play.root_key}/update/{name}", recipient, body, now, verb="update")


def email(
    play: Play,
    step_id: int,
    key: str,
    body: Mapping[str, object],
    now: datetime,
    *,
    inside: bool = False,
) -> NewMessage:
    """Return the mail of a step, exactly as it was frozen; one to our `inside` is no customer's."""
    return NewMessage(
        key=key,
        channel=EMAIL,
        recipient=str(body["to"]),
        body=dict(body),
        play_id=play.id,
        step_id=step_id,
        customer_id=None if inside else play.customer_id,
        due_at=now,
        expires_at=now + FRESH,
        verb="post",
        root_key=None,
    )


def _urgent(*, urgent: bool) -> dict[str, object]:
    return {"urgent": True} if urgent else {}


def _message(
    play: Play,
    key: str,
    recipient: str,
    body: Mapping[str, object],
    now: datetime,
    *,
    verb: str,
) -> NewMessage:
    return NewMessage(
        key=key,
        channel=SLACK,
        recipient=recipient,
        body=dict(body),
        play_id=play.id,
        step_id=None,
        customer_id=play.customer_id,
        due_at=now,
        expires_at=now + (UPDATE_FRESH if verb == "update" else FRESH),
        verb=verb,
        root_key=None if verb == "post" else play.root_key,
    )
