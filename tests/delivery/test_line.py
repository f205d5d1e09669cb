"""One line for many letters: what is kept open, what is opened anew, and never a letter twice."""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from delivery import conversation
from delivery.smtp import SmtpChannel
from service.errors import Away, Lost, Refused, Suspended, TryLater
from tests.delivery.conftest import Office, Open, Post, StoppedClock, message


@dataclass
class Counting(Post):
    """A post that counts the lines opened to it, and may tire of an old one."""

    lines: dict[int, tuple[Session, int]] = field(default_factory=dict)
    most: int = 0
    tired: str = "452 too many letters on this line"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's naming
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        # Kept with the count, for a session that is gone would lend its id to a later one.
        count = self.lines.get(id(session), (session, 0))[1] + 1
        self.lines[id(session)] = (session, count)
        if self.most and count > self.most:
            if self.tired == "drop" and isinstance(server.transport, asyncio.Transport):
                server.transport.abort()
            return self.tired
        return await super().handle_MAIL(server, session, envelope, address, options)


@pytest.fixture
def counting(office: Open) -> tuple[Counting, Office]:
    """Open a mail server that counts its lines."""
    post = Counting()
    return post, office(post=post)


def letters(channel: SmtpChannel, count: int) -> None:
    for number in range(count):
        channel.send(message(message_id=f"<letter-{number}@bellwether.example>"), None)


def taken(post: Post) -> list[str]:
    """Return the Message-IDs that arrived, in order."""
    found = []
    for envelope in post.taken:
        assert isinstance(envelope.content, bytes)
        found.append(envelope.content.split(b"<letter-")[1].split(b"@")[0].decode())
    return found


def test_letters_of_one_drain_share_a_line(counting: tuple[Counting, Office]) -> None:
    post, there = counting

    letters(there.channel(), 5)

    assert taken(post) == ["0", "1", "2", "3", "4"]
    assert len(post.lines) == 1


def test_after_hanging_up_the_next_letter_calls_anew(counting: tuple[Counting, Office]) -> None:
    post, there = counting
    channel = there.channel()

    letters(channel, 2)
    channel.hang_up()
    letters(channel, 1)

    assert len(post.lines) == 2
    assert len(post.taken) == 3


@pytest.mark.parametrize("tired", ["452 enough", "421 enough", "550 enough", "drop"])
def test_a_server_that_tires_of_a_line_gets_the_letter_on_a_new_one(
    counting: tuple[Counting, Office], tired: str
) -> None:
    post, there = counting
    post.most, post.tired = 2, tired

    letters(there.channel(), 6)

    assert taken(post) == ["0", "1", "2", "3", "4", "5"]
    assert len(post.lines) == 3


def test_a_line_that_died_while_nobody_spoke_costs_no_letter(
    counting: tuple[Counting, Office],
) -> None:
    post, there = counting
    channel = there.channel()
    letters(channel, 1)
    (line,) = channel._idle  # noqa: SLF001 - the other side's hanging up, which aiosmtpd cannot do by order
    assert line._smtp.sock is not None  # noqa: SLF001 - as above
    line._smtp.sock.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 - as above

    letters(channel, 1)

    assert len(post.taken) == 2


@pytest.mark.parametrize("phase", ["RCPT", "DATA"])
def test_a_letter_that_is_refused_leaves_the_line_to_the_next(
    counting: tuple[Counting, Office], phase: str
) -> None:
    post, there = counting
    channel = there.channel()
    letters(channel, 1)
    post.answers[phase] = "554 not this one"
    with pytest.raises(Refused):
        letters(channel, 1)
    post.answers.clear()

    letters(channel, 1)

    assert len(post.lines) == 1
    assert len(post.taken) == (2 if phase == "RCPT" else 3)


@pytest.mark.parametrize("fault", ["hang", "drop"])
def test_rule_11_on_a_used_line_too_a_letter_lost_after_its_dot_is_unknown_and_goes_once(
    counting: tuple[Counting, Office], fault: str
) -> None:
    post, there = counting
    channel = there.channel(deadline=2.0)
    letters(channel, 1)
    setattr(post, fault, "DATA")

    with pytest.raises(Lost):
        letters(channel, 1)

    assert len(post.taken) == 2
    setattr(post, fault, "")
    letters(channel, 1)
    assert len(post.taken) == 3


@pytest.mark.parametrize("fault", ["hang", "drop"])
def test_a_used_line_lost_at_the_recipient_means_later(
    counting: tuple[Counting, Office], fault: str
) -> None:
    post, there = counting
    channel = there.channel(deadline=2.0)
    letters(channel, 1)
    setattr(post, fault, "RCPT")

    with pytest.raises(TryLater) as caught:
        letters(channel, 1)

    assert not isinstance(caught.value, Away)
    assert len(post.taken) == 1


def test_a_line_is_given_up_before_the_server_finds_it_overused(
    counting: tuple[Counting, Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    post, there = counting
    monkeypatch.setattr(conversation, "MOST_LETTERS", 2)

    letters(there.channel(), 5)

    assert len(post.lines) == 3


def test_threads_that_share_a_channel_never_share_a_line_at_once(
    counting: tuple[Counting, Office],
) -> None:
    post, there = counting
    channel = there.channel()
    threads = [threading.Thread(target=letters, args=[channel, 10]) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken(post)) == sorted(str(number) for number in range(10) for _ in range(4))
    assert len(post.lines) <= 4


def test_a_server_that_is_not_there_is_away(free_port: Callable[[], int]) -> None:
    channel = SmtpChannel(f"smtp://127.0.0.1:{free_port()}", StoppedClock())

    with pytest.raises(Away):
        channel.send(message(), None)


def test_rule_14_a_name_that_is_never_looked_up_costs_the_deadline_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A resolver that hangs is simulated where Python asks the system, outside our code."""
    asked = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        asked.wait(10)
        return []

    monkeypatch.setattr("delivery.conversation.looked_up.__defaults__", (hang,))
    channel = SmtpChannel("smtp://mail.example", StoppedClock(), deadline=0.3)

    with pytest.raises(Away):
        channel.send(message(), None)

    asked.set()


def test_an_answer_too_long_to_read_after_the_dot_is_unknown() -> None:
    """`smtplib` makes a 500 of it, as if the server had refused; it may well have taken it."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        rambling = threading.Thread(target=_rambling, args=[door], daemon=True)
        rambling.start()
        channel = SmtpChannel(f"smtp://127.0.0.1:{door.getsockname()[1]}", StoppedClock(), 5.0)

        with pytest.raises(Lost):
            channel.send(message(), None)
        rambling.join(20)


def _rambling(door: socket.socket) -> None:
    line, _ = door.accept()
    # Whoever gave up on us hangs up in the middle of the answer.
    with line, suppress(OSError), line.makefile("rb") as heard:
        line.sendall(b"220 hello\r\n")
        for said in heard:
            word = said[:4].upper()
            if word == b"DATA":
                line.sendall(b"354 go on\r\n")
            elif said == b".\r\n":
                line.sendall(b"250 " + b"x" * 20_000 + b"\r\n")
            elif word in {b"EHLO", b"MAIL", b"RCPT"}:
                line.sendall(b"250 ok\r\n")


def test_greeting_a_server_logs_in_and_speaks_of_no_letter(
    counting: tuple[Counting, Office],
) -> None:
    post, there = counting

    there.channel(login="ann%40x:right%20%26%20proper@").greet()

    assert post.logins == [b"ann@x"]
    assert post.lines == {}
    with pytest.raises(Suspended, match="535"):
        there.channel(login="ann:hunter2@").greet()
