"""Rule 13 against real servers: signed, sent to the address that was checked, within bounds."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from delivery.webhook import WebhookChannel
from scoring.load import shipped
from service import webhooks
from service.errors import Away, Lost, Refused, TryLater
from service.ports import House, MailPolicy
from storage.database import Database
from storage.outbox import Message
from tests.delivery.conftest import NOW, StoppedClock, message
from tests.delivery.receiver import Receiver, answering, dropping

KEY = "customer/7/churn-risk/2026-03-05/tell-crm/1"
PUBLIC = "93.184.216.34"


class RealClock(StoppedClock):
    """The right time: the library that verifies refuses old signatures by its own clock."""

    def now(self) -> Any:
        return super().now().fromtimestamp(time.time(), NOW.tzinfo)


@pytest.fixture
def house(sqlite_url: str) -> Iterator[House]:
    """Return a house; the channel only looks endpoints up in it, so one database will do."""
    with closing(Database.open(sqlite_url)) as database:
        yield _house(database)


def _house(database: Database) -> House:
    return House(
        database=database,
        model=shipped(),
        playbooks=(),
        mail=MailPolicy("a@b.example", "approval", "https://b.example", b"a secret of the tests"),
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


@pytest.fixture
def listen() -> Iterator[Callable[..., Receiver]]:
    """Open receivers on loopback."""
    running: list[Receiver] = []

    def start(tls: ssl.SSLContext | None = None) -> Receiver:
        receiver = Receiver(socket.create_server(("127.0.0.1", 0)), tls)
        threading.Thread(target=receiver.serve, daemon=True).start()
        running.append(receiver)
        return receiver

    yield start
    for receiver in running:
        receiver.closing.set()
        # Closing alone would not wake up who waits for a call.
        receiver.door.shutdown(socket.SHUT_RDWR)
        receiver.door.close()


Listen = Callable[..., Receiver]


def told(key: str = KEY, name: str = "crm", **data: Any) -> Message:
    """Return a message to the endpoint as it waits in the outbox."""
    body = webhooks.body("play.step", {"customer": "acme", "words": "grüße 🦊"} | data, NOW)
    return replace(message(), key=key, channel="webhook", recipient=name, body=body)


def add(house: House, url: str, *, inside: bool = True) -> str:
    return webhooks.add(house, "crm", url, inside=inside, by="a test", now=NOW)


def at(*addresses: str, port: int = 0) -> Callable[..., list[Any]]:
    """Return a resolver that answers with these addresses, whatever it is asked."""

    def lookup(_host: str, asked: int, **_: Any) -> list[Any]:
        return [
            (
                socket.AF_INET6 if ":" in each else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (each, port or asked),
            )
            for each in addresses
        ]

    return lookup


def test_rule_13_the_convention_s_own_library_verifies_what_we_send(
    house: House, listen: Listen
) -> None:
    there = listen()
    secret = add(house, there.url())

    receipt = WebhookChannel(house, RealClock()).send(told(), None)

    (heard,) = there.heard
    read = Webhook(secret).verify(heard.body, heard.headers)
    assert read["data"] == {"customer": "acme", "words": "grüße 🦊"}
    assert read["type"] == "play.step"
    assert heard.headers["webhook-id"] == KEY
    assert heard.line == "POST /hook?token=s3cr3t-in-path HTTP/1.1"
    assert heard.headers["host"] == f"127.0.0.1:{there.port}"
    assert receipt.reference == {"status": "204"}


def test_rule_13_for_a_day_after_a_rotation_the_old_secret_and_the_new_verify(
    house: House, listen: Listen
) -> None:
    there, clock = listen(), RealClock()
    old = add(house, there.url())
    now = clock.now()
    new = webhooks.rotate(
        house, "crm", at_once=False, by="a test", now=now - webhooks.BOTH_FOR + timedelta(minutes=9)
    )

    WebhookChannel(house, clock).send(told(), None)

    (heard,) = there.heard
    assert [each[:3] for each in heard.headers["webhook-signature"].split(" ")] == ["v1,"] * 2
    for secret in (old, new):
        assert Webhook(secret).verify(heard.body, heard.headers)["type"] == "play.step"


@pytest.mark.parametrize("at_once", [True, False])
def test_rule_13_an_old_secret_ends_after_a_day_or_at_once_where_others_know_it(
    house: House, listen: Listen, *, at_once: bool
) -> None:
    there, clock = listen(), RealClock()
    old = add(house, there.url())
    rotated = clock.now() - (timedelta(0) if at_once else webhooks.BOTH_FOR)
    new = webhooks.rotate(house, "crm", at_once=at_once, by="a test", now=rotated)

    WebhookChannel(house, clock).send(told(), None)

    (heard,) = there.heard
    assert Webhook(new).verify(heard.body, heard.headers)["type"] == "play.step"
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(heard.body, heard.headers)


def test_rule_13_a_changed_body_or_another_endpoint_s_secret_verifies_nothing(
    house: House, listen: Listen
) -> None:
    there = listen()
    secret = add(house, there.url())
    other = webhooks.add(house, "erp", there.url(), inside=True, by="a test", now=NOW)
    WebhookChannel(house, RealClock()).send(told(), None)
    (heard,) = there.heard

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(heard.body.replace(b"acme", b"acne"), heard.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(heard.body, heard.headers)


def test_the_same_message_has_the_same_id_and_body_each_time_and_no_full_stop_in_its_id(
    house: House, listen: Listen
) -> None:
    there = listen()
    secret = add(house, there.url())
    channel = WebhookChannel(house, RealClock())

    for _ in range(2):
        channel.send(told(key="customer/7/v1.2/é"), None)

    first, second = there.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "customer/7/v1%2E2/%C3%A9"
    assert first.body == second.body
    assert Webhook(secret).verify(second.body, second.headers)


def test_over_tls_the_name_is_what_counts_and_the_checked_address_what_is_called(
    house: House, listen: Listen, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, ca = tls
    there = listen(context)
    add(house, there.url(), inside=True)
    asked: list[str] = []

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return at("127.0.0.1")(host, port)

    WebhookChannel(house, StoppedClock(), lookup=lookup, ca=ca).send(told(), None)

    assert asked == ["127.0.0.1"]
    assert there.heard[0].headers["host"] == f"127.0.0.1:{there.port}"


def test_a_certificate_for_another_name_is_not_told_anything(
    house: House, listen: Listen, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, ca = tls
    there = listen(context)
    add(house, there.url(host="crm.example"))

    with pytest.raises(TryLater, match="certificate"):
        WebhookChannel(house, StoppedClock(), lookup=at("127.0.0.1"), ca=ca).send(told(), None)

    assert there.heard == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["10.0.0.5"], ["169.254.169.254"], ["100.64.1.1"], ["::1"],
        ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["fe80::1%eth0"],
        [PUBLIC, "127.0.0.1"], ["2606:4700::1111", PUBLIC, "192.0.0.8"],
    ],
)  # fmt: skip
def test_rule_13_one_special_address_among_all_and_nobody_is_called(
    house: House, listen: Listen, addresses: list[str]
) -> None:
    there = listen()
    add(house, "https://crm.example/hook", inside=False)
    channel = WebhookChannel(house, StoppedClock(), lookup=at(*addresses, port=there.port))

    with pytest.raises(Refused) as caught:
        channel.send(told(), None)

    assert caught.value.code == "webhook-address-not-permitted"
    assert not caught.value.permanent
    assert there.calls == 0


def test_rule_13_a_name_that_changes_its_address_after_the_check_leads_nowhere(
    house: House, listen: Listen
) -> None:
    """A resolver that answers with the metadata service the second time is never asked again."""
    there = listen()
    add(house, there.url(host="crm.example"))
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return at(*answers.pop(0))(host, port)

    WebhookChannel(house, StoppedClock(), lookup=lookup).send(told(), None)

    assert len(answers) == 1
    assert there.heard[0].headers["host"] == f"crm.example:{there.port}"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_rule_13_redirects_are_not_followed(house: House, listen: Listen, status: str) -> None:
    there, elsewhere = listen(), listen()
    there.answer = answering(status, f"Location: {elsewhere.url()}")
    add(house, there.url())

    with pytest.raises(TryLater, match=f"webhook-{status[:3]}"):
        WebhookChannel(house, StoppedClock()).send(told(), None)

    assert elsewhere.calls == 0


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "299 Fine"])
def test_every_2xx_is_a_yes(house: House, listen: Listen, status: str) -> None:
    there = listen()
    there.answer = answering(status, body=b"thanks")
    add(house, there.url())

    receipt = WebhookChannel(house, StoppedClock()).send(told(), None)

    assert receipt.reference == {"status": status[:3]}


@pytest.mark.parametrize(
    ("status", "header", "after"),
    [
        ("400 Bad", "X: y", 30),
        ("404 Not found", "X: y", 30),
        ("500 Broken", "X: y", 30),
        ("429 Slow down", "Retry-After: 120", 120),
        ("503 Away", "Retry-After: 999999999999", 86_400),
        ("503 Away", "Retry-After: Fri, 20 Nov 2026 09:05:00 GMT", 300),
        ("503 Away", "Retry-After: Fri, 20 Nov 2020 09:05:00 GMT", 0),
        ("503 Away", "Retry-After: soon", 30),
        ("503 Away", "Retry-After: -5", 30),
        ("503 Away", "Retry-After: Mon, 01 Jan 99999999999 00:00:00 GMT", 30),
    ],
)
def test_rule_13_any_other_answer_means_later(
    house: House, listen: Listen, status: str, header: str, after: float
) -> None:
    there = listen()
    there.answer = answering(status, header)
    add(house, there.url())

    with pytest.raises(TryLater) as caught:
        WebhookChannel(house, StoppedClock()).send(told(), None)

    assert (caught.value.code, caught.value.after) == (f"webhook-{status[:3]}", after)
    assert not isinstance(caught.value, Away)


def test_rule_13_410_is_for_good(house: House, listen: Listen) -> None:
    there = listen()
    there.answer = answering("410 Gone")
    add(house, there.url())

    with pytest.raises(Refused) as caught:
        WebhookChannel(house, StoppedClock()).send(told(), None)

    assert (caught.value.permanent, caught.value.code) == (True, "webhook-410")


@pytest.mark.parametrize("fault", ["hanging", "dripping", "dropping"])
def test_rule_14_whoever_does_not_answer_in_time_may_have_heard_us(
    house: House, listen: Listen, fault: str
) -> None:
    there = listen()
    there.answer = dropping if fault == "dropping" else getattr(there, fault)
    add(house, there.url())

    with pytest.raises(Lost):
        WebhookChannel(house, StoppedClock(), deadline=1.5).send(told(), None)

    assert len(there.heard) == 1


def test_an_answer_without_end_is_a_yes_and_is_not_read_to_it(house: House, listen: Listen) -> None:
    there = listen()
    there.answer = there.flooding
    add(house, there.url())

    receipt = WebhookChannel(house, StoppedClock()).send(told(), None)

    assert receipt.reference == {"status": "200"}


def test_nobody_listening_means_away(house: House, free_port: Callable[[], int]) -> None:
    add(house, f"http://127.0.0.1:{free_port()}/")

    with pytest.raises(Away, match="ConnectionRefusedError"):
        WebhookChannel(house, StoppedClock()).send(told(), None)


def test_a_name_nobody_knows_means_away(house: House) -> None:
    def lookup(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known: crm.example")

    add(house, "https://crm.example/hook", inside=False)

    with pytest.raises(Away) as caught:
        WebhookChannel(house, StoppedClock(), lookup=lookup).send(told(), None)

    assert caught.value.code == "webhook-name-unknown"


def test_the_next_address_is_tried_where_the_first_is_dead(house: House, listen: Listen) -> None:
    there = listen()
    add(house, there.url(host="crm.example"))
    # Nobody listens on 127.0.0.2 there, for the receiver was bound to 127.0.0.1 alone.
    channel = WebhookChannel(house, StoppedClock(), lookup=at("127.0.0.2", "127.0.0.1"))

    channel.send(told(), None)

    assert len(there.heard) == 1


def test_an_endpoint_that_is_off_or_unknown_is_not_called(house: House, listen: Listen) -> None:
    there = listen()
    add(house, there.url())
    webhooks.disable(house, "crm", by="a test", now=NOW + timedelta(hours=1))

    for name in ("crm", "nobody"):
        with pytest.raises(Refused, match="webhook-closed"):
            WebhookChannel(house, StoppedClock()).send(told(name=name), None)

    assert there.calls == 0
