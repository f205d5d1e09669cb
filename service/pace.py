"""How fast each conversation and mail domain may be written to, without the others waiting.

One message a second in a Slack conversation (rule 12), one letter a second to a mail domain: who
sends faster is taken for a flood there, and turned away.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from service.words import EMAIL, SLACK
from storage.outbox import Message

PACE: Final = timedelta(seconds=1)


def lane(message: Message) -> str | None:
    """Return whom the message shares its seconds with; None for one that need not wait."""
    match message.channel:
        case str(channel) if channel == SLACK:
            return message.recipient
        case str(channel) if channel == EMAIL:
            return "@" + message.recipient.rpartition("@")[2].lower()
        case _:
            return None


@dataclass(slots=True)
class Pace:
    """Hands out the seconds of each lane, and remembers whom each was promised to."""

    free_at: dict[str, datetime] = field(default_factory=dict)
    promised: dict[int, datetime] = field(default_factory=dict)

    def slot(self, message: Message, now: datetime) -> datetime:
        """Return when this message may go; `now` or earlier means at once, and takes the second."""
        shared = lane(message)
        if shared is None:
            return now
        slot = self.promised.get(message.id)
        if slot is None:
            slot = max(now, self.free_at.get(shared, now))
            self.free_at[shared] = slot + PACE
            self.promised[message.id] = slot
        if slot <= now:
            del self.promised[message.id]
        return slot

    def next_slot(self, now: datetime) -> datetime | None:
        """Return when the next message that waits for its second may go; None when none waits.

        A promise whose time has come without the message coming back is forgotten: somebody else
        sent it, or its channel is closed, and waiting for it would never end.
        """
        self.promised = {key: slot for key, slot in self.promised.items() if slot > now}
        self.free_at = {key: free for key, free in self.free_at.items() if free > now}
        return min(self.promised.values(), default=None)
