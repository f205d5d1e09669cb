"""The opaque values our buttons carry, written and read in one place.

They name a thing and nothing about it; whatever they name is read again from the database.
"""

import json
from dataclasses import asdict, dataclass
from typing import Self

from bot.payloads import Place


@dataclass(frozen=True, slots=True)
class Target:
    """What a button is about: "play:17", "step:4:9f86d081", "customer:3", "brake:daily:…"."""

    kind: str
    name: str
    detail: str = ""

    @classmethod
    def read(cls, value: str) -> Self:
        """Read a button's value; what is malformed becomes a target that names nothing."""
        kind, _, rest = value.partition(":")
        if kind == "brake":
            return cls(kind, rest)
        name, _, detail = rest.partition(":")
        return cls(kind, name, detail)

    @property
    def number(self) -> int:
        """Return the id as a number; 0, which nothing has, when it is none."""
        return int(self.name) if self.name.isascii() and self.name.isdigit() else 0


@dataclass(frozen=True, slots=True)
class About:
    """What a click is about, the message it was made in, and where to answer the clicker alone.

    It travels through a modal as private_metadata. `reply_to` is a response_url, good for thirty
    minutes; it reaches whoever clicked even where the app may not write to them.
    """

    value: str
    channel: str
    ts: str | None
    reply_to: str

    def write(self) -> str:
        """Return it as text for private_metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `write` wrote."""
        return cls(**json.loads(text))

    @property
    def target(self) -> Target:
        """Return what it is about."""
        return Target.read(self.value)

    @property
    def place(self) -> Place:
        """Return the message to bring up to date."""
        return Place(self.channel, self.ts)
