"""The Bolt app: one visible table of what we listen to. Nothing is sent while it is built."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

from slack_bolt import Ack, App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware import Middleware
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient

from bot import answers, commands, editing, home, interactions, modals, said
from bot.connection import SILENCE, Desk, SlackSettings, desk, quiet_logger
from bot.guard import genuine
from bot.payloads import Click, asked, click, submitted
from bot.replies import answering, whisper
from service.ports import Clock, House

Deed = Callable[[Desk, Click], None]

# Every button and menu we ever send, by action id: those of an alert's further mails and of a
# chooser are numbered. One that is missing here is dead in Slack.
CLICKS: Final[Mapping[str, Deed]] = {
    "acknowledge": interactions.on_acknowledge,
    "snooze": interactions.on_snooze,
    "approve": interactions.on_approve,
    "edit": editing.on_edit,
    "reject": interactions.on_reject,
    "read": interactions.on_read,
    "answer": answers.on_answer,
    "done": answers.on_done,
    "useful": interactions.on_useful,
    "false_alarm": interactions.on_false_alarm,
    "release": interactions.on_release,
    "discard": interactions.on_discard,
    "pause": interactions.on_pause,
    "resume": interactions.on_resume,
    "share": interactions.on_share,
    "choose": interactions.on_choose,
    "pulse": said.on_pulse,
    "override": said.on_override,
    "open": interactions.on_open,
}
# Every modal we ever open, by callback id.
MODALS: Final[Mapping[str, modals.Handler]] = {
    "edit": editing.on_edited,
    "reject": modals.on_rejection,
    "snooze": modals.on_snooze_time,
    "pulse": said.on_pulse_said,
    "override": said.on_override_said,
}


def build(
    house: House, clock: Clock, slack: SlackSettings, *, executor: Executor | None = None
) -> App:
    """Build the app. `executor` runs the listeners; the default is Bolt's five threads."""
    at = desk(house, clock, slack)
    app = App(
        name="bellwether",
        logger=quiet_logger(),
        client=WebClient(base_url=slack.base_url, timeout=SILENCE, retry_handlers=[]),
        signing_secret=slack.signing_secret,
        authorize=partial(_authorized, slack),
        before_authorize=_Signed(slack, clock),
        request_verification_enabled=False,
        ssl_check_enabled=False,
        listener_executor=executor,
    )
    app.command(slack.command)(partial(_hear_command, at))
    for action, deed in CLICKS.items():
        app.action(re.compile(rf"^{action}(_\d+)?$"))(partial(_hear_click, at, deed))
    for callback, handler in MODALS.items():
        app.view(callback)(partial(_hear_modal, at, handler))
    app.event("app_home_opened")(partial(_hear_home, at))
    return app


class _Signed(Middleware):
    """Bolt's own check again, on our clock: the app never trusts whoever dispatches to it."""

    def __init__(self, slack: SlackSettings, clock: Clock) -> None:
        self._secret = slack.signing_secret
        self._clock = clock

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,
        next: Callable[[], BoltResponse],  # noqa: A002 - the name is Bolt's
    ) -> BoltResponse:
        """Let a signed request pass; Socket Mode's come over a connection that we opened."""
        headers = {name: values[0] for name, values in req.headers.items() if values}
        body = req.raw_body.encode("utf-8", "surrogatepass")
        if req.mode == "socket_mode" or genuine(self._secret, headers, body, self._clock.now()):
            return next()
        resp.status = 401
        return resp


def _authorized(slack: SlackSettings, **_context: object) -> AuthorizeResult:
    """Let every signed request act with the one token we have; nothing is asked of Slack."""
    return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=slack.token)


def _hear_command(at: Desk, ack: Ack, body: dict[str, Any]) -> None:
    ack()
    asks = asked(body)
    answering(lambda: commands.on_command(at, asks), lambda post: whisper(asks.response_url, post))


def _hear_click(at: Desk, deed: Deed, ack: Ack, body: dict[str, Any]) -> None:
    ack()
    clicked = click(body)
    answering(lambda: deed(at, clicked), lambda post: whisper(clicked.response_url, post))


def _hear_modal(at: Desk, handler: modals.Handler, ack: Ack, body: dict[str, Any]) -> None:
    sent = submitted(body)
    faults = handler.faults(sent, at.clock.now())
    if faults:
        ack(response_action="errors", errors=dict(faults))
        return
    ack()
    answering(lambda: handler.work(at, sent), lambda post: whisper(modals.reply_to(sent), post))


def _hear_home(at: Desk, ack: Ack, body: dict[str, Any]) -> None:
    ack()
    event = body.get("event") or {}
    if event.get("tab", "home") == "home":
        user = str(event.get("user", ""))
        answering(lambda: home.on_opened(at, user), lambda post: home.publish(at, user, post))
