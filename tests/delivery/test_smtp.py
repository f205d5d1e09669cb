"""Rule 11 against real servers: what each answer, hang and cut means for the letter."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import cast

import pytest

from delivery.conversation import Conversation
from delivery.letter import Letter
from delivery.reach import Deadline
from delivery.smtp import SmtpChannel
from delivery.smtp_url import smtp_server
from service.errors import Lost, Refused, Suspended, TryLater
from tests.delivery.conftest import Open, StoppedClock, message

PHASES = ("MAIL", "RCPT", "DATA")


def test_a_letter_arrives_once_at_exactly_one_address(office: Open) -> None:
    there = office()

    receipt = there.channel().send(message(), None)

    (taken,) = there.post.taken
    assert taken.mail_from == "success@bellwether.example"
    assert taken.rcpt_tos == ["anna@acme.example"]
    read = message_from_bytes(cast("bytes", taken.content), policy=default)
    text = read.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines()[2] == ".a line that begins with a dot"
    assert receipt.reference == {"message_id": "<0123456789abcdef@bellwether.example>"}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("answer", ["421 going down", "450 busy", "451 greylisted", "452 full"])
def test_a_4xx_anywhere_means_later(office: Open, phase: str, answer: str) -> None:
    there = office()
    there.post.answers[phase] = answer

    with pytest.raises(TryLater) as caught:
        there.channel().send(message(), None)

    assert caught.value.after > 0
    assert caught.value.code.startswith(f"smtp-{answer[:3]}")


@pytest.mark.parametrize(
    ("greeting", "outcome"),
    [("554 no service for you", Suspended), ("421 too busy", TryLater), ("-", TryLater)],
)
def test_a_server_that_will_not_have_us_keeps_every_letter_waiting(
    greeting: str, outcome: type[Exception]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:

        def greet() -> None:
            line, _ = there.accept()
            with line:
                line.sendall(f"{greeting}\r\n".encode())
                line.recv(1000)

        threading.Thread(target=greet, daemon=True).start()
        channel = SmtpChannel(f"smtp://127.0.0.1:{there.getsockname()[1]}", StoppedClock(), 5.0)

        with pytest.raises(outcome):
            channel.send(message(), None)


@pytest.mark.parametrize("answer", ["550 no such user", "551 not here", "553 5.1.3 bad mailbox",
                                    "550 5.1.1 unknown", "550 5.2.1 disabled"])  # fmt: skip
def test_a_mailbox_that_does_not_exist_is_refused_for_good(office: Open, answer: str) -> None:
    there = office()
    there.post.answers["RCPT"] = answer

    with pytest.raises(Refused) as caught:
        there.channel().send(message(), None)

    assert caught.value.permanent
    assert caught.value.code == f"smtp-{answer[:3]}-rcpt"


@pytest.mark.parametrize(
    ("phase", "answer"),
    [
        ("RCPT", "550 5.7.1 blocked by policy"),
        ("RCPT", "552 mailbox full"),
        ("RCPT", "554 no"),
        ("MAIL", "550 sender refused"),
        ("DATA", "552 too large"),
        ("DATA", "554 looks like spam"),
    ],
)
def test_any_other_5xx_ends_the_letter_and_spares_the_address(
    office: Open, phase: str, answer: str
) -> None:
    there = office()
    there.post.answers[phase] = answer

    with pytest.raises(Refused) as caught:
        there.channel().send(message(), None)

    assert not caught.value.permanent


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("code", ["550", "552", "554"])
def test_a_5xx_at_any_phase_is_final_for_the_letter(office: Open, phase: str, code: str) -> None:
    there = office()
    there.post.answers[phase] = f"{code} 5.7.0 no"

    with pytest.raises(Refused) as caught:
        there.channel().send(message(), None)

    assert caught.value.code == f"smtp-{code}-{'end' if phase == 'DATA' else phase.lower()}"
    assert not caught.value.permanent


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
@pytest.mark.parametrize("fault", ["hang", "drop"])
def test_losing_the_server_before_data_means_later(office: Open, phase: str, fault: str) -> None:
    there = office()
    setattr(there.post, fault, phase)

    with pytest.raises(TryLater):
        there.channel(deadline=0.5).send(message(), None)

    assert there.post.taken == []


@pytest.mark.parametrize("fault", ["hang", "drop"])
def test_rule_11_losing_the_server_after_data_is_unknown(office: Open, fault: str) -> None:
    there = office()
    setattr(there.post, fault, "DATA")

    with pytest.raises(Lost, match="unknown"):
        there.channel(deadline=0.5).send(message(), None)

    assert len(there.post.taken) == 1


@pytest.mark.parametrize("answer", [b"", b"451 no room\r\n", b"554 no room\r\n"])
def test_a_server_that_hangs_or_refuses_at_the_word_data_has_nothing(answer: bytes) -> None:
    """Before the letter's first byte: later, or never, but not unknown."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_until_data, args=[door, answer], daemon=True).start()
        channel = SmtpChannel(f"smtp://127.0.0.1:{door.getsockname()[1]}", StoppedClock(), 2.0)

        with pytest.raises((TryLater, Refused)) as caught:
            channel.send(message(), None)

    assert caught.value.code.endswith("-data")
    assert isinstance(caught.value, Refused) == answer.startswith(b"554")
    channel.hang_up()


def test_a_server_that_takes_half_a_letter_and_hangs_before_its_dot_means_later() -> None:
    """The lines are full, so our last byte never left: surely nothing was taken."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_until_data, args=[door, b"354 go on\r\n"], daemon=True).start()
        line = Conversation(smtp_server(f"smtp://127.0.0.1:{door.getsockname()[1]}"))
        huge = Letter("a@b.example", "c@d.example", utf8=False, wire=b"x" * 40_000_000)

        with pytest.raises(TryLater) as caught:
            line.deliver(huge, Deadline(2.0))

    assert caught.value.code.endswith("-data")
    assert not line.usable
    line.close()


def _until_data(door: socket.socket, answer: bytes) -> None:
    """Agree to everything up to DATA, answer that so, and never read on."""
    line, _ = door.accept()
    with line, suppress(OSError):
        line.sendall(b"220 hello\r\n")
        said = b""
        while not said.startswith(b"DATA"):
            said = line.recv(1000)
            line.sendall(answer if said.startswith(b"DATA") else b"250 ok\r\n")
        # The other side gives up long before.
        line.settimeout(15)
        if not answer.startswith(b"354"):
            line.recv(1000)
        else:
            threading.Event().wait(6)


def test_nobody_listening_means_later(free_port: Callable[[], int]) -> None:
    channel = SmtpChannel(f"smtp://127.0.0.1:{free_port()}", StoppedClock())

    with pytest.raises(TryLater):
        channel.send(message(), None)


def test_rule_14_a_server_that_drips_is_cut_at_the_deadline() -> None:
    """Each byte comes in time for the socket's timeout; only an overall deadline ends this."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=drip, args=[door], daemon=True).start()
        channel = SmtpChannel(f"smtp://127.0.0.1:{door.getsockname()[1]}", StoppedClock(), 0.6)
        began = time.monotonic()

        with pytest.raises(TryLater):
            channel.send(message(), None)

    assert time.monotonic() - began < 3


def drip(door: socket.socket) -> None:
    line, _ = door.accept()
    with line:
        try:
            for _ in range(200):
                line.sendall(b"2")
                time.sleep(0.05)
        except OSError:
            return


def test_an_unfit_letter_is_refused_before_anybody_is_called(free_port: Callable[[], int]) -> None:
    channel = SmtpChannel(f"smtp://127.0.0.1:{free_port()}", StoppedClock())

    with pytest.raises(Refused) as caught:
        channel.send(message(subject="a\r\nBcc: eve@evil.example"), None)

    assert not caught.value.permanent
    assert caught.value.code == "letter-subject"


def test_the_right_password_logs_in(office: Open) -> None:
    there = office()

    there.channel(login="ann%40x:right%20%26%20proper@").send(message(), None)

    assert there.post.logins == [b"ann@x"]
    assert len(there.post.taken) == 1


def test_a_wrong_password_closes_the_channel_and_is_never_shown(office: Open) -> None:
    there = office()
    channel = there.channel(login="ann:hunter2@")

    with pytest.raises(Suspended) as caught:
        channel.send(message(), None)

    assert "hunter2" not in f"{caught.value} {caught.value.code} {channel!r}"
    assert there.post.taken == []


def test_starttls_is_used_where_offered(office: Open, tls: tuple[ssl.SSLContext, Path]) -> None:
    context, ca = tls
    there = office(context)

    there.channel(f"?ca={ca}").send(message(), None)

    assert there.post.secured == [True]


def test_smtps_speaks_tls_from_the_first_byte(
    office: Open, tls: tuple[ssl.SSLContext, Path]
) -> None:
    context, ca = tls
    there = office(context, smtps=True)

    there.channel(f"?ca={ca}", scheme="smtps").send(message(), None)

    assert len(there.post.taken) == 1


def test_a_certificate_nobody_vouches_for_closes_the_channel(
    office: Open, tls: tuple[ssl.SSLContext, Path]
) -> None:
    there = office(tls[0])

    with pytest.raises(Suspended, match="certificate"):
        there.channel().send(message(), None)

    assert there.post.taken == []


def test_words_do_not_leave_in_the_clear_where_tls_is_required(office: Open) -> None:
    there = office()

    with pytest.raises(Suspended, match="no-starttls"):
        there.channel("?starttls=required").send(message(), None)

    assert there.post.taken == []


def test_an_address_in_any_script_goes_through_a_server_that_knows_how(office: Open) -> None:
    there = office()

    there.channel().send(message(to="zoë@acme.example"), None)

    assert there.post.taken[0].rcpt_tos == ["zoë@acme.example"]
    assert "SMTPUTF8" in there.post.options


def test_an_address_in_any_script_is_refused_where_the_server_does_not(office: Open) -> None:
    there = office(utf8=False)

    with pytest.raises(Refused, match="smtputf8") as caught:
        there.channel().send(message(to="zoë@acme.example"), None)

    assert not caught.value.permanent
