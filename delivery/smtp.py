"""Mail out over SMTP, always knowing how far each letter came.

`smtplib.sendmail` raises the same error before the greeting and after the final dot. The
difference decides whether a customer is written to twice, so MAIL, RCPT and DATA are spoken here.
"""

from collections import deque
from collections.abc import Mapping

from delivery.conversation import Conversation
from delivery.errors import LetterInvalid
from delivery.letter import Letter, letter
from delivery.reach import Deadline
from delivery.smtp_url import smtp_server
from service.errors import Refused, TryLater
from service.ports import Clock, Receipt
from storage.outbox import Message

# Long enough for a slow relay that scans what it takes, short enough for a lease of minutes.
DEADLINE = 30.0


class SmtpChannel:
    """The channel "email". Keeps its connection for the next letter until it is hung up.

    The password stands in `url` and shows nowhere else. `deadline` bounds the sending of one
    letter, in seconds, however slowly the other side drips. Threads may share a channel; each
    letter has a connection to itself.
    """

    name = "email"

    def __init__(self, url: str, clock: Clock, deadline: float = DEADLINE) -> None:
        self._server = smtp_server(url)
        self._clock = clock
        self._deadline = deadline
        self._idle: deque[Conversation] = deque()

    def __repr__(self) -> str:
        return f"SmtpChannel({self._server!r})"

    def send(self, message: Message, root: Mapping[str, str] | None = None) -> Receipt:
        """Deliver one letter; mails reply to nothing, so `root` changes nothing.

        Raises TryLater when it surely did not go (Away when nobody answers at all), Refused when
        the server said never, Lost when the connection went after the final dot, Suspended when
        the server shuts us out as a whole.
        """
        del root
        try:
            composed = letter(message.body, self._clock.now())
        except LetterInvalid as fault:
            raise Refused(f"letter-{fault.part}", permanent=False) from None
        self._deliver(composed)
        return Receipt({"message_id": str(message.body["message_id"])})

    def greet(self) -> None:
        """Connect, log in and part, speaking of no letter; raises as `send` does before one."""
        line = Conversation(self._server)
        try:
            line.greet(Deadline(self._deadline))
        finally:
            line.part()

    def hang_up(self) -> None:
        """Say goodbye on every line that is kept open."""
        while (line := self._kept()) is not None:
            line.part()

    def _deliver(self, sheet: Letter) -> None:
        deadline = Deadline(self._deadline)
        line = self._kept()
        if line is not None and line.may_carry_more:
            try:
                self._speak(line, sheet, deadline)
            except (TryLater, Refused):
                # The server tired of the old line before it heard of a recipient: a new one may do.
                if not line.went_stale:
                    raise
            else:
                return
        elif line is not None:
            line.part()
        self._speak(Conversation(self._server), sheet, deadline)

    def _speak(self, line: Conversation, sheet: Letter, deadline: Deadline) -> None:
        try:
            line.deliver(sheet, deadline)
        finally:
            if line.usable:
                self._idle.append(line)
            else:
                line.close()

    def _kept(self) -> Conversation | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None
