"""The quieter methods: views, lists, reactions, and the faults that are met on the way."""

import time
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.server import Sandbox


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def modal(title: str, **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain(title), "blocks": [{"type": "divider"}], **more}


@pytest.fixture
def anna(sandbox: Sandbox) -> str:
    sandbox.wire.door = lambda _method, _headers, _body: (200, {}, b"")
    return sandbox.ensure_member("anna@example.com", "Anna").id


def trigger(sandbox: Sandbox, user: str) -> str:
    """Return a fresh trigger, as a command would hand one to the app."""
    sandbox.command(user, "@", "/health")
    with sandbox.workspace.reading():
        return list(sandbox.workspace.triggers)[-1]


def refused(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


def test_modals_stand_three_deep_at_most(sandbox: Sandbox, client: WebClient, anna: str) -> None:
    client.views_open(trigger_id=trigger(sandbox, anna), view=modal("One"))
    for title in ("Two", "Three"):
        client.views_push(trigger_id=trigger(sandbox, anna), view=modal(title))

    with pytest.raises(SlackApiError) as caught:
        client.views_push(trigger_id=trigger(sandbox, anna), view=modal("Four"))

    titles = [each.payload["title"]["text"] for each in sandbox.modals(anna)]
    assert refused(caught) == "push_limit_reached"
    assert titles == ["One", "Two", "Three"]


def test_a_view_is_updated_unless_somebody_was_faster(
    sandbox: Sandbox, client: WebClient, anna: str
) -> None:
    opened = client.views_open(
        trigger_id=trigger(sandbox, anna), view=modal("One", external_id="mine")
    )["view"]

    client.views_update(view_id=opened["id"], hash=opened["hash"], view=modal("Two"))
    with pytest.raises(SlackApiError) as late:
        client.views_update(view_id=opened["id"], hash=opened["hash"], view=modal("Three"))
    with pytest.raises(SlackApiError) as unknown:
        client.views_update(external_id="other", view=modal("Three"))

    assert sandbox.modals(anna)[0].payload["title"]["text"] == "Two"
    assert refused(late) == "hash_conflict"
    assert refused(unknown) == "not_found"


def test_a_broken_view_is_refused_before_its_trigger_is_spent(
    sandbox: Sandbox, client: WebClient, anna: str
) -> None:
    once = trigger(sandbox, anna)

    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=once, view=modal("x" * 25))
    client.views_open(trigger_id=once, view=modal("Fine"))

    assert refused(caught) == "invalid_arguments"
    assert "/view/title/text" in caught.value.response["response_metadata"]["messages"][0]
    assert len(sandbox.modals(anna)) == 1


def test_closing_a_modal_tells_the_app_only_where_it_asked(
    sandbox: Sandbox, client: WebClient, anna: str
) -> None:
    asked: list[bytes] = []

    def door(_method: str, _headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(body)
        return 200, {}, b""

    for notify in (False, True):
        view = modal("M", notify_on_close=notify)
        client.views_open(trigger_id=trigger(sandbox, anna), view=view)
        sandbox.wire.door, before = door, sandbox.wire.door
        sandbox.hands.close(anna)
        sandbox.wire.door = before

    assert len(asked) == 1
    assert b"view_closed" in asked[0]


def test_channels_and_people_are_listed_in_pages(
    sandbox: Sandbox, client: WebClient, anna: str
) -> None:
    names = [f"room-{number}" for number in range(5)]
    for name in names:
        sandbox.ensure_channel(name)

    listed: list[str] = []
    cursor = ""
    while True:
        page = client.conversations_list(limit=2, cursor=cursor)
        listed += [each["name"] for each in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    people = [each["id"] for each in client.users_list()["members"]]

    assert listed == names
    assert anna in people


def test_a_reaction_is_given_once(sandbox: Sandbox, client: WebClient) -> None:
    place = sandbox.ensure_channel("general")
    ts = client.chat_postMessage(channel="general", text="hm")["ts"]

    client.reactions_add(channel=place.id, timestamp=ts, name="eyes")
    with pytest.raises(SlackApiError) as caught:
        client.reactions_add(channel=place.id, timestamp=ts, name="eyes")

    (message,) = client.conversations_history(channel=place.id)["messages"]
    assert refused(caught) == "already_reacted"
    assert message["reactions"][0]["count"] == 1


def test_only_its_own_messages_are_the_apps_to_change(
    sandbox: Sandbox, client: WebClient, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    said = sandbox.hands.say(anna, "#general", "mine")

    with pytest.raises(SlackApiError) as update:
        client.chat_update(channel=place.id, ts=said.ts, text="yours")
    with pytest.raises(SlackApiError) as delete:
        client.chat_delete(channel=place.id, ts=said.ts)

    assert refused(update) == "cant_update_message"
    assert refused(delete) == "cant_delete_message"


@pytest.mark.parametrize(
    "metadata",
    [{"event_type": "x"}, {"event_type": 5, "event_payload": {}}, [1], {"event_payload": {}}],
)
def test_metadata_of_the_wrong_form_is_refused(
    sandbox: Sandbox, client: WebClient, metadata: Any
) -> None:
    sandbox.ensure_channel("general")
    message = {"channel": "general", "text": "hm", "metadata": metadata}

    with pytest.raises(SlackApiError) as caught:
        client.api_call("chat.postMessage", json=message)

    assert refused(caught) == "invalid_metadata_format"


def test_a_stalled_answer_comes_late_and_the_work_is_done(
    sandbox: Sandbox, client: WebClient
) -> None:
    place = sandbox.ensure_channel("general")
    sandbox.faults.stall(0.3)
    begun = time.monotonic()

    client.chat_postMessage(channel="general", text="slow")

    assert time.monotonic() - begun >= 0.3
    assert len(client.conversations_history(channel=place.id)["messages"]) == 1


def test_a_refusal_can_be_asked_for_and_lasts_until_cleared(
    sandbox: Sandbox, client: WebClient
) -> None:
    sandbox.ensure_channel("general")
    sandbox.faults.refuse("chat.postMessage", "is_archived", times=None)

    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="general", text="hm")
        assert refused(caught) == "is_archived"
    sandbox.faults.clear()

    assert client.chat_postMessage(channel="general", text="hm")["ok"]


def test_bodies_that_are_no_arguments_are_refused_in_slacks_words(sandbox: Sandbox) -> None:
    address = f"{sandbox.slack_url}auth.test"
    headers = {"content-type": "application/json"}

    errors = [
        httpx.post(address, content=body, headers=headers).json()["error"]
        for body in ("{", "[1]", "{}")
    ]

    assert errors == ["invalid_json", "json_not_object", "not_authed"]


def test_a_started_sandbox_starts_again_where_it_was(sandbox: Sandbox, anna: str) -> None:
    sandbox.hands.say(anna, sandbox.ensure_channel("general").id, "before")
    sandbox.stop()
    sandbox.stop()

    sandbox.start()
    client = WebClient(token=sandbox.token, base_url=sandbox.slack_url)

    assert client.auth_test()["ok"]
    assert [each.text for each in sandbox.messages("#general")] == ["before"]
