"""Rules 11, 13 and 14 from the wire to the table: what real servers do, the outbox says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from delivery.smtp import SmtpChannel
from delivery.webhook import WebhookChannel
from service import webhooks
from service.deliver import deliver
from service.ports import Channel, House
from storage import customers, outbox
from tests.builders import customers as add_customers
from tests.delivery.conftest import NOW, Open, Post, StoppedClock, message
from tests.delivery.receiver import Receiver, answering
from tests.delivery.test_smtp import drip
from tests.delivery.test_webhook import RealClock, at

# Long enough to come as far as the final dot on a slow machine, or only to the first word.
LONG, SHORT = 2.0, 0.3
# What a mail server answers at which word, and what becomes of the letter.
ANSWERS = (
    ("MAIL", "421 going down", "pending"),
    ("RCPT", "450 greylisted", "pending"),
    ("DATA", "451 try again", "pending"),
    ("RCPT", "550 5.1.1 nobody", "failed"),
    ("RCPT", "552 5.2.2 full", "failed"),
    ("MAIL", "554 5.7.1 not you", "failed"),
    ("DATA", "554 5.7.1 spam", "failed"),
)
# Where it falls silent or hangs up.
FAULTS = (
    ("hang", "MAIL", SHORT, "pending"),
    ("drop", "RCPT", LONG, "pending"),
    ("hang", "DATA", LONG, "unknown"),
    ("drop", "DATA", LONG, "unknown"),
)
# What no letter may look like.
UNFIT = (
    {"to": "pat@a.example, eve@b.example"},
    {"subject": "a\r\nBcc: eve@evil.example"},
    {"subject": "a\u2028b"},
)


class Later(StoppedClock):
    """An hour on, when whatever may be tried again is."""

    def now(self) -> Any:
        return super().now() + timedelta(hours=1)


class Letters:
    """Letters that go out one at a time, each to a customer of its own."""

    def __init__(self, house: House) -> None:
        self.house, self.sent = house, 0

    def send(self, channel: Channel, **body: Any) -> str:
        """Send the next letter this way; return what the outbox says of it then."""
        self.sent += 1
        address = body.get("to") or self.address(self.sent)
        (owner,) = add_customers(self.house.database, f"c{self.sent}", now=NOW)
        words = {"to": address, "message_id": f"<{self.sent}.{owner}@b.example>"} | body
        new = intent(channel, address, message(**words).body, owner, self.sent)
        return sent(self.house, channel, new)

    def address(self, number: int) -> str:
        return f"pat@c{number}.example"

    def suppressed(self, number: int) -> bool:
        with self.house.database.reading() as tx:
            return customers.is_suppressed(tx, self.address(number), self.house.mail.secret)


def intent(
    channel: Channel, recipient: str, body: dict[str, Any], owner: int, number: int
) -> outbox.NewMessage:
    return outbox.NewMessage(
        key=f"intent/{number}", channel=channel.name, recipient=recipient, body=body, play_id=None,
        step_id=None, customer_id=owner, due_at=NOW, expires_at=NOW + timedelta(hours=24),
        verb="post", root_key=None,
    )  # fmt: skip


def sent(house: House, channel: Channel, new: outbox.NewMessage) -> str:
    """Let it leave, and return what the outbox says of it then."""
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [new], now=NOW)
    deliver(house, {channel.name: channel}, StoppedClock())
    with house.database.reading() as tx:
        found = outbox.message_by_key(tx, new.key)
    assert found is not None
    return found.state


@pytest.mark.slow
def test_rule_11_what_a_mail_server_does_at_each_word_is_what_the_outbox_says(
    house: House, office: Open
) -> None:
    letters, there = Letters(house), office()
    healthy, post = there.channel(), there.post

    for word, answer, state in ANSWERS:
        post.answers = {word: answer}
        assert (word, answer, letters.send(healthy)) == (word, answer, state)
        assert letters.suppressed(letters.sent) == ("5.1.1" in answer)
    for fault, word, deadline, state in FAULTS:
        broken = office(post=Post(hang=word) if fault == "hang" else Post(drop=word))
        channel = broken.channel(deadline=deadline)
        assert (fault, word, letters.send(channel)) == (fault, word, state)
    for body in UNFIT:
        assert (body, letters.send(healthy, **body)) == (body, "failed")

    # An hour later just those leave of which the server surely has nothing, once each.
    post.answers, post.taken = {}, []
    deliver(house, {"email": healthy}, Later())
    deliver(house, {"email": healthy}, Later())
    states = [state for *_, state in (*ANSWERS, *FAULTS)]
    waited = [number for number, state in enumerate(states, start=1) if state == "pending"]
    assert [each.rcpt_tos for each in post.taken] == [[letters.address(one)] for one in waited]


def test_rule_14_a_mail_server_that_drips_leaves_the_letter_for_later(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=drip, args=[door], daemon=True).start()
        url = f"smtp://127.0.0.1:{door.getsockname()[1]}"

        assert Letters(house).send(SmtpChannel(url, StoppedClock(), SHORT)) == "pending"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listen for calls."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        there = Receiver(door)
        threading.Thread(target=there.serve, daemon=True).start()
        yield there
        there.closing.set()
        door.shutdown(socket.SHUT_RDWR)


class Calls:
    """Calls of endpoints, each of a name and a secret of its own."""

    def __init__(self, house: House, receiver: Receiver) -> None:
        self.house, self.there, self.made, self.secret = house, receiver, 0, ""
        (self.owner,) = add_customers(house.database, "acme", now=NOW)

    def make(self, url: str = "", *, inside: bool = True, **how: Any) -> str:
        """Make the next call; return what the outbox says of it then."""
        self.made += 1
        name = f"crm-{self.made}"
        self.secret = webhooks.add(
            self.house, name, url or self.there.url(), inside=inside, by="a test", now=NOW
        )
        channel = WebhookChannel(self.house, RealClock(), **how)
        body = webhooks.body("play.step", {"customer": "acme", "words": "grüße 🦊"}, NOW)
        new = intent(channel, name, dict(body), self.owner, self.made)
        return sent(self.house, channel, new)

    def is_on(self) -> bool:
        found = webhooks.known(self.house, f"crm-{self.made}")
        return found is not None and found.disabled_at is None


def test_rule_13_a_call_is_signed_so_that_the_convention_s_own_library_verifies_it(
    house: House, receiver: Receiver
) -> None:
    calls = Calls(house, receiver)

    assert calls.make() == "sent"

    (heard,) = receiver.heard
    assert Webhook(calls.secret).verify(heard.body, heard.headers)["type"] == "play.step"
    with pytest.raises(WebhookVerificationError):
        Webhook(calls.secret).verify(heard.body.replace(b"acme", b"acne"), heard.headers)


def test_rule_13_no_redirect_is_followed_410_switches_off_and_all_else_is_tried_again(
    house: House, receiver: Receiver
) -> None:
    calls = Calls(house, receiver)
    for status in ("302 Found", "404 Not found", "503 Away"):
        receiver.answer = answering(status, f"Location: {receiver.url('/elsewhere')}")
        assert (status, calls.make(), calls.is_on()) == (status, "pending", True)

    receiver.answer = answering("410 Gone")
    assert (calls.make(), calls.is_on()) == ("failed", False)

    assert receiver.calls == calls.made


def test_rule_13_one_special_address_among_all_and_nobody_is_called_whatever_is_stored(
    house: House, receiver: Receiver
) -> None:
    calls, url = Calls(house, receiver), "https://crm.example/hook"
    public = "93.184.216.34"
    for special in ("127.0.0.1", "169.254.169.254", "100.64.1.1", "64:ff9b::7f00:1"):
        lookup: Callable[..., list[Any]] = at(public, special, port=receiver.port)
        assert (special, calls.make(url, inside=False, lookup=lookup)) == (special, "failed")

    assert receiver.calls == 0
