"""One connection to a mail server, carrying letters one after the other; its phase is known."""

import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Literal, NoReturn

from delivery.letter import Letter
from delivery.reach import Deadline, connected, looked_up
from delivery.smtp_url import SmtpServer
from service.bounced import no_such_mailbox
from service.errors import Away, DeliveryTrouble, Lost, Refused, Suspended, TryLater

Phase = Literal["connect", "hello", "login", "reset", "mail", "rcpt", "data", "end"]

RETRY_AFTER = 60.0
GO_AHEAD, GOING_DOWN, LOG_IN_FIRST = 354, 421, 530
OK_CLASS = 2
# Servers close a line they find idle or overused; it is cheaper to be the first.
MOST_LETTERS = 100
LONGEST_IDLE = 30.0
_PARTING = 1.0
# Before any letter is spoken of, a refusal is of us: a greeting of 554, a wrong password.
SHUT_OUT: frozenset[Phase] = frozenset({"connect", "hello", "login"})


class Conversation:
    """A connection; `phase` is how far the last letter came, `usable` whether it takes another."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        # The host's own name may be private or unknown; the address literal is always valid.
        self._smtp = smtplib.SMTP(local_hostname="[127.0.0.1]")
        self._letters = 0
        self._idle_since = monotonic()
        self._reused = False
        self.phase: Phase = "connect"
        self.usable = False
        # An old line that broke, or was refused, before the server heard to whom the letter goes.
        self.went_stale = False

    @property
    def may_carry_more(self) -> bool:
        """Whether another letter is worth trying on this line."""
        rested = monotonic() - self._idle_since
        return self._letters < MOST_LETTERS and rested < LONGEST_IDLE

    def deliver(self, sheet: Letter, deadline: Deadline) -> None:
        """Hand a letter over, connecting first if need be; raises as SmtpChannel.send does."""
        self.usable = self.went_stale = False
        self._reused = self._letters > 0
        self._letters += 1
        with deadline.cutting(lambda: self._smtp.sock):
            self._told(lambda: self._spoken(sheet, deadline))
        self.usable = True
        self._idle_since = monotonic()

    def greet(self, deadline: Deadline) -> None:
        """Come as far as a letter could be spoken of; raises as SmtpChannel.greet does."""
        with deadline.cutting(lambda: self._smtp.sock):
            self._told(lambda: self._arrive(deadline))

    def part(self) -> None:
        """Say goodbye, not waiting for an answer: every letter is theirs already."""
        with suppress(OSError, smtplib.SMTPException):
            if self._smtp.sock is not None:
                self._smtp.sock.settimeout(_PARTING)
                self._smtp.putcmd("QUIT")
        self.close()

    def close(self) -> None:
        """Close the line without a word."""
        self._smtp.close()

    def _spoken(self, sheet: Letter, deadline: Deadline) -> None:
        if self._reused:
            self._begin_anew(deadline)
        else:
            self._arrive(deadline)
        self._hand_over(sheet)

    def _arrive(self, deadline: Deadline) -> None:
        self._connect(deadline)
        self._introduce()
        self._login()

    def _told(self, speak: Callable[[], None]) -> None:
        """Speak, and tell whatever goes wrong as trouble with a code, in nobody's words."""
        try:
            speak()
        except DeliveryTrouble:
            raise
        except smtplib.SMTPNotSupportedError:
            raise Suspended("smtp-login-not-offered") from None
        except ssl.SSLCertVerificationError:
            raise Suspended("smtp-certificate-not-trusted") from None
        except smtplib.SMTPResponseException as answer:
            # After the login smtplib raises this only for an answer it made up (a line too long).
            if self.phase not in SHUT_OUT:
                self._broken("unreadable")
            self._judge(answer.smtp_code, answer.smtp_error)
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            self._broken(type(fault).__name__)

    def _connect(self, deadline: Deadline) -> None:
        found = looked_up(self._server.host, self._server.port, deadline)
        self._smtp.sock = connected(found, deadline)
        if self._server.tls:
            self._wrap()
        self._expect(*self._smtp.getreply())

    def _begin_anew(self, deadline: Deadline) -> None:
        """Clear what the last letter left on the line, and learn whether it is still alive."""
        self.phase = "reset"
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(deadline.left())
        self._expect(*self._smtp.rset())

    def _introduce(self) -> None:
        self.phase = "hello"
        self._smtp.ehlo_or_helo_if_needed()
        if self._server.tls or self._server.starttls == "off":
            return
        if self._smtp.has_extn("starttls"):
            self._secure()
            self._smtp.ehlo()
        elif self._server.needs_tls:
            raise Suspended("smtp-no-starttls")

    def _login(self) -> None:
        self.phase = "login"
        if self._server.user is not None and self._server.password is not None:
            self._smtp.login(self._server.user, self._server.password)

    def _hand_over(self, sheet: Letter) -> None:
        self.phase = "mail"
        smtp = self._smtp
        if sheet.utf8 and not smtp.has_extn("smtputf8"):
            self.usable = True
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

    def _expect(self, code: int, words: bytes, wanted: int | None = None) -> None:
        if code == wanted or (wanted is None and code // 100 == OK_CLASS):
            return
        self._judge(code, words)

    def _judge(self, code: int, words: bytes | str) -> NoReturn:
        """Turn the server's refusal into what it means for this letter."""
        said = f"smtp-{code}-{self.phase}"
        shut_out = self.phase in SHUT_OUT
        self._note_staleness()
        # Whoever refuses a letter in so many words takes another one on the same line.
        refused = code // 100 in {4, 5} and code != GOING_DOWN
        self.usable = refused and not shut_out and not self.went_stale
        match code // 100:
            case 4 if shut_out or code == GOING_DOWN:
                raise Away(RETRY_AFTER, said)
            case 4:
                raise TryLater(RETRY_AFTER, said)
            case 5 if self.phase == "reset":
                raise TryLater(RETRY_AFTER, said)
            case 5 if shut_out or code == LOG_IN_FIRST:
                raise Suspended(said)
            case 5:
                permanent = self.phase == "rcpt" and no_such_mailbox(code, _text(words))
                raise Refused(said, permanent=permanent)
            case _:
                self._broken(f"{code}")

    def _broken(self, how: str) -> NoReturn:
        self._note_staleness()
        if self.phase == "end":
            raise Lost(f"smtp-{how}-after-data") from None
        kind = Away if self.phase in SHUT_OUT else TryLater
        raise kind(RETRY_AFTER, f"smtp-{how}-{self.phase}") from None

    def _note_staleness(self) -> None:
        self.went_stale = self._reused and self.phase in {"reset", "mail"}

    def _secure(self) -> None:
        """Do STARTTLS; what the server said of itself before does not count any more (RFC 3207).

        smtplib's own would check the certificate only for a host given to its constructor, which
        connects at once, before a deadline could be set.
        """
        self._expect(*self._smtp.docmd("STARTTLS"))
        self._wrap()
        self._smtp.file = None
        self._smtp.helo_resp = self._smtp.ehlo_resp = None
        self._smtp.esmtp_features, self._smtp.does_esmtp = {}, False

    def _wrap(self) -> None:
        line = self._smtp.sock
        if line is None:
            raise smtplib.SMTPServerDisconnected
        context = ssl.create_default_context(cafile=self._server.ca)
        secured = context.wrap_socket(
            line, server_hostname=self._server.host, do_handshake_on_connect=False
        )
        # Known before the handshake, so that the deadline can cut that too.
        self._smtp.sock = secured
        secured.do_handshake()


def _text(words: bytes | str) -> str:
    return words.decode("ascii", "replace") if isinstance(words, bytes) else words
