"""What the workspace's members do: type commands, click, fill in modals, open the Home tab.

Every act is a signed request to the app; what comes back is shown to whoever acted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sandbox.errors import NotOnScreen, SlackRefusal
from sandbox.forms import Given, chosen, faults, found_element, state
from sandbox.slack import views
from sandbox.slack.arguments import Arguments
from sandbox.slack.content import content
from sandbox.slack.rooms import opened_direct
from sandbox.slack.shapes import message_json, username, view_json
from sandbox.state import (
    APP_ID,
    BOT_USER,
    SLACKBOT,
    TEAM_DOMAIN,
    TEAM_ID,
    Conversation,
    Hook,
    Json,
    Member,
    Message,
    Trigger,
    View,
)
from sandbox.wire import Answer, Wire
from sandbox.workspace import Workspace

NOT_SENT = Answer(200, b"")


class Hands:
    """The members' hands. `hooks_url` is where response_urls begin."""

    def __init__(self, workspace: Workspace, wire: Wire) -> None:
        self.workspace = workspace
        self.wire = wire
        self.hooks_url = ""

    def command(self, user: str, channel: str, line: str) -> Answer:
        """Let a member (id or e-mail) type a slash command in a conversation (id or #name)."""
        word, _, text = line.partition(" ")
        with self.workspace.writing():
            member = self._member(user)
            place = self._place(channel, member)
            fields = {
                "token": "sandbox",
                "team_id": TEAM_ID,
                "team_domain": TEAM_DOMAIN,
                "channel_id": place.id,
                "channel_name": place.name or "directmessage",
                "user_id": member.id,
                "user_name": username(member),
                "command": word,
                "text": text.strip(),
                "api_app_id": APP_ID,
                "is_enterprise_install": "false",
                "response_url": self._response_url(place, member, None),
                "trigger_id": self._trigger(member),
            }
        answer = self.wire.send_form(fields)
        self._show(answer, place, member, word)
        return answer

    def click(self, user: str, ts: str, action_id: str, value: Given = None) -> Answer:
        """Let a member click, or choose `value` in, an element of a message."""
        with self.workspace.writing():
            member = self._member(user)
            message = self._message(ts, member)
            place = self.workspace.conversations[message.channel]
            payload = {
                **self._acted(member, message.blocks, action_id, value),
                "container": {
                    "type": "message",
                    "message_ts": message.ts,
                    "channel_id": place.id,
                    "is_ephemeral": message.seen_by is not None,
                },
                "channel": {"id": place.id, "name": place.name or "directmessage"},
                "message": message_json(self.workspace, message),
                "response_url": self._response_url(place, member, message.ts),
            }
        answer = self.wire.send_interaction(payload)
        if not answer.acknowledged:
            self._complain(place, member, f"That did not work ({answer.error}).")
        return answer

    def click_in_view(self, user: str, view_id: str, action_id: str, value: Given = None) -> Answer:
        """Let a member click, or choose `value` in, an element of a modal or their Home tab."""
        with self.workspace.writing():
            member = self._member(user)
            view = self._view(view_id, member)
            payload = {
                **self._acted(member, view.payload["blocks"], action_id, value),
                "container": {"type": "view", "view_id": view.id},
                "view": {**view_json(view), "state": state(view.payload["blocks"], {})},
            }
        return self.wire.send_interaction(payload)

    def submit(self, user: str, values: Mapping[str, Given] | None = None) -> Answer:
        """Let a member submit the uppermost modal with values by action_id."""
        given = values or {}
        with self.workspace.writing():
            member = self._member(user)
            view = self._uppermost(member)
            wrong = faults(view.payload["blocks"], given)
            if wrong:
                views.with_errors(self.workspace, view, wrong)
                return NOT_SENT
            payload = {
                **self._who(member),
                "type": "view_submission",
                "trigger_id": self._trigger(member),
                "view": {**view_json(view), "state": state(view.payload["blocks"], given)},
                "response_urls": [],
            }
        answer = self.wire.send_interaction(payload)
        with self.workspace.writing():
            current = self.workspace.views.get(view.id, view)
            try:
                self._after_submit(current, answer)
            except SlackRefusal as refusal:
                answer = replace(answer, error=refusal.code)
                self._after_submit(current, answer)
        return answer

    def close(self, user: str) -> Answer:
        """Let a member close the uppermost modal; the app hears of it where it asked to."""
        with self.workspace.writing():
            member = self._member(user)
            view = self._uppermost(member)
            self.workspace.record("view_closed", view)
            payload = {
                **self._who(member),
                "type": "view_closed",
                "view": view_json(view),
                "is_cleared": False,
            }
        asked = bool(view.payload.get("notify_on_close"))
        return self.wire.send_interaction(payload) if asked else NOT_SENT

    def open_home(self, user: str) -> Answer:
        """Let a member open the app's Home tab, so that the app may publish it."""
        with self.workspace.writing():
            member = self._member(user)
            place = opened_direct(self.workspace, member.id)
            event: Json = {
                "type": "app_home_opened",
                "user": member.id,
                "channel": place.id,
                "tab": "home",
                "event_ts": self.workspace.fresh_ts(),
            }
            home = self.workspace.home_of(member.id)
        if home is not None:
            event["view"] = view_json(home)
        return self.wire.send_event(_envelope(event))

    def say(self, user: str, channel: str, text: str) -> Message:
        """Let a member write a plain message."""
        with self.workspace.writing():
            member = self._member(user)
            place = self._place(channel, member)
            message = Message(place.id, self.workspace.fresh_ts(), member.id, text)
            self.workspace.record("message", message)
            return message

    def dismiss(self, user: str, ts: str) -> None:
        """Let a member put away an ephemeral message of theirs."""
        with self.workspace.writing():
            message = self._message(ts, self._member(user))
            if message.seen_by is None:
                raise NotOnScreen(f"ephemeral message {ts}", "what they see")
            self.workspace.record("delete", message)

    def _acted(self, member: Member, blocks: Sequence[Json], action_id: str, value: Given) -> Json:
        block, element = found_element(blocks, action_id, "what they see")
        kept = ("type", "action_id", "text", "value", "style", "placeholder")
        action = {name: element[name] for name in kept if name in element}
        return {
            **self._who(member),
            "type": "block_actions",
            "trigger_id": self._trigger(member),
            "state": state(blocks, {action_id: value} if value else {}),
            "actions": [
                {
                    **action,
                    **chosen(element, value),
                    "block_id": block["block_id"],
                    "action_ts": self.workspace.fresh_ts(),
                }
            ],
        }

    def _who(self, member: Member) -> Json:
        return {
            "user": {
                "id": member.id,
                "username": username(member),
                "name": username(member),
                "team_id": TEAM_ID,
            },
            "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
            "enterprise": None,
            "is_enterprise_install": False,
            "api_app_id": APP_ID,
            "token": "sandbox",
        }

    def _trigger(self, member: Member) -> str:
        now = self.workspace.clock.now().timestamp()
        trigger = Trigger(self.workspace.fresh_id("") + ".trigger", member.id, now)
        self.workspace.record("trigger", trigger)
        return trigger.id

    def _response_url(self, place: Conversation, member: Member, ts: str | None) -> str:
        now = self.workspace.clock.now().timestamp()
        hook = Hook(self.workspace.fresh_id("H"), place.id, member.id, ts, now)
        self.workspace.record("hook", hook)
        return f"{self.hooks_url}{hook.id}"

    def _show(self, answer: Answer, place: Conversation, member: Member, word: str) -> None:
        """Show a command's answer to whoever typed it, or to all where the app says so."""
        if not answer.acknowledged:
            self._complain(place, member, f"{word} failed with the error “{answer.error}”.")
            return
        if not answer.content:
            return
        try:
            text, blocks = content(Arguments(answer.content))
        except SlackRefusal as refusal:
            self._complain(place, member, f"{word} failed with the error “{refusal.code}”.")
            return
        shared = answer.content.get("response_type") == "in_channel"
        seen_by = None if shared else member.id
        with self.workspace.writing():
            ts = self.workspace.fresh_ts()
            message = Message(place.id, ts, BOT_USER, text, blocks, seen_by=seen_by)
            self.workspace.record("message", message)

    def _complain(self, place: Conversation, member: Member, text: str) -> None:
        with self.workspace.writing():
            ts = self.workspace.fresh_ts()
            message = Message(place.id, ts, SLACKBOT, text, seen_by=member.id)
            self.workspace.record("message", message)

    def _after_submit(self, view: View, answer: Answer) -> None:
        """Do with the modal what the app answered: close, show errors, update, push or clear."""
        if not answer.acknowledged:
            wrong = {"": f"We had some trouble connecting ({answer.error}). Try again?"}
            views.with_errors(self.workspace, view, wrong)
            return
        told = answer.content
        match told.get("response_action"):
            case "errors":
                views.with_errors(self.workspace, view, told.get("errors") or {})
            case "update":
                views.changed(self.workspace, view, views.sound_view(told.get("view"), "modal"))
            case "push":
                fresh = views.sound_view(told.get("view"), "modal")
                views.placed(self.workspace, view.user, fresh, view)
            case "clear":
                views.close_all(self.workspace, view.user)
            case _:
                self.workspace.record("view_closed", view)

    def _member(self, words: str) -> Member:
        member = self.workspace.find_member(words)
        if member is None:
            raise NotOnScreen(f"member {words!r}", "this workspace")
        return member

    def _place(self, words: str, member: Member) -> Conversation:
        """Find a conversation; "@" is the member's direct message with the app."""
        if words == "@":
            return opened_direct(self.workspace, member.id)
        place = self.workspace.find_conversation(words)
        if place is None:
            raise NotOnScreen(f"conversation {words!r}", "this workspace")
        return self.workspace.join(place, member.id) if place.kind == "channel" else place

    def _message(self, ts: str, member: Member) -> Message:
        for messages in self.workspace.messages.values():
            message = messages.get(ts)
            if message is not None and message.seen_by in (None, member.id):
                return message
        raise NotOnScreen(f"message {ts}", f"what {member.name} sees")

    def _view(self, view_id: str, member: Member) -> View:
        view = self.workspace.views.get(view_id)
        if view is None or view.user != member.id:
            raise NotOnScreen(f"view {view_id}", f"what {member.name} sees")
        return view

    def _uppermost(self, member: Member) -> View:
        stack = self.workspace.modals_of(member.id)
        if not stack:
            raise NotOnScreen("modal", f"what {member.name} sees")
        return stack[-1]


def _envelope(event: Json) -> Json:
    """Wrap an event as the Events API does."""
    return {
        "token": "sandbox",
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "type": "event_callback",
        "event": event,
        "event_id": f"Ev{event['event_ts'].replace('.', '')}",
        "event_time": int(event["event_ts"].partition(".")[0]),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
    }
