"""The workspace: the state that the journal of a directory tells, and ways to find in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.journal import Entry, Journal
from sandbox.state import (
    BOT_USER,
    SLACKBOT,
    Conversation,
    Hook,
    Member,
    Message,
    Trigger,
    View,
)


class Workspace:
    """One shared Slack workspace. Read inside `reading()`, change inside `writing()`."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.clock = clock
        self._journal = Journal(directory / "slack.jsonl", self._apply, self._empty)
        self._appliers: dict[str, Callable[[Entry], None]] = {
            "member": self._apply_member,
            "conversation": self._apply_conversation,
            "message": self._apply_message,
            "delete": self._apply_delete,
            "view": self._apply_view,
            "view_closed": self._apply_view_closed,
            "trigger": self._apply_trigger,
            "hook": self._apply_hook,
        }
        self._empty()

    def _empty(self) -> None:
        self.members: dict[str, Member] = {
            BOT_USER: Member(BOT_USER, "", "Bellwether", is_bot=True),
            SLACKBOT: Member(SLACKBOT, "", "Slackbot", is_bot=True),
        }
        self.conversations: dict[str, Conversation] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.paces: dict[str, float] = {}
        self.last_tick = 0
        self.version = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the state still and up to date."""
        with self._journal.reading():
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the state alone, among all threads and processes."""
        with self._journal.writing():
            yield

    def record(self, kind: str, thing: Any, **more: Any) -> None:  # noqa: ANN401 - any of state's
        """Append one change to the journal, which applies it."""
        fields = {name: _plain(getattr(thing, name)) for name in thing.__dataclass_fields__}
        self._journal.append({"entry": kind, **fields, **more})

    def fresh_ts(self) -> str:
        """Return a message ts from the clock, later than every one before it."""
        micros = max(int(self.clock.now().timestamp() * 1_000_000), self.last_tick + 1)
        self.last_tick = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def fresh_id(self, prefix: str) -> str:
        """Return an id that nothing in this workspace has."""
        return f"{prefix}{self.version + 1:08d}"

    def find_conversation(self, words: str) -> Conversation | None:
        """Find by id, by #name or by name."""
        if words in self.conversations:
            return self.conversations[words]
        name = words.removeprefix("#")
        channels = (each for each in self.conversations.values() if each.kind == "channel")
        return next((each for each in channels if each.name == name), None)

    def find_member(self, words: str) -> Member | None:
        """Find by id or e-mail, without regard to capitals."""
        if words in self.members:
            return self.members[words]
        folded = words.casefold()
        return next((each for each in self.members.values() if each.email == folded), None)

    def direct(self, user: str) -> Conversation | None:
        """Return the direct message between the app and a member, if it was ever opened."""
        directs = (each for each in self.conversations.values() if each.kind == "im")
        return next((each for each in directs if {user, BOT_USER} <= each.members), None)

    def in_order(self, channel: str) -> list[Message]:
        """Return a conversation's messages, oldest first."""
        return sorted(self.messages.get(channel, {}).values(), key=lambda each: each.ts)

    def replies(self, message: Message) -> list[Message]:
        """Return what stands in the thread below a message, oldest first."""
        return [
            each
            for each in self.in_order(message.channel)
            if each.is_reply and each.thread_ts == message.ts
        ]

    def modals_of(self, user: str) -> list[View]:
        """Return the stack of modals on a member's screen, the uppermost last."""
        return [each for each in self.views.values() if each.user == user and each.type == "modal"]

    def home_of(self, user: str) -> View | None:
        """Return a member's Home tab, if the app ever published one."""
        homes = (each for each in self.views.values() if each.type == "home")
        return next((each for each in homes if each.user == user), None)

    def _apply(self, entry: Entry) -> None:
        self.version += 1
        fields = dict(entry)
        self._appliers[fields.pop("entry")](fields)

    def _apply_member(self, fields: Entry) -> None:
        member = Member(**fields)
        self.members[member.id] = member

    def _apply_conversation(self, fields: Entry) -> None:
        conversation = Conversation(**{**fields, "members": frozenset(fields["members"])})
        self.conversations[conversation.id] = conversation

    def _apply_message(self, fields: Entry) -> None:
        paced = fields.pop("paced", None)
        message = Message(
            **{
                **fields,
                "blocks": tuple(fields["blocks"]),
                "reactions": tuple((name, user) for name, user in fields["reactions"]),
            }
        )
        self.messages.setdefault(message.channel, {})[message.ts] = message
        seconds, _, micros = message.ts.partition(".")
        self.last_tick = max(self.last_tick, int(seconds) * 1_000_000 + int(micros))
        if paced is not None:
            self.paces[message.channel] = paced

    def _apply_delete(self, fields: Entry) -> None:
        self.messages[fields["channel"]].pop(fields["ts"], None)

    def _apply_view(self, fields: Entry) -> None:
        view = View(**fields)
        self.views[view.id] = view

    def _apply_view_closed(self, fields: Entry) -> None:
        self.views.pop(fields["id"], None)

    def _apply_trigger(self, fields: Entry) -> None:
        trigger = Trigger(**fields)
        self.triggers[trigger.id] = trigger

    def _apply_hook(self, fields: Entry) -> None:
        hook = Hook(**fields)
        self.hooks[hook.id] = hook

    def join(self, conversation: Conversation, user: str) -> Conversation:
        """Make somebody a member of a conversation; inside `writing()`."""
        joined = replace(conversation, members=conversation.members | {user})
        if joined != conversation:
            self.record("conversation", joined)
        return joined


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value
