"""Mail out over SMTP, one letter a conversation, always knowing how far the conversation came.

`smtplib.sendmail` raises the same error before the greeting and after the final dot. The
difference decides whether a customer is written to twice, so MAIL, RCPT and DATA are spoken here.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic
from typing import Literal, NoReturn

from delivery.errors import LetterInvalid
from delivery.letter import Letter, letter
from delivery.smtp_url import SmtpServer, smtp_server
from service.errors import DeliveryTrouble, Lost, Refused, Suspended, TryLater
from service.ports import Clock, Receipt
from storage.outbox import Message

Phase = Literal["connect", "hello", "login", "mail", "rcpt", "data", "end"]

# Long enough for a slow relay that scans what it takes, short enough for a lease of minutes.
DEADLINE = 30.0
RETRY_AFTER = 60.0
GO_AHEAD = 354
OK_CLASS, TRANSIENT_CLASS, PERMANENT_CLASS = 2, 4, 5
# Before any letter is spoken of, a refusal is of us: a greeting of 554, a wrong password.
SHUT_OUT: frozenset[Phase] = frozenset({"connect", "hello", "login"})
# "No such mailbox" in its three spellings; others of the class speak of quota, size or policy.
_BOUNCES = frozenset({550, 551, 553})
_BOUNCE_DETAILS = ("5.1.", "5.2.1")


class SmtpChannel:
    """The channel "email". Opens one connection a letter, closed before `send` returns.

    The password stands in `url` and shows nowhere else. `deadline` bounds a whole conversation,
    in seconds, however slowly the other side drips.
    """

    name = "email"

    def __init__(self, url: str, clock: Clock, deadline: float = DEADLINE) -> None:
        self._server = smtp_server(url)
        self._clock = clock
        self._deadline = deadline

    def __repr__(self) -> str:
        return f"SmtpChannel({self._server!r})"

    def send(self, message: Message, root: Mapping[str, str] | None = None) -> Receipt:
        """Deliver one letter; mails reply to nothing, so `root` changes nothing.

        Raises TryLater when it surely did not go, Refused when the server said never, Lost when
        the connection went after the final dot, Suspended when the server shuts us out as a whole.
        """
        del root
        try:
            composed = letter(message.body, self._clock.now())
        except LetterInvalid as fault:
            raise Refused(f"letter-{fault.part}", permanent=False) from None
        Conversation(self._server, self._deadline).deliver(composed)
        return Receipt({"message_id": str(message.body["message_id"])})


class Conversation:
    """One connection carrying one letter; `phase` is how far it came."""

    def __init__(self, server: SmtpServer, deadline: float) -> None:
        self._server = server
        self._ends = monotonic() + deadline
        self.phase: Phase = "connect"

    def deliver(self, sheet: Letter) -> None:
        """Connect, speak, and hand the letter over; raises as SmtpChannel.send does."""
        try:
            with self._connected() as smtp:
                self._introduce(smtp)
                self._login(smtp)
                self._hand_over(smtp, sheet)
                self._part(smtp)
        except DeliveryTrouble:
            raise
        except smtplib.SMTPNotSupportedError:
            raise Suspended("smtp-login-not-offered") from None
        except ssl.SSLCertVerificationError:
            raise Suspended("smtp-certificate-not-trusted") from None
        except smtplib.SMTPResponseException as answer:
            self._judge(answer.smtp_code, answer.smtp_error)
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            self._broken(type(fault).__name__)

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        self.phase = "hello"
        smtp.ehlo_or_helo_if_needed()
        if self._server.tls or self._server.starttls == "off":
            return
        if smtp.has_extn("starttls"):
            self._secure(smtp)
            smtp.ehlo()
        elif self._server.needs_tls:
            raise Suspended("smtp-no-starttls")

    def _login(self, smtp: smtplib.SMTP) -> None:
        self.phase = "login"
        if self._server.user is not None and self._server.password is not None:
            smtp.login(self._server.user, self._server.password)

    def _hand_over(self, smtp: smtplib.SMTP, sheet: Letter) -> None:
        self.phase = "mail"
        if sheet.utf8 and not smtp.has_extn("smtputf8"):
            raise Refused("smtp-no-smtputf8", permanent=False)
        smtp.command_encoding = "utf-8" if sheet.utf8 else "ascii"
        self._expect(*smtp.mail(sheet.sender, ["SMTPUTF8", "BODY=8BITMIME"] if sheet.utf8 else []))
        self.phase = "rcpt"
        self._expect(*smtp.rcpt(sheet.recipient))
        self.phase = "data"
        self._expect(*smtp.docmd("DATA"), wanted=GO_AHEAD)
        smtp.send(sheet.wire)
        # From here on the server may have the whole letter: no failure is harmless any more.
        self.phase = "end"
        smtp.send(b".\r\n")
        self._expect(*smtp.getreply())

    def _part(self, smtp: smtplib.SMTP) -> None:
        """Say goodbye, not waiting for an answer: the letter is theirs already."""
        with suppress(OSError, smtplib.SMTPException):
            smtp.putcmd("QUIT")

    def _expect(self, code: int, words: bytes, wanted: int | None = None) -> None:
        if code == wanted or (wanted is None and code // 100 == OK_CLASS):
            return
        self._judge(code, words)

    def _judge(self, code: int, words: bytes | str) -> NoReturn:
        """Turn the server's refusal into what it means for this message."""
        said = f"smtp-{code}-{self.phase}"
        match code // 100:
            case 4:
                raise TryLater(RETRY_AFTER, said)
            case 5 if self.phase in SHUT_OUT or code == 530:  # noqa: PLR2004 - "authentication required"
                raise Suspended(said)
            case 5:
                raise Refused(said, permanent=self._is_bounce(code, words))
            case _:
                self._broken(f"{code}")

    def _is_bounce(self, code: int, words: bytes | str) -> bool:
        """Whether the mailbox does not exist, rather than policy, quota or size forbidding it."""
        if self.phase != "rcpt" or code not in _BOUNCES:
            return False
        text = words.decode("ascii", "replace") if isinstance(words, bytes) else words
        detailed = text[:2] == "5." and text[2:3].isdigit()
        return text.startswith(_BOUNCE_DETAILS) if detailed else True

    def _broken(self, how: str) -> NoReturn:
        if self.phase == "end":
            raise Lost(f"smtp-{how}-after-data") from None
        raise TryLater(RETRY_AFTER, f"smtp-{how}-{self.phase}") from None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Open the connection; it is closed on the way out without waiting for anybody."""
        # The host's own name may be private or unknown; the address literal is always valid.
        smtp = smtplib.SMTP(local_hostname="[127.0.0.1]", timeout=self._left())
        timer = self._deadline_on(smtp)
        try:
            address = (self._server.host, self._server.port)
            smtp.sock = socket.create_connection(address, self._left())
            if self._server.tls:
                self._wrap(smtp)
            self._expect(*smtp.getreply())
            yield smtp
        finally:
            timer.cancel()
            smtp.close()

    def _secure(self, smtp: smtplib.SMTP) -> None:
        """Do STARTTLS; what the server said of itself before does not count any more (RFC 3207).

        smtplib's own would check the certificate only for a host given to its constructor, which
        connects at once, before a deadline could be set.
        """
        self._expect(*smtp.docmd("STARTTLS"))
        self._wrap(smtp)
        smtp.file = None
        smtp.helo_resp = smtp.ehlo_resp = None
        smtp.esmtp_features, smtp.does_esmtp = {}, False

    def _wrap(self, smtp: smtplib.SMTP) -> None:
        if smtp.sock is not None:
            context = ssl.create_default_context(cafile=self._server.ca)
            smtp.sock = context.wrap_socket(smtp.sock, server_hostname=self._server.host)

    def _deadline_on(self, smtp: smtplib.SMTP) -> Timer:
        """Cut the line at the deadline: socket timeouts begin anew with every byte that drips."""
        timer = Timer(self._left(), _cut, [smtp])
        timer.daemon = True
        timer.start()
        return timer

    def _left(self) -> float:
        return max(0.05, self._ends - monotonic())


def _cut(smtp: smtplib.SMTP) -> None:
    """Shut the connection both ways; a reader waiting on it wakes up to its end."""
    with suppress(OSError):
        if smtp.sock is not None:
            smtp.sock.shutdown(socket.SHUT_RDWR)
