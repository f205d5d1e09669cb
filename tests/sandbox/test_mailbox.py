"""The mailbox, written to by the standard library's client."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sandbox.errors import NotStarted
from sandbox.mailbox import Mailbox
from tests.sandbox.conftest import StandingClock


@pytest.fixture
def mailbox(tmp_path: Path, clock: StandingClock) -> Iterator[Mailbox]:
    box = Mailbox(tmp_path, clock)
    box.start()
    yield box
    box.stop()


def letter(subject: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "csm@example.com"
    message["To"] = "kim@acme.example"
    message["Subject"] = subject
    message.set_content("Dear Kim — hello.\n.\nA line with one dot above.")
    message.add_alternative("<p>Dear Kim</p>", subtype="html")
    return message


def send(mailbox: Mailbox, message: EmailMessage, seconds: float = 5) -> None:
    place = urlsplit(mailbox.url)
    with smtplib.SMTP(str(place.hostname), int(place.port or 0), timeout=seconds) as smtp:
        smtp.send_message(message)


def test_a_mail_is_kept_as_it_was_sent(mailbox: Mailbox, clock: StandingClock) -> None:
    send(mailbox, letter("Grüße 🐑"))

    (mail,) = mailbox.mails()
    assert mail.sender == "csm@example.com"
    assert mail.recipients == ("kim@acme.example",)
    assert mail.received_at == clock.moment
    assert mail.message["Subject"] == "Grüße 🐑"
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines()[1] == "."


def test_another_process_with_this_directory_sees_the_mail(
    mailbox: Mailbox, tmp_path: Path, clock: StandingClock
) -> None:
    other = Mailbox(tmp_path, clock)
    send(mailbox, letter("one"))

    first = [each.message["Subject"] for each in other.mails()]
    send(mailbox, letter("two"))

    assert first == ["one"]
    assert [each.message["Subject"] for each in other.to("kim@acme.example")] == ["one", "two"]
    assert other.to("somebody@else.example") == ()


def test_a_soft_refusal_at_each_phase_is_met_once(mailbox: Mailbox) -> None:
    mailbox.faults.answer("MAIL", "451 4.3.0 later")
    with pytest.raises(smtplib.SMTPSenderRefused) as sender:
        send(mailbox, letter())
    mailbox.faults.answer("RCPT", "550 5.1.1 no such user")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as recipient:
        send(mailbox, letter())
    mailbox.faults.answer("DATA", "554 5.6.0 not this")
    with pytest.raises(smtplib.SMTPDataError) as data:
        send(mailbox, letter())
    assert mailbox.mails() == ()

    send(mailbox, letter())

    assert sender.value.smtp_code == 451
    assert recipient.value.recipients["kim@acme.example"][0] == 550
    assert data.value.smtp_code == 554
    assert len(mailbox.mails()) == 1


def test_a_line_cut_after_data_leaves_the_mail_kept_and_the_sender_unsure(
    mailbox: Mailbox,
) -> None:
    mailbox.faults.drop("DATA")

    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mailbox, letter())

    assert len(mailbox.mails()) == 1


def test_a_line_cut_before_anything_was_kept_leaves_nothing(mailbox: Mailbox) -> None:
    mailbox.faults.drop("DATA", store=False)
    mailbox.faults.drop("MAIL")

    for _ in range(2):
        with pytest.raises(smtplib.SMTPServerDisconnected):
            send(mailbox, letter())

    assert mailbox.mails() == ()


def test_a_server_that_says_nothing_lets_the_sender_give_up(mailbox: Mailbox) -> None:
    mailbox.faults.hang("RCPT", seconds=1)

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(mailbox, letter(), seconds=0.2)


def test_before_the_start_there_is_no_address(tmp_path: Path, clock: StandingClock) -> None:
    box = Mailbox(tmp_path, clock)

    with pytest.raises(NotStarted):
        assert box.url
