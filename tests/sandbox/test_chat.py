"""Posting, updating and reading back, with the SDK's own client."""

import http.client
import json
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.server import Sandbox
from tests.sandbox.conftest import StandingClock

Client = WebClient


def refusal(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_the_token_says_who_the_app_is(client: Client) -> None:
    answer = client.auth_test()

    assert answer["ok"]
    assert answer["team"] == "Sandbox"
    assert answer["user_id"].startswith("U")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


def test_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    stranger = WebClient(token="xoxb-other", base_url=sandbox.slack_url)

    with pytest.raises(SlackApiError) as caught:
        stranger.auth_test()

    assert refusal(caught) == "invalid_auth"


def test_a_revoked_token_is_refused_until_it_is_restored(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.token_revoked = True

    with pytest.raises(SlackApiError) as caught:
        client.auth_test()
    sandbox.faults.clear()

    assert refusal(caught) == "token_revoked"
    assert client.auth_test()["ok"]


def test_an_unknown_method_is_named_so(client: Client) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.api_call("chat.shout")

    assert refusal(caught) == "unknown_method"


def test_a_message_is_posted_and_read_back_with_its_metadata(
    sandbox: Sandbox, client: Client
) -> None:
    channel = sandbox.ensure_channel("#customer-health")
    key = {"event_type": "bellwether", "event_payload": {"key": "k1"}}

    posted = client.chat_postMessage(
        channel="#customer-health", text="Hello", blocks=[section("*Hello*")], metadata=key
    )
    with_key = client.conversations_history(channel=channel.id, include_all_metadata=True)
    without = client.conversations_history(channel=channel.id)

    assert posted["channel"] == channel.id
    assert with_key["messages"][0]["ts"] == posted["ts"]
    assert with_key["messages"][0]["metadata"] == key
    assert "metadata" not in without["messages"][0]


def test_a_form_with_blocks_as_json_text_is_understood_too(sandbox: Sandbox) -> None:
    sandbox.ensure_channel("general")

    answer = httpx.post(
        f"{sandbox.slack_url}chat.postMessage",
        data={
            "token": sandbox.token,
            "channel": "general",
            "text": "a + b & c",
            "blocks": json.dumps([section("a")]),
        },
    ).json()

    assert answer["ok"]
    assert answer["message"]["text"] == "a + b & c"
    assert answer["message"]["blocks"][0]["text"]["text"] == "a"


def test_a_member_is_found_by_e_mail_and_written_to_directly(
    sandbox: Sandbox, client: Client
) -> None:
    anna = sandbox.ensure_member("Anna@Example.com", "Anna Berg")

    found = client.users_lookupByEmail(email="anna@example.COM")["user"]
    direct = client.conversations_open(users=found["id"])["channel"]["id"]
    posted = client.chat_postMessage(channel=direct, text="psst")
    by_user_id = client.chat_postMessage(channel=anna.id, text="again")

    assert found["id"] == anna.id
    assert direct.startswith("D")
    assert posted["channel"] == by_user_id["channel"] == direct


def test_unknown_people_and_places_get_slacks_words(client: Client) -> None:
    with pytest.raises(SlackApiError) as no_user:
        client.users_lookupByEmail(email="nobody@example.com")
    with pytest.raises(SlackApiError) as no_channel:
        client.chat_postMessage(channel="#nowhere", text="hm")

    assert refusal(no_user) == "users_not_found"
    assert refusal(no_channel) == "channel_not_found"


def test_a_channel_is_joined_before_it_is_written_to(sandbox: Sandbox, client: Client) -> None:
    channel = sandbox.ensure_channel("sales", bot_inside=False)

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=channel.id, text="hello")
    client.conversations_join(channel=channel.id)

    assert refusal(caught) == "not_in_channel"
    assert client.chat_postMessage(channel=channel.id, text="hello")["ok"]


def test_broken_blocks_are_refused_with_every_fault_named(sandbox: Sandbox, client: Client) -> None:
    sandbox.ensure_channel("general")
    blocks = [section("x" * 3001), {"type": "section"}]

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="general", text="t", blocks=blocks)

    assert refusal(caught) == "invalid_blocks"
    messages = caught.value.response["response_metadata"]["messages"]
    assert len(messages) == 2
    assert "/blocks/0/text/text" in messages[0]


def test_a_message_without_text_or_with_too_much_is_refused(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.ensure_channel("general")

    with pytest.raises(SlackApiError) as none:
        client.api_call("chat.postMessage", json={"channel": "general", "blocks": [section("a")]})
    with pytest.raises(SlackApiError) as much:
        client.chat_postMessage(channel="general", text="x" * 4001)
    with pytest.raises(SlackApiError) as together:
        client.chat_postMessage(channel="general", text="t", blocks=[section("x" * 2500)] * 5)

    assert refusal(none) == "no_text"
    assert refusal(much) == "msg_too_long"
    assert refusal(together) == "msg_blocks_too_long"


def test_a_short_burst_passes_and_a_flood_is_slowed_down(
    sandbox: Sandbox, client: Client, clock: StandingClock
) -> None:
    sandbox.ensure_channel("general")
    sandbox.ensure_channel("other")
    for number in range(4):
        client.chat_postMessage(channel="general", text=f"{number}")

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="general", text="one too many")
    elsewhere = client.chat_postMessage(channel="other", text="fine")
    clock.pass_by(int(caught.value.response.headers["Retry-After"]))
    later = client.chat_postMessage(channel="general", text="now")

    assert caught.value.response.status_code == 429
    assert refusal(caught) == "ratelimited"
    assert elsewhere["ok"]
    assert later["ok"]


def test_every_ts_is_new_and_later_even_while_the_clock_stands(
    sandbox: Sandbox, client: Client
) -> None:
    sandbox.ensure_channel("general")

    stamps = [client.chat_postMessage(channel="general", text="x")["ts"] for _ in range(3)]

    assert stamps == sorted(set(stamps))
    assert stamps[0].startswith("1795165200.")


def test_a_message_is_updated_in_place(sandbox: Sandbox, client: Client) -> None:
    channel = sandbox.ensure_channel("general")
    ts = client.chat_postMessage(channel="general", text="before")["ts"]

    client.chat_update(channel=channel.id, ts=ts, text="after")
    with pytest.raises(SlackApiError) as caught:
        client.chat_update(channel=channel.id, ts="1.000000", text="what?")

    messages = client.conversations_history(channel=channel.id)["messages"]
    assert [(each["ts"], each["text"]) for each in messages] == [(ts, "after")]
    assert "edited" in messages[0]
    assert refusal(caught) == "message_not_found"


def test_replies_stand_in_the_thread_and_not_in_the_history(
    sandbox: Sandbox, client: Client
) -> None:
    channel = sandbox.ensure_channel("general")
    root = client.chat_postMessage(channel="general", text="root")["ts"]
    reply = client.chat_postMessage(channel="general", text="reply", thread_ts=root)["ts"]

    history = client.conversations_history(channel=channel.id)["messages"]
    thread = client.conversations_replies(channel=channel.id, ts=root)["messages"]
    with pytest.raises(SlackApiError) as nowhere:
        client.chat_postMessage(channel="general", text="hm", thread_ts="1.000000")
    with pytest.raises(SlackApiError) as nested:
        client.chat_postMessage(channel="general", text="hm", thread_ts=reply)

    assert [each["ts"] for each in history] == [root]
    assert history[0]["reply_count"] == 1
    assert [each["text"] for each in thread] == ["root", "reply"]
    assert refusal(nowhere) == "thread_not_found"
    assert refusal(nested) == "cannot_reply_to_message"


def test_an_ephemeral_message_is_in_nobodys_history(sandbox: Sandbox, client: Client) -> None:
    anna = sandbox.ensure_member("anna@example.com", "Anna")
    direct = client.conversations_open(users=anna.id)["channel"]["id"]

    ts = client.chat_postEphemeral(channel=direct, user=anna.id, text="for you")["message_ts"]

    assert client.conversations_history(channel=direct)["messages"] == []
    with pytest.raises(SlackApiError) as caught:
        client.chat_update(channel=direct, ts=ts, text="no")
    assert refusal(caught) == "message_not_found"


def test_history_is_paged_and_bounded_in_time(
    sandbox: Sandbox, client: Client, clock: StandingClock
) -> None:
    channel = sandbox.ensure_channel("general")
    stamps = []
    for number in range(5):
        stamps.append(client.chat_postMessage(channel="general", text=f"{number}")["ts"])
        clock.pass_by(1)

    first = client.conversations_history(channel=channel.id, limit=2)
    rest = client.conversations_history(
        channel=channel.id, limit=9, cursor=first["response_metadata"]["next_cursor"]
    )
    after = client.conversations_history(channel=channel.id, oldest=stamps[2])

    assert [each["text"] for each in first["messages"]] == ["4", "3"]
    assert [each["text"] for each in rest["messages"]] == ["2", "1", "0"]
    assert [each["text"] for each in after["messages"]] == ["4", "3"]


def test_a_lost_reply_leaves_the_message_stored(sandbox: Sandbox, client: Client) -> None:
    channel = sandbox.ensure_channel("general")
    sandbox.faults.drop_reply()

    with pytest.raises(http.client.RemoteDisconnected):
        client.chat_postMessage(channel="general", text="did it arrive?")

    messages = client.conversations_history(channel=channel.id)["messages"]
    assert [each["text"] for each in messages] == ["did it arrive?"]


def test_planned_faults_hit_the_next_calls_and_no_others(sandbox: Sandbox, client: Client) -> None:
    channel = sandbox.ensure_channel("general")
    sandbox.faults.rate_limit(retry_after=7)
    sandbox.faults.fail(status=503)
    sandbox.faults.drop_request()

    with pytest.raises(SlackApiError) as limited:
        client.chat_postMessage(channel="general", text="1")
    with pytest.raises(SlackApiError) as broken:
        client.chat_postMessage(channel="general", text="2")
    with pytest.raises(http.client.RemoteDisconnected):
        client.chat_postMessage(channel="general", text="3")
    client.chat_postMessage(channel="general", text="4")

    assert limited.value.response.headers["Retry-After"] == "7"
    assert broken.value.response.status_code == 503
    messages = client.conversations_history(channel=channel.id)["messages"]
    assert [each["text"] for each in messages] == ["4"]


def test_two_sandboxes_on_one_directory_are_one_workspace(
    sandbox: Sandbox, client: Client, clock: StandingClock
) -> None:
    channel = sandbox.ensure_channel("general")
    with Sandbox(sandbox.directory, clock, "shh", "") as second:
        other = WebClient(token=second.token, base_url=second.slack_url)

        here = client.chat_postMessage(channel="general", text="from one")["ts"]
        there = other.chat_postMessage(channel="general", text="from two")["ts"]

    texts = [e["text"] for e in client.conversations_history(channel=channel.id)["messages"]]
    assert texts == ["from two", "from one"]
    assert here < there


def test_guests_strangers_and_shared_channels_can_be_told_apart(
    sandbox: Sandbox, client: Client
) -> None:
    shared = sandbox.ensure_channel("partners", shared=True)
    own = sandbox.ensure_channel("general")
    people = {
        "is_restricted": sandbox.ensure_member("g@example.com", "G", guest=True),
        "is_stranger": sandbox.ensure_member("s@example.com", "S", stranger=True),
        "is_admin": sandbox.ensure_member("a@example.com", "A", admin=True),
    }

    marks = {
        mark: [
            name for name, other in people.items() if client.users_info(user=other.id)["user"][mark]
        ]
        for mark in people
    }

    assert marks == {name: [name] for name in people}
    assert client.conversations_info(channel=shared.id)["channel"]["is_ext_shared"]
    assert not client.conversations_info(channel=own.id)["channel"]["is_ext_shared"]
