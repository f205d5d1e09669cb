"""What people do from outside, through the doors that are served: signed clicks, a browser, mail.

The web application and the bot behind it are the real ones; nothing is left out but the network
between them and the people. A CSM presses what stands in the message on their screen.
"""

import itertools
import json
import os
import re
from functools import cache
from typing import Any, Final, cast
from urllib.request import urlopen

from fastapi import FastAPI

from bot import app as bot_app
from bot.connection import SlackSettings
from bot.http import door
from sandbox.wire import Wire
from service.ports import Clock, House
from tests.bot.stage import Inline
from tests.web.conftest import Client
from web import app as web_app

SIGNING: Final = "a signing secret of the crash tests"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
# Without keys the door opens under this machine's own names alone.
HERE: Final = {"Host": "localhost"}


@cache
def application() -> FastAPI:
    """Build the application once, in the warm process; whoever is forked from it moves in."""
    nobody = web_app.build(cast("House", None), cast("Clock", None), auth="off")
    nobody.middleware_stack = nobody.build_middleware_stack()
    return nobody


class Hands:
    """The hands of everybody outside: CSMs before Slack, customers before mail and browser."""

    def __init__(self, here: House, clock: Clock, slack_url: str) -> None:
        self._slack_url = slack_url
        # What the bot says to Slack in answer to a click is told apart by the address.
        slack = SlackSettings("xoxb-crash", SIGNING, base_url=f"{slack_url}click/")
        app = application()
        app.state.house, app.state.clock = here, clock
        app.state.slack = door(
            bot_app.build(here, clock, slack, executor=Inline()), here, clock, slack
        )
        self._browser = Client(app, headers=HERE)
        self._wire = Wire(clock, SIGNING, "")
        self._wire.door = self._posted
        self._numbers = itertools.count(1)

    def press(self, user: str, action: str, saying: str = "") -> bool:
        """Press the newest such button on this user's screen; False where there is none."""
        for message in reversed(self._screen(user)):
            for button in _buttons(message["blocks"]):
                fits = re.fullmatch(rf"{action}(_\d+)?", str(button["action_id"]))
                if fits and str(button.get("value", "")).endswith(saying):
                    self._click(user, message, button)
                    return True
        return False

    def post(self, path: str, body: bytes | str, headers: dict[str, str] | None = None) -> None:
        """Send something in, as a browser or a mail server does."""
        answer = self._browser.post(path, content=body, headers=headers or FORM)
        assert answer.status_code == 200, f"{path} was answered with {answer.status_code}"

    def _screen(self, user: str) -> list[dict[str, Any]]:
        with urlopen(f"{self._slack_url}screen?user={user}") as answer:  # noqa: S310 - our own Slack, on loopback
            found: list[dict[str, Any]] = json.load(answer)["messages"]
        return found

    def _click(self, user: str, message: dict[str, Any], button: dict[str, Any]) -> None:
        answer = self._wire.send_interaction(
            {
                "type": "block_actions",
                "user": {"id": user},
                "channel": {"id": message["channel"]},
                "container": {"message_ts": message["ts"], "channel_id": message["channel"]},
                "actions": [button],
                "response_url": f"{self._slack_url}click/response",
                # No two clicks are one request, whoever makes them.
                "trigger_id": f"{os.getpid()}.{next(self._numbers)}",
            }
        )
        assert answer.acknowledged, answer.error

    def _posted(self, method: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        assert method == "POST"
        answer = self._browser.post("/slack/interactions", content=body, headers=dict(headers))
        return answer.status_code, answer.headers, answer.content


def _buttons(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return [button for row in rows for button in row]
