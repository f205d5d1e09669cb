"""What can go wrong at Slack's door, and how Slack's answers become the outbox's outcomes.

BotError
├── NotATarget     a recipient we cannot read
└── NotAView       an outbox body we cannot show
"""
# ruff: noqa: N818  # Outcomes in the product's words; "Error" would add nothing.

from http import HTTPStatus
from http.client import HTTPException
from typing import Final
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from service.errors import DeliveryTrouble, Lost, Refused, Suspended, TryLater

# A person must act before anything at all can be sent; nothing is wrong with the one message.
CLOSED: Final = frozenset(
    {
        "account_inactive",
        "app_missing_action_url",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
# Slack is busy or broken for a while and says that it took nothing.
BUSY: Final = frozenset(
    {
        "accesslimited",
        "rate_limited",
        "ratelimited",
        "service_unavailable",
        "team_added_to_org",
    }
)
# Slack broke while it worked: it may or may not have posted.
BROKEN: Final = frozenset({"fatal_error", "internal_error", "request_timeout"})

# Seconds to leave Slack alone when it names no time itself.
PATIENCE: Final = 30.0
LONGEST_PATIENCE: Final = 3_600.0
# What a call of the SDK raises when the answer does not come, or comes in pieces.
UNANSWERED: Final = (OSError, HTTPException, SlackClientError, ValueError)


class BotError(Exception):
    """Root of what the bot raises on purpose."""


class NotATarget(BotError):
    """The recipient is neither a member, a name nor an id."""

    def __init__(self, recipient: str) -> None:
        super().__init__(
            f"A Slack recipient is '#name', an id or 'member:<e-mail>', not {recipient!r}."
        )


class NotAView(BotError):
    """The outbox holds a body this bot has no view for."""

    def __init__(self, view: object) -> None:
        super().__init__(f"There is no Slack view named {view!r}.")
        self.view = view


def trouble(error: Exception) -> DeliveryTrouble:
    """Translate whatever a call to Slack raised into the outcome the outbox understands."""
    match error:
        case SlackApiError():
            return _refusal(error)
        case URLError(reason=ConnectionRefusedError()):
            return TryLater(PATIENCE, "connection_refused")
        case _:
            return Lost("no_answer")


def _refusal(error: SlackApiError) -> DeliveryTrouble:
    status, code = error.response.status_code, error_code(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in BUSY:
        return TryLater(_wait(error), code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in BROKEN or code == "unreadable_answer":
        return Lost(code)
    if code in CLOSED:
        return Suspended(code)
    return Refused(code, permanent=True)


def error_code(error: SlackApiError) -> str:
    """Return Slack's error code; what a proxy answered in its place is never quoted."""
    if error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return "ratelimited"
    data = error.response.data
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) and code.isidentifier() else "unreadable_answer"


def _wait(error: SlackApiError) -> float:
    """Read Retry-After in seconds; a missing or strange one becomes our own patience."""
    stated = next(
        (value for name, value in error.response.headers.items() if name.lower() == "retry-after"),
        None,
    )
    text = stated[0] if isinstance(stated, list) and stated else stated
    if not isinstance(text, str) or not text.strip().isdecimal():
        return PATIENCE
    return min(float(text), LONGEST_PATIENCE)
