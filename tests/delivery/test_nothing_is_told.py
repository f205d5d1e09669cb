"""Rule 27: all that a failing delivery writes is read, and holds no secret, address or word of it.

Real servers refuse, with everything they were given in their answers, as real servers do.
"""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bellwether.logs import Text
from delivery.smtp import SmtpChannel
from delivery.webhook import WebhookChannel
from scoring.load import shipped
from service import bounces, webhooks
from service.deliver import deliver
from service.ports import Channel, House, MailPolicy, Receipt
from service.returned import read_mail
from storage import outbox
from storage.columns import metadata
from storage.database import Database
from storage.outbox import Message
from storage.webhooks import Endpoint
from tests.builders import customers
from tests.delivery.conftest import NOW, Office, Open, StoppedClock, message
from tests.delivery.receiver import Receiver, answering
from tests.service.reports import bounce

ADDRESS, WORDS, NAME = "anna@acme.example", "purple elephants", "Anna Schmidt"
PASSWORD, TOKEN, HOUSE = "hunter2-hunter2", "s3cr3t-in-path", b"the house's own secret"
# Columns whose very purpose it is to hold what is to be said, and to whom.
MEANT = {
    ("message", "body"), ("message", "recipient"), ("contact", "email"), ("contact", "name"),
    ("contact", "email_folded"), ("webhook", "url"), ("webhook", "nonce"),
}  # fmt: skip


class Fails:
    """A channel that breaks in a way nobody foresaw, with everything in its words."""

    name = "email"

    def send(self, message: Message, root: object) -> Receipt:
        del root
        raise RuntimeError(f"{message.body} {PASSWORD}")


@pytest.fixture
def house(database: Database) -> House:
    mail = MailPolicy("a@b.example", "automatic", "https://b.example", HOUSE)
    house = House(
        database=database,
        model=shipped(),
        playbooks=(),
        mail=mail,
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )
    customers(database, "acme", contact_email=ADDRESS, contact_name=NAME, now=NOW)
    return house


def enqueue(house: House, key: str, channel: str, recipient: str) -> None:
    body = message(
        text=f"Hello, {WORDS}.", html=f"<p>{WORDS}</p>", subject=f"About {WORDS}", to=ADDRESS,
        message_id="<0123.1@b.example>",
    ).body  # fmt: skip
    new = outbox.NewMessage(
        key=key, channel=channel, recipient=recipient, body=body, play_id=None, step_id=None,
        customer_id=1, due_at=NOW - timedelta(hours=1), expires_at=NOW + timedelta(hours=24),
        verb="post", root_key=None,
    )  # fmt: skip
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [new], now=NOW)


@contextmanager
def receiver(status: str) -> Iterator[Receiver]:
    """Listen, and answer with everything that was heard."""
    there = Receiver(socket.create_server(("127.0.0.1", 0)))

    def echo(line: socket.socket) -> None:
        answering(status, f"X-Said: {ADDRESS}", body=there.heard[-1].body)(line)

    there.answer = echo
    threading.Thread(target=there.serve, daemon=True).start()
    yield there
    there.door.shutdown(socket.SHUT_RDWR)
    there.door.close()


def mail_servers(office: Open, free_port: Callable[[], int]) -> Iterator[Channel]:
    """Yield a channel for each way in which a mail server fails."""
    for phase in ("MAIL", "RCPT", "DATA"):
        for code in ("451", "550", "554"):
            there: Office = office()
            there.post.answers[phase] = f"{code} 5.7.1 <{ADDRESS}> {WORDS} {PASSWORD}"
            yield there.channel()
    there = office()
    there.post.drop = "DATA"
    yield there.channel()
    yield office().channel(login=f"ann:{PASSWORD}@")
    yield SmtpChannel(f"smtp://ann:{PASSWORD}@127.0.0.1:{free_port()}", StoppedClock())
    yield Fails()


def test_rule_27_all_a_failing_delivery_writes_holds_nothing_it_was_given(
    house: House,
    office: Open,
    free_port: Callable[[], int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = [PASSWORD, TOKEN, HOUSE.decode()]
    for number, channel in enumerate(mail_servers(office, free_port)):
        enqueue(house, f"mail/{number}", "email", ADDRESS)
        deliver(house, {"email": channel}, StoppedClock())
    for status in ("400 Bad", "410 Gone", "302 Found"):
        with receiver(status) as there:
            name = f"crm-{status[:3]}"
            secret = webhooks.add(house, name, there.url(), inside=True, by="a test", now=NOW)
            secrets.append(secret.removeprefix(webhooks.PREFIX))
            enqueue(house, name, "webhook", name)
            deliver(house, {"webhook": WebhookChannel(house, StoppedClock())}, StoppedClock())
            assert len(there.heard) == 1
    raw = bounce("5.1.1", f"smtp; 550 5.1.1 <{ADDRESS}> {WORDS}", letter="<0123.1@b.example>")
    taken = bounces.take(house, read_mail(raw), now=NOW)

    logged = _logged(caplog)
    written = dict(_written(house.database))
    assert taken.hard == 1
    # The test would be worth nothing if it did not see what it looks at.
    assert "RuntimeError" in logged
    assert any("smtp-550-rcpt" in text for text in written.values())
    assert any("webhook-400" in text for text in written.values())
    for banned in [ADDRESS, "anna@", WORDS, NAME, *secrets]:
        assert banned not in logged
        assert [where for where, text in written.items() if banned in text] == []


def _known(house: House, name: str) -> Endpoint:
    found = webhooks.known(house, name)
    assert found is not None
    return found


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return all that was logged, as it was said and as the product would write it.

    Ours at every level; of the mail server, which is the sandbox's, what the product lets it say.
    """
    heard = [
        record
        for record in caplog.records
        if record.levelno >= logging.WARNING or record.name not in {"mail.log", "asyncio"}
    ]
    said = [record.getMessage() for record in heard]
    return "\n".join([*said, *(Text().format(record) for record in heard)])


def _written(database: Database) -> Iterator[tuple[str, str]]:
    """Yield every column of every row as text, but for those that are meant to hold it."""
    with database.reading() as tx:
        for table in metadata.sorted_tables:
            for number, row in enumerate(tx.execute(select(table))):
                for name, value in row._mapping.items():  # noqa: SLF001 - public, in SQLAlchemy's documentation
                    if (table.name, name) not in MEANT:
                        yield f"{table.name}.{name}/{number}", json.dumps(value, default=str)
        # What our own people are told is a body as well, and must say no more.
        notes = metadata.tables["message"]
        for row in tx.execute(select(notes.c.key, notes.c.body).where(notes.c.channel == "slack")):
            yield f"note {row.key}", json.dumps(row.body)


def test_rule_27_what_is_shown_of_a_message_or_a_channel_when_something_breaks_is_bare(
    house: House,
) -> None:
    """A traceback with its variables would show these."""
    channel = SmtpChannel(f"smtp://ann:{PASSWORD}@mail.example", StoppedClock())
    webhooks.add(house, "crm", f"https://crm.example/?{TOKEN}", inside=False, by="a test", now=NOW)

    shown = f"{channel!r} {_known(house, 'crm')!r} {replace(house.mail)!r} {channel.__dict__}"

    assert PASSWORD not in shown
    assert TOKEN not in shown
    assert HOUSE.decode() not in shown
    assert TOKEN not in repr(webhooks.target(f"https://crm.example/?{TOKEN}", inside=False))
