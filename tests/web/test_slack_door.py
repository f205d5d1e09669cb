"""Slack's requests reach the bot byte for byte, and a slow bot stops nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from service.ports import House
from tests.web.conftest import Client, StoppedClock, on_one_database
from web.app import build


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Bot:
    """Keeps what it is handed and answers as told."""

    reply: Reply = field(default_factory=lambda: Reply(200, {"X-Bot": "yes"}, b"ok"))
    handed: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def __call__(self, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        self.handed.append((method, headers, body))
        return self.reply


@on_one_database
@pytest.mark.parametrize("path", ["/slack/events", "/slack/commands", "/slack/interactions"])
def test_the_body_arrives_untouched_with_its_headers(house: House, path: str) -> None:
    bot = Bot()
    raw = b"token=x&text=%20a+b%2B&\xff\x00"

    with Client(build(house, StoppedClock(), slack=bot)) as client:
        answer = client.post(
            path, content=raw, headers={"X-Slack-Signature": "v0=abc", "Content-Type": "x/y"}
        )

    ((method, headers, body),) = bot.handed
    assert (method, body) == ("POST", raw)
    assert headers["x-slack-signature"] == "v0=abc"
    assert (answer.status_code, answer.text, answer.headers["X-Bot"]) == (200, "ok", "yes")


@on_one_database
def test_the_bots_refusal_is_passed_on(house: House) -> None:
    bot = Bot(Reply(401, {}, b""))

    with Client(build(house, StoppedClock(), slack=bot)) as client:
        answer = client.post("/slack/events")

    assert answer.status_code == 401


@on_one_database
def test_without_slack_there_is_nothing_at_the_door(client: Client) -> None:
    assert client.post("/slack/events").status_code == 404


@on_one_database
def test_a_flood_is_refused_before_the_bot_sees_it(house: House) -> None:
    bot = Bot()

    with Client(build(house, StoppedClock(), slack=bot)) as client:
        answer = client.post("/slack/events", content=b"x" * 2_000_000)

    assert answer.status_code == 413
    assert bot.handed == []
