"""The door: what is not Slack's is refused, what is repeated changes nothing, nothing is a 500."""

import json
from typing import Any

from bot.http import LARGEST_BODY, Answer, door
from tests.bot.stage import CSM, Stage

FORM = "application/x-www-form-urlencoded"
COMMAND = b"command=%2Fhealth&text=help&user_id=U1&channel_id=C1&response_url="


def post(stage: Stage, body: bytes, headers: dict[str, str], method: str = "POST") -> Answer:
    return door(stage.app, stage.house, stage.clock, stage.slack)(method, headers, body)


def signed(stage: Stage, body: bytes, content_type: str = FORM) -> dict[str, str]:
    return stage.sandbox.wire.signed(body, content_type)


def test_a_signed_request_is_answered(stage: Stage) -> None:
    answer = post(stage, COMMAND, signed(stage, COMMAND))

    assert answer.status == 200


BROKEN = (
    {"x-slack-signature": "v0=é"},
    {"x-slack-signature": ""},
    {"x-slack-request-timestamp": "soon"},
    {"x-slack-request-timestamp": "9" * 500},
    {"x-slack-request-timestamp": ""},
)


def test_a_malformed_header_is_401(stage: Stage) -> None:
    for broken in BROKEN:
        assert post(stage, COMMAND, signed(stage, COMMAND) | broken).status == 401


def test_missing_headers_are_401(stage: Stage) -> None:
    assert post(stage, COMMAND, {}).status == 401
    assert post(stage, COMMAND, {"content-type": FORM}).status == 401


def test_an_unsigned_ssl_check_is_refused_and_a_signed_one_is_answered(stage: Stage) -> None:
    body = b"ssl_check=1&token=x"

    assert post(stage, body, {"content-type": FORM}).status == 401
    assert post(stage, body, signed(stage, body)) == Answer(
        200, {"content-type": "text/plain; charset=utf-8"}, b""
    )


def test_slacks_question_whether_this_is_our_address_is_answered(stage: Stage) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c h"}).encode()

    answer = post(stage, body, signed(stage, body, "application/json"))

    assert (answer.status, json.loads(answer.body)) == (200, {"challenge": "c h"})


NONSENSE = (
    (b"{", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b'"x"', "application/json"),
    (b"[" * 100_000, "application/json"),
    (b"payload=%7B", FORM),
    (b"payload=1", FORM),
    (b"payload=[]", FORM),
    (b"\xff\xfe\x00", FORM),
    (b"", FORM),
    (b"{}", "application/json"),
    (b'{"type": 5, "event": [], "actions": {}, "user": 1}', "application/json"),
)


def test_signed_nonsense_is_never_a_server_error(stage: Stage) -> None:
    for body, content_type in NONSENSE:
        answer = post(stage, body, signed(stage, body, content_type))

        assert answer.status < 500, body[:80]


def test_a_body_larger_than_any_of_slacks_is_not_even_read(stage: Stage) -> None:
    assert post(stage, b"x" * (LARGEST_BODY + 1), {}).status == 413


def test_another_method_is_told_which_one_slack_uses(stage: Stage) -> None:
    answer = post(stage, b"", {}, "GET")

    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_the_same_signed_request_again_is_answered_and_changes_nothing(stage: Stage) -> None:
    stage.sandbox.command(CSM, "#general", "/health help")
    requests: list[tuple[Any, ...]] = []
    real = stage.sandbox.wire.door
    assert real is not None

    def recording(method: str, headers: Any, body: bytes) -> Any:
        requests.append((method, dict(headers), body))
        return real(method, headers, body)

    stage.sandbox.wire.door = recording
    stage.sandbox.command(CSM, "#general", "/health help")
    before = len(stage.channel("#general", CSM))

    again = real(*requests[0])

    assert again[0] == 200
    assert len(stage.channel("#general", CSM)) == before == 2


def test_the_app_itself_refuses_what_nobody_signed(stage: Stage) -> None:
    from slack_bolt import BoltRequest  # noqa: PLC0415 - the one test that goes round the door

    response = stage.app.dispatch(BoltRequest(body=COMMAND.decode(), headers={}))

    assert response.status == 401
