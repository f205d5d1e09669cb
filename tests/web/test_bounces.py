"""The door for mail that came back: who may, how much, and what becomes of it."""

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest

from service import keys
from service.ports import House
from service.returned import LONGEST
from storage import customers, outbox
from tests.builders import NOON
from tests.builders import customers as add_customers
from tests.service.reports import ANNA, bounce, complaint, ses
from tests.web.conftest import Client

MAIL = {"Content-Type": "message/rfc822"}


@pytest.fixture
def letter(house: House) -> str:
    """Return the Message-ID of a mail that left for Anna."""
    (acme,) = add_customers(house.database, "acme", contact_email=ANNA)
    known = f"<0123.{acme}@bellwether.example>"
    new = outbox.NewMessage(
        key="a mail", channel="email", recipient=ANNA, body={"message_id": known, "to": ANNA},
        play_id=None, step_id=None, customer_id=acme, due_at=NOON, expires_at=None, verb="post",
        root_key=None,
    )  # fmt: skip
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [new], now=NOON)
        (taken,) = outbox.claim(tx, NOON, timedelta(minutes=5), 1)
        outbox.settle(tx, taken.id, "sent", now=NOON)
    return known


@pytest.fixture
def key(house: House) -> str:
    return keys.create(house.database, "mail server", now=NOON)


def suppressed(house: House) -> bool:
    with house.database.reading() as tx:
        return customers.is_suppressed(tx, ANNA, house.mail.secret)


@pytest.mark.parametrize("make", [bounce, ses])
def test_a_report_is_taken_once(
    house: House, client: Client, key: str, letter: str, make: Callable[..., bytes]
) -> None:
    raw, sent = (
        make(letter=letter),
        {"Authorization": f"Bearer {key}", "Content-Type": "text/plain"},
    )

    first = client.post("/mail/bounces", content=raw, headers=sent)
    again = client.post("/mail/bounces", content=raw, headers=sent)

    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["hard"], again.json()["hard"], again.json()["known"]) == (1, 0, 1)
    assert suppressed(house)


def test_a_provider_that_knows_only_logins_shows_the_key_as_its_password(
    house: House, client: Client, key: str, letter: str
) -> None:
    login = base64.b64encode(f"any:{key}".encode()).decode()

    answer = client.post(
        "/mail/bounces",
        content=complaint(letter=letter),
        headers={"Authorization": f"Basic {login}", **MAIL},
    )

    assert answer.json()["complaints"] == 1
    assert suppressed(house)


@pytest.mark.parametrize("shown", ["", "Bearer bw_no", "Basic !!", "Basic YTpi"])
def test_nobody_without_a_key(house: House, client: Client, letter: str, shown: str) -> None:
    sent = MAIL | ({"Authorization": shown} if shown else {})

    answer = client.post("/mail/bounces", content=bounce(letter=letter), headers=sent)

    assert answer.status_code == 401
    assert not suppressed(house)


@pytest.mark.parametrize("body", [b"", b"hello", b"{}", b"[1, 2]", b"{broken", b"\xff\x00"])
def test_what_is_no_report_is_a_success_that_changes_nothing(
    client: Client, key: str, body: bytes
) -> None:
    """A provider would send it again and again otherwise."""
    answer = client.post(
        "/mail/bounces", content=body, headers={"Authorization": f"Bearer {key}", **MAIL}
    )

    assert answer.status_code == 200
    assert answer.json()["reports"] == 0


def test_a_body_without_measure_is_refused(client: Client, key: str) -> None:
    answer = client.post(
        "/mail/bounces",
        content=b"x" * (LONGEST + 1),
        headers={"Authorization": f"Bearer {key}", **MAIL},
    )

    assert answer.status_code == 413
