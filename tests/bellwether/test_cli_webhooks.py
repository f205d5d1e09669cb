"""`bellwether webhooks` as an operator uses it."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from standardwebhooks import Webhook

from tests.bellwether.conftest import Run
from tests.delivery.receiver import Receiver, answering


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    there = Receiver(socket.create_server(("127.0.0.1", 0)))
    threading.Thread(target=there.serve, daemon=True).start()
    yield there
    there.door.shutdown(socket.SHUT_RDWR)
    there.door.close()


def test_an_endpoint_is_added_tried_and_its_secret_shown_once(run: Run, receiver: Receiver) -> None:
    added = run("webhooks", "add", "crm", receiver.url(), "--inside", "--json")
    tried = run("webhooks", "test", "crm")
    listed = run("webhooks", "list")

    secret = json.loads(added.out)["secret"]
    (heard,) = receiver.heard
    assert Webhook(secret).verify(heard.body, heard.headers)["type"] == "bellwether.test"
    assert tried.out.strip() == "It arrived: 204."
    assert f"http://127.0.0.1:{receiver.port}" in listed.out
    assert "s3cr3t-in-path" not in listed.out
    assert secret not in listed.out


def test_an_endpoint_that_is_gone_is_switched_off_and_may_be_switched_on(
    run: Run, receiver: Receiver
) -> None:
    receiver.answer = answering("410 Gone")
    run("webhooks", "add", "crm", receiver.url(), "--inside")

    tried = run("webhooks", "test", "crm")
    listed = run("webhooks", "list").out
    on = run("webhooks", "enable", "crm")
    off = run("webhooks", "disable", "crm")

    assert tried.code == 1
    assert "did not arrive (webhook-410)" in tried.out
    assert "off: webhook-410" in listed
    assert on.out.strip() == "The endpoint crm is switched on."
    assert off.out.strip() == "The endpoint crm is switched off."


def test_a_secret_is_rotated_and_who_checks_by_the_old_one_takes_what_comes(
    run: Run, receiver: Receiver
) -> None:
    old = json.loads(run("webhooks", "add", "crm", receiver.url(), "--inside", "--json").out)
    rotated = run("webhooks", "rotate", "crm")
    again = run("webhooks", "rotate", "crm")
    tried = run("webhooks", "test", "crm")

    new = rotated.out.splitlines()[0]
    (heard,) = receiver.heard
    for secret in (old["secret"], new):
        assert Webhook(secret).verify(heard.body, heard.headers)["type"] == "bellwether.test"
    assert "The old secret signs as well until" in rotated.out
    assert (again.code, "--at-once" in again.err) == (1, True)
    assert "two secrets until" in run("webhooks", "list").out
    assert tried.code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "crm", "http://crm.example/"), "must begin with https://"),
        (("test", "crm"), "no webhook endpoint named 'crm'"),
        (("rotate", "crm"), "no webhook endpoint named 'crm'"),
        (("disable", "crm"), "no webhook endpoint named 'crm'"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    tried = run("webhooks", *words)

    assert tried.code == 1
    assert said in tried.err


def test_a_private_address_is_refused_unless_it_was_said_to_be_inside(
    run: Run, receiver: Receiver
) -> None:
    run("webhooks", "add", "crm", f"https://127.0.0.1:{receiver.port}/")

    tried = run("webhooks", "test", "crm")

    assert "did not arrive (webhook-address-not-permitted)" in tried.out
    assert receiver.calls == 0
