"""Rule 14: the mail server is gone for six hours while 2,000 letters wait for it."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from delivery.smtp import SmtpChannel
from scoring.load import shipped
from service.deliver import DeliveryReport, deliver
from service.ports import House, MailPolicy
from storage import outbox
from storage.database import Database
from storage.tables_acts import message as messages
from tests.builders import customers
from tests.delivery.conftest import NOW, message

LETTERS = 2_000
OUTAGE, STEP = timedelta(hours=6), timedelta(minutes=5)


class Watch:
    """The clock, passed in: six hours go by in as many steps as the test likes."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Shelf:
    """A mail server that keeps the Message-IDs it was given, and who they were for."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()

    async def handle_DATA(  # noqa: N802 - aiosmtpd's naming
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        known = envelope.content.split(b"Message-ID: <", 1)[1].split(b".", 1)[0].decode()
        (recipient,) = envelope.rcpt_tos
        self.taken[known, recipient] += 1
        return "250 kept"


def letter(number: int, owner: int) -> outbox.NewMessage:
    """Return a letter to a customer of their own domain; every fourth is nearly a day old."""
    due = NOW - timedelta(hours=19) if is_stale(number) else NOW
    address = f"pat@customer-{number}.example"
    body = message(message_id=f"<letter-{number}.{owner}@b.example>", to=address).body
    return outbox.NewMessage(
        key=f"customer/{owner}/outreach", channel="email", recipient=address, body=body,
        play_id=None, step_id=None, customer_id=owner, due_at=due,
        expires_at=due + timedelta(hours=24), verb="post", root_key=None,
    )  # fmt: skip


def is_stale(number: int) -> bool:
    return number % 4 == 0


@pytest.fixture
def house(database: Database) -> House:
    house = House(
        database=database,
        model=shipped(),
        playbooks=(),
        mail=MailPolicy("a@b.example", "automatic", "https://b.example", b"a secret of the tests"),
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )
    owners = customers(database, *(f"c{number}" for number in range(LETTERS)), now=NOW)
    letters = [letter(number, owner) for number, owner in enumerate(owners)]
    with database.transaction() as tx:
        outbox.enqueue(tx, letters, now=NOW)
    return house


@pytest.mark.slow
def test_rule_14_six_hours_without_a_mail_server_lose_nothing_and_double_nothing(
    house: House, free_port: Callable[[], int]
) -> None:
    port, watch, shelf = free_port(), Watch(), Shelf()
    channel = SmtpChannel(f"smtp://127.0.0.1:{port}", watch)

    tried = _down(house, channel, watch)
    with closing(_Office(shelf, port)):
        report = deliver(house, {"email": channel}, watch)
        again = deliver(house, {"email": channel}, watch)

    fresh = [number for number in range(LETTERS) if not is_stale(number)]
    stale = LETTERS - len(fresh)
    assert set(shelf.taken) == {(f"letter-{n}", f"pat@customer-{n}.example") for n in fresh}
    assert set(shelf.taken.values()) == {1}
    assert (report.sent, again.sent, again.cancelled) == (len(fresh), 0, 0)
    with house.database.reading() as tx:
        # What is pending is the word to the operator, for Slack.
        assert outbox.counts(tx) == {"sent": len(fresh), "cancelled": stale, "pending": 1}
    reasons = _reasons(house)
    assert set(reasons) <= {"too old", "could not be delivered in time"}
    assert sum(reasons.values()) == stale
    # One letter a look learns that nobody is there; the others are spared the way.
    assert tried <= OUTAGE / STEP + stale


def _down(house: House, channel: SmtpChannel, watch: Watch) -> int:
    """Let six hours pass; answer how many letters were tried in them."""
    ends, tried = watch.now() + OUTAGE, 0
    while watch.now() < ends:
        report: DeliveryReport = deliver(house, {"email": channel}, watch)
        tried += report.retried + report.cancelled
        assert report.sent == 0
        watch.time += STEP
    return tried


def _reasons(house: House) -> Counter[str]:
    """Count why letters were dropped, by the words before the colon."""
    with house.database.reading() as tx:
        dropped = tx.execute(select(messages.c.error).where(messages.c.state == "cancelled"))
        return Counter((why or "").partition(":")[0] for why in dropped.scalars())


class _Office:
    """A running mail server."""

    def __init__(self, shelf: Shelf, port: int) -> None:
        self._controller = Controller(shelf, hostname="127.0.0.1", port=port)
        self._controller.start()

    def close(self) -> None:
        """Stop listening."""
        self._controller.stop()
