"""A mail server on loopback that misbehaves as told, and letters to send it."""

# ruff: noqa: ARG002 - aiosmtpd calls its hooks with all of these arguments, by position

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from delivery.smtp import SmtpChannel
from storage.outbox import Message

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class StoppedClock:
    """Always the same instant; nobody sleeps here."""

    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"a channel must not sleep, and wanted {seconds} s")


@dataclass
class Post:
    """A mail server's behaviour and what it took in. `answers` maps a command to its answer."""

    answers: dict[str, str] = field(default_factory=dict)
    hang: str = ""
    drop: str = ""
    taken: list[Envelope] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)

    async def _act(self, command: str, server: SMTP, good: str) -> str:
        if self.hang == command:
            await asyncio.sleep(20)
        if self.drop == command and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return self.answers.get(command, good)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's naming
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.secured.append(session.ssl is not None)
        self.options += options
        envelope.mail_from = address
        return await self._act("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's naming
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._act("RCPT", server, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's naming
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.taken.append(envelope)
        return await self._act("DATA", server, "250 OK")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login)
        return AuthResult(success=data.password == b"right & proper", handled=False)


@dataclass
class Office:
    """A running mail server: its behaviour and its address."""

    post: Post
    port: int
    channels: list[SmtpChannel] = field(default_factory=list)

    def url(self, rest: str = "", scheme: str = "smtp", login: str = "") -> str:
        return f"{scheme}://{login}127.0.0.1:{self.port}{rest}"

    def channel(self, rest: str = "", *, deadline: float = 5.0, **url: str) -> SmtpChannel:
        self.channels.append(SmtpChannel(self.url(rest, **url), StoppedClock(), deadline))
        return self.channels[-1]


Open = Callable[..., Office]


@pytest.fixture
def office(free_port: Callable[[], int]) -> Iterator[Open]:
    """Open mail servers; `smtps` speaks TLS from the start, `tls` offers STARTTLS."""
    running: list[tuple[Controller, Office]] = []

    def start(
        tls: ssl.SSLContext | None = None,
        *,
        smtps: bool = False,
        post: Post | None = None,
        **settings: Any,
    ) -> Office:
        post = post or Post()
        port = free_port()
        kind = Controller(
            post,
            hostname="127.0.0.1",
            port=port,
            ssl_context=tls if smtps else None,
            tls_context=None if smtps else tls,
            authenticator=post.authenticate,
            auth_require_tls=False,
            enable_SMTPUTF8=settings.pop("utf8", True),
            **settings,
        )
        kind.start()
        there = Office(post, port)
        running.append((kind, there))
        return there

    yield start
    for controller, there in running:
        for channel in there.channels:
            channel.hang_up()
        controller.stop()


def message(**body: Any) -> Message:
    """Answer a letter to Anna as it waits in the outbox, with parts of its body changed."""
    return Message(
        id=1,
        key="play/1/outreach",
        channel="email",
        verb="post",
        recipient="anna@acme.example",
        body={
            "from": "success@bellwether.example",
            "from_name": "Sam Berg",
            "to": "anna@acme.example",
            "to_name": "Anna Schmidt",
            "subject": "A free training session for Acme?",
            "text": "Hello Anna,\n\n.a line that begins with a dot\ngrüße 🦊\n",
            "html": "<p>Hello Anna, grüße 🦊</p>",
            "message_id": "<0123456789abcdef@bellwether.example>",
            "headers": {
                "List-Unsubscribe": f"<https://bellwether.example/unsubscribe/1.{'a' * 120}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        }
        | body,
        play_id=1,
        step_id=1,
        customer_id=1,
        due_at=NOW,
        expires_at=NOW + timedelta(hours=24),
        state="sending",
        attempts=1,
        root_key=None,
        reference=None,
        lease_until=NOW + timedelta(minutes=5),
        held_by=None,
        error=None,
    )


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Answer a port nobody listens on; aiosmtpd cannot choose its own."""

    def choose() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return choose


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1 that nobody but its own file vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context, certificate
