"""What is wrong between Slack and us, found before a person presses a dead button.

Nothing is posted. Each finding says what was looked at, what was found, and the way out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.connection import Desk, SlackSettings, desk
from bot.conversations import Conversations
from bot.errors import UNANSWERED, NotATarget, error_code, trouble
from bot.guard import WINDOW_SECONDS
from bot.manifest import SCOPES
from service.errors import DeliveryTrouble
from service.ports import Clock, House

_COMMAND: Final = re.compile(r"/[a-z0-9_-]{1,31}")
_REINSTALL: Final = "Add them to the app (the manifest lists all) and install it again."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is empty when all is well."""

    what: str
    found: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        """Tell whether nothing needs to be done."""
        return not self.remedy


def examine(house: House, clock: Clock, slack: SlackSettings) -> tuple[Finding, ...]:
    """Look at the token, its scopes, the clock, the command and the three conversations."""
    at = desk(house, clock, slack)
    try:
        answer = at.web.auth_test()
    except UNANSWERED as error:
        return (_command(slack), _unreachable(error))
    return (
        _command(slack),
        Finding("token", f"works, for {answer.get('team', 'the workspace')}"),
        _scopes(answer),
        _time(answer, clock.now()),
        *_conversations(at, house),
    )


def _command(slack: SlackSettings) -> Finding:
    if _COMMAND.fullmatch(slack.command):
        return Finding("command", slack.command)
    return Finding(
        "command",
        f"{slack.command!r} is no command's name",
        "Use a slash and up to 31 small letters, digits, - and _.",
    )


def _unreachable(error: Exception) -> Finding:
    if isinstance(error, SlackApiError):
        code = error_code(error)
        return Finding("token", code, "Copy the bot token (xoxb-…) of the installed app anew.")
    code = trouble(error).code
    return Finding(
        "token", f"Slack did not answer ({code})", "Check the network and SLACK_API_URL."
    )


def _scopes(answer: SlackResponse) -> Finding:
    told = _header(answer, "x-oauth-scopes")
    if told is None:
        return Finding("scopes", "not told by this server")
    missing = sorted(set(SCOPES) - {scope.strip() for scope in told.split(",")})
    if not missing:
        return Finding("scopes", f"all {len(SCOPES)} there")
    return Finding("scopes", f"missing: {', '.join(missing)}", _REINSTALL)


def _time(answer: SlackResponse, now: datetime) -> Finding:
    """Compare clocks: a signature made at another time than ours is refused."""
    told = _header(answer, "date")
    if told is None:
        return Finding("clock", "Slack's time is not told by this server")
    apart = abs((parsedate_to_datetime(told).astimezone(UTC) - now).total_seconds())
    if apart < WINDOW_SECONDS / 5:
        return Finding("clock", f"{apart:.0f} s from Slack's")
    return Finding("clock", f"{apart:.0f} s from Slack's", "Set this machine's clock (NTP).")


def _header(answer: SlackResponse, name: str) -> str | None:
    return next((value for key, value in answer.headers.items() if key.lower() == name), None)


def _conversations(at: Desk, house: House) -> Iterator[Finding]:
    conversations = Conversations(at)
    wanted = {
        "digest": house.digest_to,
        "operator": house.operator_to,
        "alerts": house.alerts_to,
    }
    for what, recipient in wanted.items():
        yield _conversation(at, conversations, f"{what} goes to {recipient}", recipient)


def _conversation(at: Desk, conversations: Conversations, what: str, recipient: str) -> Finding:
    remedy = f"Create the conversation and invite the app to it, or name another than {recipient}."
    try:
        found = conversations.find(recipient)
        at.web.conversations_history(channel=found, limit=1)
    except NotATarget as error:
        return Finding(what, str(error), remedy)
    except DeliveryTrouble as error:
        return Finding(what, error.code, remedy)
    except UNANSWERED as error:
        return Finding(what, trouble(error).code, remedy)
    return Finding(what, "found, and the app is in it")
