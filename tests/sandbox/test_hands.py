"""Members act, and a small real app answers over HTTP, or not in time."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock as SdkClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.errors import NotOnScreen
from sandbox.loopback import Lines, LoopbackServer
from sandbox.server import Sandbox
from tests.sandbox.conftest import StandingClock

BUTTONS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "ack",
                "text": {"type": "plain_text", "text": "Acknowledge"},
                "value": "play-1",
            },
            {
                "type": "static_select",
                "action_id": "snooze",
                "options": [
                    {"text": {"type": "plain_text", "text": "1 h"}, "value": "1h"},
                    {"text": {"type": "plain_text", "text": "1 day"}, "value": "1d"},
                ],
            },
        ],
    }
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "snooze",
    "title": {"type": "plain_text", "text": "Snooze"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why?"},
            "element": {"type": "plain_text_input", "action_id": "reason", "min_length": 3},
        },
        {
            "type": "input",
            "block_id": "when",
            "optional": True,
            "label": {"type": "plain_text", "text": "Until"},
            "element": {"type": "datepicker", "action_id": "until", "initial_date": "2026-12-01"},
        },
    ],
}


class App:
    """An app that keeps what it was asked and answers as the test says."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, Any]], Response] = lambda _asked: Response()

    def asked(self) -> dict[str, Any]:
        body = self.bodies[-1]
        if body.startswith(b"{"):
            return dict(json.loads(body))
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return dict(json.loads(fields["payload"])) if "payload" in fields else fields

    def asgi(self) -> Starlette:
        async def events(request: Request) -> Response:
            self.bodies.append(await request.body())
            self.headers.append(dict(request.headers))
            return self.answer(self.asked())

        return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[App]:
    app = App()
    server = LoopbackServer(app.asgi(), Lines(), "app")
    server.start()
    sandbox.wire.app_url = server.url
    yield app
    server.stop()


@pytest.fixture
def anna(sandbox: Sandbox) -> str:
    sandbox.ensure_channel("general")
    return sandbox.ensure_member("anna@example.com", "Anna").id


def test_a_command_arrives_as_slack_sends_it_with_a_good_signature(
    sandbox: Sandbox, app: App, anna: str, clock: StandingClock
) -> None:
    class StoodStill(SdkClock):
        def now(self) -> float:
            return clock.now().timestamp()

    sandbox.command("anna@example.com", "#general", "/health acme & söhne ")

    asked = app.asked()
    assert asked["command"] == "/health"
    assert asked["text"] == "acme & söhne"
    assert asked["user_id"] == anna
    assert asked["channel_name"] == "general"
    verifier = SignatureVerifier("shh", StoodStill())
    assert verifier.is_valid_request(app.bodies[-1].decode(), app.headers[-1])


def test_the_answer_to_a_command_is_seen_by_whoever_typed_it_only(
    sandbox: Sandbox, app: App, anna: str
) -> None:
    app.answer = lambda _asked: JSONResponse({"text": "Acme: 72"})

    sandbox.command(anna, "#general", "/health acme")

    assert [each.text for each in sandbox.messages("#general", anna)] == ["Acme: 72"]
    assert sandbox.messages("#general") == []


def test_an_answer_for_the_channel_is_seen_by_all(sandbox: Sandbox, app: App, anna: str) -> None:
    app.answer = lambda _asked: JSONResponse({"text": "72", "response_type": "in_channel"})

    sandbox.command(anna, "#general", "/health acme")

    assert [each.text for each in sandbox.messages("#general")] == ["72"]


def test_an_app_that_answers_too_late_gets_a_timeout_shown(
    sandbox: Sandbox, app: App, anna: str
) -> None:
    sandbox.wire.ack_within = 0.2

    def late(_asked: dict[str, Any]) -> Response:
        time.sleep(0.5)
        return Response()

    app.answer = late
    answer = sandbox.command(anna, "#general", "/health acme")

    assert answer.error == "operation_timeout"
    assert "operation_timeout" in sandbox.messages("#general", anna)[-1].text


def test_an_app_that_fails_or_is_away_is_told_of(sandbox: Sandbox, app: App, anna: str) -> None:
    app.answer = lambda _asked: Response("no", 500)
    failed = sandbox.command(anna, "#general", "/health")
    sandbox.wire.app_url = "http://127.0.0.1:9"
    away = sandbox.command(anna, "#general", "/health")

    assert failed.error == "dispatch_failed"
    assert away.error == "dispatch_unreachable"


def test_an_answer_that_breaks_a_limit_is_refused_in_sight(
    sandbox: Sandbox, app: App, anna: str
) -> None:
    app.answer = lambda _asked: JSONResponse({"text": "t", "blocks": [{"type": "nonsense"}]})

    sandbox.command(anna, "#general", "/health")

    assert "invalid_blocks" in sandbox.messages("#general", anna)[-1].text


def test_a_click_carries_the_message_and_can_replace_it(
    sandbox: Sandbox, app: App, anna: str, client: WebClient
) -> None:
    ts = client.chat_postMessage(channel="general", text="Alert", blocks=BUTTONS)["ts"]

    sandbox.click(anna, ts, "ack")
    asked = app.asked()
    replaced = WebhookClient(asked["response_url"]).send(text="Done", replace_original=True)

    assert asked["type"] == "block_actions"
    assert asked["actions"][0]["value"] == "play-1"
    assert asked["container"]["message_ts"] == ts
    assert asked["user"]["id"] == anna
    assert replaced.status_code == 200
    assert [each.text for each in sandbox.messages("#general")] == ["Done"]


def test_a_choice_in_a_menu_arrives_as_the_selected_option(
    sandbox: Sandbox, app: App, anna: str, client: WebClient
) -> None:
    ts = client.chat_postMessage(channel="general", text="Alert", blocks=BUTTONS)["ts"]

    sandbox.click(anna, ts, "snooze", "1d")

    action = app.asked()["actions"][0]
    assert action["selected_option"]["value"] == "1d"
    with pytest.raises(NotOnScreen):
        sandbox.click(anna, ts, "snooze", "for ever")
    with pytest.raises(NotOnScreen):
        sandbox.click(anna, ts, "no-such-button")


def test_a_response_url_works_five_times_and_for_thirty_minutes(
    sandbox: Sandbox, app: App, anna: str, clock: StandingClock
) -> None:
    sandbox.command(anna, "#general", "/health")
    first = WebhookClient(app.asked()["response_url"])
    sandbox.command(anna, "#general", "/health")
    second = WebhookClient(app.asked()["response_url"])

    statuses = [first.send(text="hi").status_code for _ in range(6)]
    clock.pass_by(31 * 60)
    late = second.send(text="hi")

    assert statuses == [200] * 5 + [404]
    assert late.status_code == 404
    assert "expired_url" in late.body


def test_a_trigger_opens_one_modal_within_three_seconds(
    sandbox: Sandbox, app: App, anna: str, client: WebClient, clock: StandingClock
) -> None:
    sandbox.command(anna, "#general", "/health")
    trigger = app.asked()["trigger_id"]
    sandbox.command(anna, "#general", "/health")
    late = app.asked()["trigger_id"]

    client.views_open(trigger_id=trigger, view=MODAL)
    clock.pass_by(4)
    refusals = []
    for trigger_id in (trigger, late, "made-up"):
        with pytest.raises(SlackApiError) as caught:
            client.views_open(trigger_id=trigger_id, view=MODAL)
        refusals.append(caught.value.response["error"])

    assert refusals == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]
    assert len(sandbox.modals(anna)) == 1


def test_a_submitted_modal_carries_its_values_and_closes(
    sandbox: Sandbox, app: App, anna: str, client: WebClient
) -> None:
    sandbox.command(anna, "#general", "/health")
    client.views_open(trigger_id=app.asked()["trigger_id"], view=MODAL)

    sandbox.submit(anna, {"reason": "on holiday"})

    values = app.asked()["view"]["state"]["values"]
    assert values["why"]["reason"] == {"type": "plain_text_input", "value": "on holiday"}
    assert values["when"]["until"]["selected_date"] == "2026-12-01"
    assert sandbox.modals(anna) == []


def test_slack_itself_objects_to_an_empty_or_too_short_input(
    sandbox: Sandbox, app: App, anna: str, client: WebClient
) -> None:
    sandbox.command(anna, "#general", "/health")
    client.views_open(trigger_id=app.asked()["trigger_id"], view=MODAL)
    requests = len(app.bodies)

    sandbox.submit(anna)
    empty = sandbox.modals(anna)[0].errors
    sandbox.submit(anna, {"reason": "no"})
    short = sandbox.modals(anna)[0].errors

    assert "required" in empty["why"]
    assert "at least 3" in short["why"]
    assert len(app.bodies) == requests


def test_the_app_answers_a_submission_with_errors_an_update_a_push_or_clear(
    sandbox: Sandbox, app: App, anna: str, client: WebClient
) -> None:
    sandbox.command(anna, "#general", "/health")
    client.views_open(trigger_id=app.asked()["trigger_id"], view=MODAL)
    other = {**MODAL, "title": {"type": "plain_text", "text": "Second"}}
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"why": "Say more."}},
        {"response_action": "update", "view": other},
        {"response_action": "push", "view": MODAL},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "clear"},
    ]
    seen = []
    for told in answers:
        app.answer = lambda _asked, told=told: JSONResponse(told)  # type: ignore[misc]
        sandbox.submit(anna, {"reason": "because"})
        stack = sandbox.modals(anna)
        seen.append([(each.payload["title"]["text"], dict(each.errors)) for each in stack])

    assert seen[0] == [("Snooze", {"why": "Say more."})]
    assert seen[1] == [("Second", {})]
    assert seen[2] == [("Second", {}), ("Snooze", {})]
    assert "invalid_arguments" in seen[3][1][1][""]
    assert seen[4] == []


def test_the_home_tab_is_asked_for_and_published(
    sandbox: Sandbox, app: App, anna: str, client: WebClient
) -> None:
    sandbox.open_home(anna)
    home = {"type": "home", "blocks": [{"type": "divider"}]}

    client.views_publish(user_id=anna, view=home)

    assert app.asked()["event"]["type"] == "app_home_opened"
    shown = sandbox.home(anna)
    assert shown is not None
    assert shown.payload["blocks"][0]["type"] == "divider"


def test_a_door_stands_in_for_the_network(sandbox: Sandbox, anna: str) -> None:
    sandbox.wire.door = lambda _method, _headers, _body: (200, {}, b"plain words")

    sandbox.command(anna, "@", "/health")

    assert [each.text for each in sandbox.messages("@", anna)] == ["plain words"]


def test_what_stands_in_the_address_after_hooks_must_be_known(sandbox: Sandbox) -> None:
    answer = httpx.post(f"{sandbox.hands.hooks_url}H99", json={"text": "hi"})

    assert answer.status_code == 404
