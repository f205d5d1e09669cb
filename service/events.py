"""What an event looks like when it arrives, its identity, and how it is laid down for storage."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

from service.written import Amount, Blank, Draft, Identifier, Instant, Label, Properties
from storage.activity import NewEvent

# Clocks of senders run ahead a little; further ahead, the day it belongs to cannot be known.
FUTURE_TOLERANCE: Final = timedelta(minutes=5)


# How old an event may be, once the ids of older ones are forgotten: an instant, or not there.
KEPT_SINCE: Final = "retention/events"


class EventDraft(Draft):
    """One event: `{"type": "login"}` is enough. `value` is 1 and the time is now when unsaid."""

    type: Label
    id: Annotated[Identifier | None, Blank] = None
    occurred_at: Annotated[Instant | None, Blank] = None
    feature: Annotated[Label | None, Blank] = None
    value: Annotated[Amount | None, Blank] = None
    user: Annotated[Identifier | None, Blank] = None
    properties: Annotated[Properties | None, Blank] = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event at the door: whose it claims to be, under which id, and when it came in."""

    key: str
    event_id: str
    draft: EventDraft
    received_at: datetime

    @property
    def occurred_at(self) -> datetime:
        """Answer when it happened; without a word of the sender's, when it came in."""
        return self.draft.occurred_at or self.received_at


def content_id(key: str, draft: EventDraft) -> str:
    """Answer an id made of the content alone, so that a file read twice adds nothing."""
    return "content:" + _hash([key, *_content(draft)])[:40]


def in_future(arrival: Arrival, now: datetime) -> bool:
    """Tell whether the event claims to happen later than any honest clock could say."""
    return arrival.occurred_at > now + FUTURE_TOLERANCE


def laid_down(arrival: Arrival, customer_id: int, feed: str) -> NewEvent:
    """Answer the event as storage takes it.

    The digest tells the same body from another under the same id. It holds what was written and
    whose it is, not when it came in, so that a second sending compares equal.
    """
    draft = arrival.draft
    return NewEvent(
        customer_id=customer_id,
        feed=feed,
        event_id=arrival.event_id,
        kind=draft.type,
        feature=draft.feature,
        occurred_at=arrival.occurred_at.astimezone(UTC),
        value=Decimal(1) if draft.value is None else draft.value,
        user=draft.user,
        properties=draft.properties,
        digest=_hash([customer_id, *_content(draft)]),
    )


def digests(owners: Sequence[int], contents: Sequence[str]) -> list[str]:
    """Answer the digests of events whose content `sheets` has spelled already."""
    return [
        hashlib.sha256(f"[{owner}{content}".encode()).hexdigest()
        for owner, content in zip(owners, contents, strict=True)
    ]


def _content(draft: EventDraft) -> list[object]:
    return [
        draft.type,
        draft.occurred_at.isoformat() if draft.occurred_at else None,
        draft.feature,
        str(draft.value) if draft.value is not None else None,
        draft.user,
        draft.properties,
    ]


def _hash(parts: list[object]) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
