"""A counted link leads on at once; a look, a machine, a forgery count for less or nothing."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from service import tracking
from service.ports import House
from storage import mail_seen, outbox
from storage.database import Database
from storage.mail_seen import Seen
from storage.outbox import Message
from tests.builders import NOON, customers, message
from tests.service.test_links import Reader
from tests.web.conftest import Client, StoppedClock, on_one_database
from web.app import build
from web.tracking import AT_A_TIME

TARGET = "https://acme.example/guide?a=1&b=2"
PERSON = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}


@pytest.fixture
def house(house: House) -> House:
    return replace(house, mail=replace(house.mail, tracking="all"))


@pytest.fixture
def app(house: House) -> FastAPI:
    return build(house, StoppedClock())


@pytest.fixture
def letter(house: House) -> Message:
    """Let a mail to Acme have left an hour ago."""
    (acme,) = customers(house.database, "acme")
    html = f'<a href="{TARGET.replace("&", "&amp;")}">Guide</a>'
    body = {"html": html, "to": "anna@acme.example"}
    new = message("mail", channel="email", recipient="anna@acme.example", body=body)
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [replace(new, customer_id=acme)], now=NOON)
        (claimed,) = outbox.claim(tx, NOON, timedelta(minutes=1), 1)
        outbox.settle(tx, claimed.id, "sent", now=NOON - timedelta(hours=1))
    return claimed


@pytest.fixture
def link(house: House, letter: Message) -> str:
    html = str(tracking.worn(house.mail, letter).body["html"])
    return Reader(html).links[0].removeprefix(house.mail.base_url)


@pytest.fixture
def picture(house: House, letter: Message) -> str:
    html = str(tracking.worn(house.mail, letter).body["html"])
    return html.partition('<img src="')[2].partition('"')[0].removeprefix(house.mail.base_url)


def seen(house: House, letter: Message) -> Sequence[Seen]:
    with house.database.reading() as tx:
        return mail_seen.seen_of_message(tx, letter.id)


def test_a_link_leads_on_and_is_counted(
    house: House, client: Client, letter: Message, link: str
) -> None:
    answer = client.get(link, headers=PERSON)

    assert (answer.status_code, answer.headers["Location"]) == (302, TARGET)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert [(each.target, each.times, each.doubtful) for each in seen(house, letter)] == [
        (TARGET, 1, 0)
    ]


def test_a_picture_tells_of_opening_and_is_fetched_each_time(
    house: House, client: Client, letter: Message, picture: str
) -> None:
    answer = client.get(picture, headers=PERSON)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert [each.kind for each in seen(house, letter)] == ["open"]


@on_one_database
def test_only_a_get_counts(house: House, client: Client, letter: Message, link: str) -> None:
    looked = client.request("HEAD", link, headers=PERSON)
    for method in ("POST", "PUT", "OPTIONS", "DELETE"):
        assert client.request(method, link, headers=PERSON).status_code == 405

    assert (looked.status_code, looked.headers["Location"]) == (302, TARGET)
    assert seen(house, letter) == ()


@on_one_database
@pytest.mark.parametrize(
    "headers",
    [
        PERSON | {"Sec-Purpose": "prefetch;prerender"},
        PERSON | {"Purpose": "prefetch"},
        PERSON | {"X-Purpose": "preview"},
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0"},
        {"User-Agent": "python-requests/2.32"},
    ],
)
def test_what_looks_like_a_machine_is_counted_apart(
    house: House, client: Client, letter: Message, link: str, headers: dict[str, str]
) -> None:
    client.get(link, headers=headers)
    client.get(link, headers=PERSON)

    assert [(each.times, each.doubtful) for each in seen(house, letter)] == [(2, 1)]


@pytest.mark.parametrize("token", ["x", "x" * 3000, "%00", "é", "https://evil.example"])
@on_one_database
def test_a_forged_token_leads_nowhere(client: Client, link: str, token: str) -> None:
    assert client.get(f"/t/{token}").status_code == 404
    assert client.get(f"{link}x").status_code == 404


@on_one_database
def test_a_reader_is_led_on_when_the_database_is_not_there(
    app: FastAPI, house: House, client: Client, link: str, tmp_path: Path
) -> None:
    with closing(Database.open(f"sqlite:///{tmp_path / 'without_tables.db'}")) as empty:
        app.state.house = replace(house, database=empty)

        assert client.get(link, headers=PERSON).headers["Location"] == TARGET


@on_one_database
def test_more_than_some_at_once_lead_on_uncounted(
    app: FastAPI, house: House, client: Client, letter: Message, link: str
) -> None:
    for _ in range(AT_A_TIME):
        assert app.state.counting.enter()

    assert client.get(link, headers=PERSON).status_code == 302
    assert seen(house, letter) == ()
