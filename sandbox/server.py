"""The sandbox as a whole: a workspace, its Web API, its members' hands, and a mailbox."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import SlackFaults
from sandbox.forms import Given
from sandbox.hands import Hands
from sandbox.loopback import Lines, LoopbackServer
from sandbox.mailbox import Mailbox
from sandbox.pages.app import Pages
from sandbox.slack.api import TOKEN, SlackApi
from sandbox.state import BOT_USER, Conversation, Member, Message, View
from sandbox.wire import Answer, Wire
from sandbox.workspace import Workspace


class Sandbox:
    """One workspace and one mailbox in `directory`; several processes may share it.

    `app_url` is where the app answers (its `/slack/events` is posted to); `command` is what the
    pages propose to type. `pages` is an ASGI app to mount, e.g. at /inbox.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        signing_secret: str,
        app_url: str,
        *,
        command: str = "/health",
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.token = TOKEN
        self.workspace = Workspace(directory, clock)
        self.faults = SlackFaults()
        self.mailbox = Mailbox(directory, clock)
        self.wire = Wire(clock, signing_secret, app_url)
        self.hands = Hands(self.workspace, self.wire)
        self.pages: ASGIApp = Pages(self.hands, self.mailbox, directory, command).app()
        lines = Lines()
        api = SlackApi(self.workspace, self.faults, lines.cut)
        self._api = LoopbackServer(api.app(), lines, "sandbox-slack")

    def start(self) -> None:
        """Listen on loopback; return when calls are answered."""
        self._api.start()
        self.hands.hooks_url = f"{self._api.url}hooks/"
        self.mailbox.start()

    def stop(self) -> None:
        """Stop listening; what happened stays in the directory."""
        self.mailbox.stop()
        self._api.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def slack_url(self) -> str:
        """Return the Web API's address, as the SDK's `base_url` wants it."""
        return f"{self._api.url}api/"

    @property
    def smtp_url(self) -> str:
        """Return the mail server's address, as SMTP_URL wants it."""
        return self.mailbox.url

    def ensure_member(
        self,
        email: str,
        name: str,
        timezone: str = "UTC",
        *,
        guest: bool = False,
        stranger: bool = False,
        admin: bool = False,
    ) -> Member:
        """Return the member with this e-mail; they join the workspace where they had not.

        A guest is restricted to some channels, a stranger is of another company, an admin
        administers the workspace.
        """
        with self.workspace.writing():
            known = self.workspace.find_member(email)
            if known is not None:
                return known
            member = Member(
                self.workspace.fresh_id("U"),
                email.casefold(),
                name,
                timezone,
                guest=guest,
                stranger=stranger,
                admin=admin,
            )
            self.workspace.record("member", member)
            return member

    def ensure_channel(
        self, name: str, *, bot_inside: bool = True, shared: bool = False
    ) -> Conversation:
        """Return the channel of this name (with or without #); it is made where it was not.

        A `shared` channel is open to another company.
        """
        with self.workspace.writing():
            channel = self.workspace.find_conversation(name)
            if channel is None:
                plain = name.removeprefix("#")
                fresh = self.workspace.fresh_id("C")
                channel = Conversation(fresh, "channel", plain, frozenset(), shared=shared)
                self.workspace.record("conversation", channel)
            return self.workspace.join(channel, BOT_USER) if bot_inside else channel

    def command(self, user: str, channel: str, line: str) -> Answer:
        """Let a member (id or e-mail) type e.g. "/health acme" in a conversation.

        `channel` is an id, a #name, or "@" for the member's direct message with the app.
        """
        return self.hands.command(user, channel, line)

    def click(self, user: str, ts: str, action_id: str, value: Given = None) -> Answer:
        """Let a member click an element of a message, or choose `value` in it."""
        return self.hands.click(user, ts, action_id, value)

    def submit(self, user: str, values: Mapping[str, Given] | None = None) -> Answer:
        """Let a member submit the modal they see, with values by action_id."""
        return self.hands.submit(user, values)

    def open_home(self, user: str) -> Answer:
        """Let a member open the app's Home tab."""
        return self.hands.open_home(user)

    def messages(self, channel: str, user: str | None = None) -> list[Message]:
        """Return a conversation's messages, oldest first, with what only `user` sees.

        `channel` as in `command`; threads' replies are among them.
        """
        with self.workspace.reading():
            member = self.workspace.find_member(user) if user else None
            place = (
                self.workspace.direct(member.id)
                if channel == "@" and member
                else self.workspace.find_conversation(channel)
            )
            found = self.workspace.in_order(place.id) if place else []
            mine = {None, member.id} if member else {None}
            return [each for each in found if each.seen_by in mine]

    def modals(self, user: str) -> list[View]:
        """Return the modals on a member's screen, the uppermost last."""
        with self.workspace.reading():
            member = self.workspace.find_member(user)
            return self.workspace.modals_of(member.id) if member else []

    def home(self, user: str) -> View | None:
        """Return a member's Home tab, where the app published one."""
        with self.workspace.reading():
            member = self.workspace.find_member(user)
            return self.workspace.home_of(member.id) if member else None
