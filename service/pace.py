"""One message a second in each Slack conversation, without making the others wait (rule 12)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from storage.outbox import Message

PACE: Final = timedelta(seconds=1)


@dataclass(slots=True)
class Pace:
    """Hands out the seconds of each conversation, and remembers whom each was promised to."""

    free_at: dict[str, datetime] = field(default_factory=dict)
    promised: dict[int, datetime] = field(default_factory=dict)

    def slot(self, message: Message, now: datetime) -> datetime:
        """Return when this message may go; `now` or earlier means at once, and takes the second."""
        slot = self.promised.get(message.id)
        if slot is None:
            slot = max(now, self.free_at.get(message.recipient, now))
            self.free_at[message.recipient] = slot + PACE
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
        return min(self.promised.values(), default=None)
