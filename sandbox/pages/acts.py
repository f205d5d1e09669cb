"""What a form on the pages does: say, run a command, click, fill in a modal, unsubscribe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx

from sandbox.errors import NotOnScreen
from sandbox.forms import MANY_OPTIONS, SEVERAL, Given, elements
from sandbox.hands import Hands
from sandbox.mailbox import Mailbox
from sandbox.pages.mails import ONE_CLICK, unsubscribe_address
from sandbox.state import Json

Fields = Mapping[str, Sequence[str]]
WITHIN = 5.0
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Acts:
    """The viewers' hands, by the names that forms use. Each answer is a word for the page."""

    hands: Hands
    mailbox: Mailbox

    def act(self, fields: Fields) -> str:
        """Do what a form asks; return the note to show, empty where nothing is to be said."""
        viewer, target = first(fields, "as"), first(fields, "target")
        match first(fields, "what"):
            case "say":
                return self._say(viewer, target, first(fields, "text"))
            case "click":
                return self._click(viewer, target, fields)
            case "click_view":
                given = self._typed(viewer, target, fields)
                answer = self.hands.click_in_view(viewer, target, first(fields, "action"), given)
                return answer.error or ""
            case "modal":
                return self._modal(viewer, target, fields)
            case "dismiss":
                self.hands.dismiss(viewer, target)
                return ""
            case "unsubscribe":
                return self._unsubscribe(int(target))
            case other:
                raise NotOnScreen(f"form {other!r}", "these pages")

    def _say(self, viewer: str, here: str, text: str) -> str:
        channel = "@" if here in ("/dm", "/home") else here.removeprefix("/c/")
        if text.startswith("/"):
            return self.hands.command(viewer, channel, text).error or ""
        if text.strip():
            self.hands.say(viewer, channel, text)
        return ""

    def _click(self, viewer: str, ts: str, fields: Fields) -> str:
        action_id = first(fields, "action")
        with self.hands.workspace.reading():
            blocks = self._message_blocks(ts)
            given = _given(blocks, action_id, fields.get("value", ()), self._zone(viewer))
        return self.hands.click(viewer, ts, action_id, given).error or ""

    def _typed(self, viewer: str, view_id: str, fields: Fields) -> Given:
        with self.hands.workspace.reading():
            blocks = self._view_blocks(view_id)
            action_id = first(fields, "action")
            return _given(blocks, action_id, fields.get("value", ()), self._zone(viewer))

    def _modal(self, viewer: str, view_id: str, fields: Fields) -> str:
        doing = first(fields, "do")
        if doing == "close":
            return self.hands.close(viewer).error or ""
        values = self._values(viewer, view_id, fields)
        if doing.startswith("click:"):
            action_id = doing.removeprefix("click:")
            chosen = values.get(action_id)
            return self.hands.click_in_view(viewer, view_id, action_id, chosen).error or ""
        return self.hands.submit(viewer, values).error or ""

    def _values(self, viewer: str, view_id: str, fields: Fields) -> dict[str, Given]:
        with self.hands.workspace.reading():
            blocks = self._view_blocks(view_id)
            zone = self._zone(viewer)
            return {
                name: _given(blocks, name, fields.get(f"v:{name}", ()), zone)
                for name in (str(element["action_id"]) for _block, element in elements(blocks))
            }

    def _unsubscribe(self, number: int) -> str:
        """Send RFC 8058's request, but only to the app itself."""
        mail = next((each for each in self.mailbox.mails() if each.number == number), None)
        address = unsubscribe_address(mail.message) if mail else None
        if address is None:
            raise NotOnScreen("one-click unsubscribe", f"mail {number}")
        own = urlsplit(self.hands.wire.app_url).hostname
        if urlsplit(address).hostname not in {*LOOPBACK_HOSTS, own}:
            return "unsubscribe_elsewhere"
        key, _, value = ONE_CLICK.partition("=")
        try:
            answer = httpx.post(address, data={key: value}, timeout=WITHIN)
        except httpx.HTTPError:
            return "unsubscribe_failed"
        return "unsubscribed" if answer.is_success else "unsubscribe_failed"

    def _message_blocks(self, ts: str) -> Sequence[Json]:
        for messages in self.hands.workspace.messages.values():
            if ts in messages:
                return messages[ts].blocks
        raise NotOnScreen(f"message {ts}", "this workspace")

    def _view_blocks(self, view_id: str) -> Sequence[Json]:
        view = self.hands.workspace.views.get(view_id)
        if view is None:
            raise NotOnScreen(f"view {view_id}", "this workspace")
        blocks: Sequence[Json] = view.payload["blocks"]
        return blocks

    def _zone(self, viewer: str) -> ZoneInfo:
        member = self.hands.workspace.find_member(viewer)
        return ZoneInfo(member.timezone if member else "UTC")


def first(fields: Fields, name: str) -> str:
    """Return a form field's first value, or nothing."""
    return next(iter(fields.get(name, ())), "")


def _given(blocks: Sequence[Json], action_id: str, sent: Sequence[str], zone: ZoneInfo) -> Given:
    """Return what a browser sent for an element, as a member's hands give it."""
    kind = next(
        (str(each["type"]) for _block, each in elements(blocks) if each["action_id"] == action_id),
        "",
    )
    values = [each for each in sent if each]
    if kind in MANY_OPTIONS or kind in SEVERAL:
        return values
    value = values[0].replace("\r\n", "\n") if values else ""
    if kind == "datetimepicker" and value:
        return str(int(datetime.fromisoformat(value).replace(tzinfo=zone).timestamp()))
    return value
