"""The door for Slack's HTTP requests: guard, remember, dispatch. Knows no web framework."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from slack_bolt import App, BoltRequest

from bot.connection import SlackSettings
from bot.guard import WINDOW_SECONDS, genuine
from service.ports import Clock, House
from storage.requests import forget_requests, remember_request

# Slack's largest payloads, a click on a full message or modal, stay well below this.
LARGEST_BODY: Final = 1_000_000
# A signature is accepted five minutes before and after its time: later it needs no remembering.
_REMEMBERED: Final = 3 * timedelta(seconds=WINDOW_SECONDS)


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes


SlackDoor = Callable[[str, Mapping[str, str], bytes], Answer]


def door(app: App, house: House, clock: Clock, slack: SlackSettings) -> SlackDoor:
    """Return the function that answers one HTTP request of Slack's: method, headers, raw body.

    It blocks until Bolt has acknowledged, up to three seconds: call it from a thread, never from
    the event loop.
    """

    def answer(method: str, headers: Mapping[str, str], raw_body: bytes) -> Answer:
        if method.upper() != "POST":
            return _plain(405, "Slack posts here.", allow="POST")
        if len(raw_body) > LARGEST_BODY:
            return _plain(413, "That is larger than anything Slack sends.")
        now = clock.now()
        signature = genuine(slack.signing_secret, headers, raw_body, now)
        if signature is None:
            return _plain(401, "This request does not carry Slack's signature.")
        with house.database.transaction() as tx:
            fresh = remember_request(tx, signature, now)
            forget_requests(tx, now - _REMEMBERED)
        # A repeat is answered like a success, so that Slack stops repeating; nothing runs twice.
        return handle(app, headers, raw_body) if fresh else _plain(200, "")

    return answer


def handle(app: App, headers: Mapping[str, str], raw_body: bytes) -> Answer:
    """Let Bolt answer a request that is known to be Slack's and new."""
    request = _request(headers, raw_body)
    if request is None:
        return _plain(400, "The body is not what its content type says.")
    if request.body.get("ssl_check") == "1":
        return _plain(200, "")
    response = app.dispatch(request)
    flat = {name: str(values[0]) for name, values in response.headers.items() if values}
    return Answer(response.status, flat, (response.body or "").encode("utf-8"))


def _request(headers: Mapping[str, str], raw_body: bytes) -> BoltRequest | None:
    try:
        return BoltRequest(body=raw_body.decode("utf-8"), headers=dict(headers))
    except (ValueError, AttributeError, TypeError, RecursionError):
        # Bolt parses in its constructor and expects an object; anything else falls apart there.
        return None


def _plain(status: int, text: str, *, allow: str | None = None) -> Answer:
    headers = {"content-type": "text/plain; charset=utf-8"}
    return Answer(status, headers | ({"allow": allow} if allow else {}), text.encode("utf-8"))
