"""How we reach Slack: what a person set, and the clients made of it."""

import logging
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Final
from urllib.parse import quote

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from service.ports import Clock, House

# Seconds. A person waits for an answer; the delivery loop has other messages to send. The first is
# for one silence, the second for a whole call: an answer that drips in is never silent for long.
SILENCE: Final = 10
DEADLINE: Final = 20.0


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Where Slack is and how it knows us. Secrets hide in the repr.

    base_url ends with a slash; the sandbox's address stands here when there is no workspace.
    dashboard_url is the public address of the dashboard's list, None when nobody can reach it; a
    customer's page is below it.
    """

    token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    base_url: str = "https://slack.com/api/"
    command: str = "/health"
    app_token: str | None = field(default=None, repr=False)
    dashboard_url: str | None = None

    def page(self, key: str) -> str | None:
        """Return the address of a customer's page in the dashboard, where people can reach it."""
        if self.dashboard_url is None:
            return None
        return f"{self.dashboard_url.rstrip('/')}/customers/{quote(key, safe='')}"


class Workspace:
    """The workspace this app is installed in: asked once, when it is first needed."""

    def __init__(self, web: WebClient) -> None:
        self._web = web
        self._ours: frozenset[str] | None = None

    def has(self, team: str | None, enterprise: str | None) -> bool:
        """Tell whether a user of this team, or of this organisation, is one of our own."""
        if self._ours is None:
            answer = self._web.auth_test()
            ids = (answer.get("team_id"), answer.get("enterprise_id"))
            self._ours = frozenset(each for each in ids if each)
        return team is None or team in self._ours or enterprise in self._ours


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a listener works with."""

    house: House
    clock: Clock
    slack: SlackSettings
    web: WebClient
    workspace: Workspace


def desk(house: House, clock: Clock, slack: SlackSettings) -> Desk:
    """Put a desk together; nothing is sent."""
    web = client(slack)
    return Desk(house, clock, slack, web, Workspace(web))


class PunctualClient(WebClient):
    """The SDK's client with a deadline for each call as a whole; TimeoutError when it passes."""

    def api_call(self, *args: Any, **kwargs: Any) -> SlackResponse:  # noqa: ANN401 - the SDK's own
        """Call Slack in a thread of its own, left behind when the answer takes too long."""
        answer: Future[SlackResponse] = Future()

        def call() -> None:
            try:
                answer.set_result(super(PunctualClient, self).api_call(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - handed on to the caller, as it came
                answer.set_exception(error)

        Thread(target=call, name="slack-call", daemon=True).start()
        return answer.result(timeout=DEADLINE)


def client(slack: SlackSettings) -> WebClient:
    """Build a client that sends once: the SDK's own retry posts twice when an answer is lost.

    Its logger is a quiet one: at DEBUG the SDK prints message bodies and tokens.
    """
    return PunctualClient(
        token=slack.token,
        base_url=slack.base_url,
        timeout=SILENCE,
        retry_handlers=[],
        logger=quiet_logger(),
    )


def webhook(url: str) -> WebhookClient:
    """Build a client for one response_url, with the same habits."""
    return WebhookClient(url=url, timeout=SILENCE, retry_handlers=[], logger=quiet_logger())


def quiet_logger() -> logging.Logger:
    """Return the logger handed to Slack's libraries; nothing below WARNING ever passes it."""
    logger = logging.getLogger("bot.slack")
    logger.setLevel(max(logging.WARNING, logger.level))
    logger.addFilter(_without_bodies)
    return logger


def _without_bodies(record: logging.LogRecord) -> bool:
    """Keep the library's warning but not what it quotes: bodies, signatures and addresses."""
    record.msg = "slack library: " + _first_words(str(record.msg))
    record.args = ()
    record.exc_info = None
    return True


def _first_words(text: str) -> str:
    """Return the text up to the first value it could quote."""
    for mark in ("{", "(", "%", ":", "\n"):
        text = text.split(mark, 1)[0]
    return text.strip()[:120]
