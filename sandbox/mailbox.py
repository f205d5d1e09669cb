"""The mailbox: a real SMTP server on loopback that keeps what it is given."""

import asyncio
import base64
import email
import email.policy
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.clock import Clock
from sandbox.errors import NotStarted
from sandbox.journal import Entry, Journal
from sandbox.loopback import LOOPBACK, free_port

Phase = Literal["MAIL", "RCPT", "DATA"]
# Between choosing a free port and listening on it somebody else may take it.
PORT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it arrived: the envelope, and the message in its raw bytes."""

    number: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """Return the mail, parsed."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)


@dataclass(frozen=True, slots=True)
class MailFault:
    """What goes wrong at one phase: an answer such as "451 later", a wait in seconds, a cut."""

    answer: str | None = None
    delay: float = 0.0
    drop: bool = False
    store: bool = True


class MailFaults:
    """The switches for the mail server. A fault hits the next `times` mails, or all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, list[tuple[MailFault, int | None]]] = {}

    def answer(self, phase: Phase, reply: str, times: int | None = 1) -> None:
        """Reply with e.g. "451 4.3.0 try later" or "550 5.1.1 no such user" at a phase."""
        self.plan(phase, MailFault(answer=reply, store=False), times)

    def hang(self, phase: Phase, seconds: float, times: int | None = 1) -> None:
        """Say nothing for so long at a phase, then go on as if all were well."""
        self.plan(phase, MailFault(delay=seconds), times)

    def drop(self, phase: Phase, times: int | None = 1, *, store: bool = True) -> None:
        """Cut the line at a phase. At DATA the mail is kept, or with store=False it is not."""
        self.plan(phase, MailFault(drop=True, store=store), times)

    def plan(self, phase: Phase, fault: MailFault, times: int | None = 1) -> None:
        """Let the next `times` mails meet this fault at `phase`; None is until `clear`."""
        with self._lock:
            self._planned.setdefault(phase, []).append((fault, times))

    def clear(self) -> None:
        """Forget every planned fault."""
        with self._lock:
            self._planned.clear()

    def take(self, phase: Phase) -> MailFault:
        """Return what happens next at a phase, and use it up."""
        with self._lock:
            planned = self._planned.get(phase)
            if not planned:
                return MailFault()
            fault, times = planned[0]
            if times is not None:
                planned[:1] = [(fault, times - 1)] if times > 1 else []
            return fault


class Mailbox:
    """All mail of a directory, oldest first, and the server that takes it in."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.faults = MailFaults()
        self._clock = clock
        self._mails: list[Mail] = []
        self._journal = Journal(directory / "mail.jsonl", self._apply, self._mails.clear)
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        """Return the server's address, as SMTP_URL wants it."""
        if self._controller is None:
            raise NotStarted
        return f"smtp://{LOOPBACK}:{self._controller.port}"

    def start(self) -> None:
        """Listen on a free port; return when mail is taken."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            controller = Controller(
                _Desk(self), LOOPBACK, free_port(), enable_SMTPUTF8=True, ready_timeout=10
            )
            try:
                controller.start()
            except OSError:
                if attempt == PORT_ATTEMPTS:
                    raise
            else:
                self._controller = controller
                return

    def stop(self) -> None:
        """Stop listening; calling it again does nothing."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def mails(self) -> tuple[Mail, ...]:
        """Return everything that ever arrived here, oldest first."""
        with self._journal.reading():
            return tuple(self._mails)

    def to(self, address: str) -> tuple[Mail, ...]:
        """Return what arrived for one address."""
        return tuple(each for each in self.mails() if address in each.recipients)

    def keep(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        """Store one mail."""
        with self._journal.writing():
            self._journal.append(
                {
                    "at": self._clock.now().timestamp(),
                    "sender": sender,
                    "recipients": list(recipients),
                    "raw": base64.b64encode(raw).decode(),
                }
            )

    def _apply(self, entry: Entry) -> None:
        self._mails.append(
            Mail(
                number=len(self._mails) + 1,
                received_at=datetime.fromtimestamp(entry["at"], UTC),
                sender=entry["sender"],
                recipients=tuple(entry["recipients"]),
                raw=base64.b64decode(entry["raw"]),
            )
        )


class _Desk:
    """Where aiosmtpd hands in each phase of a delivery; the method names are its own."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = await self._met(server, "MAIL")
        if fault.answer is None:
            envelope.mail_from = address
        return fault.answer or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = await self._met(server, "RCPT")
        if fault.answer is None:
            envelope.rcpt_tos.append(address)
        return fault.answer or "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        fault = self._mailbox.faults.take("DATA")
        if fault.store:
            raw = envelope.content if isinstance(envelope.content, bytes) else b""
            recipients = tuple(envelope.rcpt_tos)
            self._mailbox.keep(envelope.mail_from or "", recipients, raw)
        await _suffer(server, fault)
        return fault.answer or "250 OK: kept"

    async def _met(self, server: SMTP, phase: Phase) -> MailFault:
        fault = self._mailbox.faults.take(phase)
        await _suffer(server, fault)
        return fault


async def _suffer(server: SMTP, fault: MailFault) -> None:
    await asyncio.sleep(fault.delay)
    if fault.drop and isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
