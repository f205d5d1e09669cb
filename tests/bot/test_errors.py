"""Slack's answers become exactly one of the outbox's outcomes."""

from urllib.error import URLError

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.errors import LONGEST_PATIENCE, PATIENCE, trouble
from service.errors import Lost, Refused, Suspended, TryLater


def answered(status: int, data: object, headers: dict[str, str] | None = None) -> SlackApiError:
    response = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api/chat.postMessage",
        req_args={},
        data=data,  # type: ignore[arg-type] # what proxies answer is of any type
        headers=headers or {},
        status_code=status,
    )
    return SlackApiError("secret words of a customer", response)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "7"}, 7),
        ({}, PATIENCE),
        ({"Retry-After": "soon"}, PATIENCE),
        ({"Retry-After": "999999"}, LONGEST_PATIENCE),
    ],
)
def test_a_rate_limit_waits_as_long_as_slack_says(headers: dict[str, str], after: float) -> None:
    outcome = trouble(answered(429, {"ok": False, "error": "ratelimited"}, headers))

    assert isinstance(outcome, TryLater)
    assert outcome.after == after


@pytest.mark.parametrize(
    "code", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"]
)
def test_a_closed_workspace_suspends_the_whole_channel(code: str) -> None:
    outcome = trouble(answered(200, {"ok": False, "error": code}))

    assert isinstance(outcome, Suspended)
    assert outcome.code == code


@pytest.mark.parametrize(
    "code",
    ["channel_not_found", "not_in_channel", "is_archived", "users_not_found", "invalid_blocks"],
)
def test_a_message_slack_will_never_take_is_refused_for_good(code: str) -> None:
    outcome = trouble(answered(200, {"ok": False, "error": code}))

    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert outcome.code == code


@pytest.mark.parametrize(
    "error",
    [
        answered(500, {"ok": False, "error": "internal_error"}),
        answered(503, "<html>busy</html>"),
        answered(200, {"ok": False, "error": "fatal_error"}),
        answered(200, {"ok": False, "error": "Received a response in a non-JSON format: <html>"}),
        TimeoutError("timed out"),
        ConnectionResetError("reset"),
        URLError(TimeoutError()),
    ],
)
def test_an_answer_that_never_came_leaves_the_outcome_unknown(error: Exception) -> None:
    outcome = trouble(error)

    assert isinstance(outcome, Lost)


def test_a_refused_connection_delivered_nothing() -> None:
    assert isinstance(trouble(URLError(ConnectionRefusedError())), TryLater)


def test_no_words_of_slacks_answer_stand_in_the_outcome() -> None:
    outcome = trouble(answered(503, "<html>secret words of a customer</html>"))

    assert "secret" not in str(outcome)
