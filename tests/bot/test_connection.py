"""The way to Slack: every call ends in time, is sent once, and hides its secrets."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from threading import Event, Thread

import pytest
from slack_bolt import BoltRequest
from slack_sdk.errors import SlackApiError

from bot import connection
from bot.connection import SlackSettings, client
from bot.socket import run
from tests.bot.stage import CSM, Stage, words


@pytest.fixture
def dripping() -> Iterator[str]:
    """Serve an answer that never ends, one byte after the other."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = Event()

    def serve() -> None:
        with suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                peer.recv(65_536)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not done.wait(0.05):
                    peer.sendall(b"x")

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/"
    done.set()
    listener.close()
    thread.join(5)


def test_an_answer_that_drips_in_for_ever_is_given_up(
    dripping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "DEADLINE", 0.5)
    slow = client(SlackSettings(token="xoxb-1", signing_secret="shh", base_url=dripping))
    begin = time.monotonic()

    with pytest.raises(TimeoutError):
        slow.auth_test()

    assert time.monotonic() - begin < 20


def test_settings_hide_their_secrets() -> None:
    shown = repr(SlackSettings(token="xoxb-1", signing_secret="shh", app_token="xapp-1"))

    assert not any(secret in shown for secret in ("xoxb-1", "shh", "xapp-1"))


def test_a_customers_page_is_below_the_dashboard_whatever_its_key() -> None:
    settings = SlackSettings("t", "s", dashboard_url="https://bw.example/api/dashboard/")

    assert settings.page("a/b ?#") == ("https://bw.example/api/dashboard/customers/a%2Fb%20%3F%23")
    assert SlackSettings("t", "s").page("acme") is None


def test_socket_mode_with_a_wrong_token_says_so_at_once(stage: Stage) -> None:
    stage.sandbox.faults.refuse("apps.connections.open", "invalid_auth", times=None)

    with pytest.raises(SlackApiError, match="invalid_auth"):
        run(stage.app, replace(stage.slack, app_token="xapp-1"), Event())


def test_what_comes_over_our_own_connection_needs_no_signature(stage: Stage) -> None:
    member = stage.sandbox.ensure_member(CSM, "Anna")
    place = stage.sandbox.ensure_channel("general")
    with stage.sandbox.workspace.writing():
        reply_to = stage.sandbox.hands._response_url(place, member, None)  # noqa: SLF001 - as Slack
    payload = {
        "command": "/health",
        "text": "help",
        "user_id": member.id,
        "channel_id": place.id,
        "response_url": reply_to,
    }

    response = stage.app.dispatch(BoltRequest(mode="socket_mode", body=payload))

    assert response.status == 200
    assert "`/health NAME`" in words(stage.channel("#general", CSM)[-1])
