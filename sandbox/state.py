"""What a workspace holds: members, conversations, messages, views, and who is who."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Blocks = tuple[Json, ...]

TEAM_ID = "T0SANDBOX"
TEAM_NAME = "Sandbox"
TEAM_DOMAIN = "sandbox"
APP_ID = "A0SANDBOX"
BOT_ID = "B0SANDBOX"
BOT_USER = "U0SANDBOXBOT"
SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the workspace, or the app's bot user.

    A guest sees only some channels; a stranger belongs to another company's workspace.
    """

    id: str
    email: str
    name: str
    timezone: str = "UTC"
    is_bot: bool = False
    guest: bool = False
    stranger: bool = False
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel (`name` without #) or a direct message with the app (name is empty).

    A shared one is open to another company (Slack Connect).
    """

    id: str
    kind: Literal["channel", "im"]
    name: str
    members: frozenset[str]
    shared: bool = False

    @property
    def title(self) -> str:
        """Return what a person calls it."""
        return f"#{self.name}" if self.kind == "channel" else "direct message"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `seen_by` is set for ephemeral ones, and then only that member sees it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: Blocks = ()
    thread_ts: str | None = None
    metadata: Mapping[str, Any] | None = None
    edited_ts: str | None = None
    seen_by: str | None = None
    reactions: tuple[tuple[str, str], ...] = ()

    @property
    def is_reply(self) -> bool:
        """Tell whether it stands in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class View:
    """A modal on somebody's screen, or their Home tab."""

    id: str
    user: str
    payload: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """Return "modal" or "home"."""
        return str(self.payload.get("type"))


@dataclass(frozen=True, slots=True)
class Trigger:
    """The right to open one modal on a member's screen, for a moment."""

    id: str
    user: str
    at: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class Hook:
    """A response_url: where an app may answer an interaction, some times, for some minutes."""

    id: str
    channel: str
    user: str
    message_ts: str | None
    at: float
    uses: int = 0
