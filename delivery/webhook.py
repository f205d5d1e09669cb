"""Webhooks out, after the Standard Webhooks convention: one signed POST to an address we checked.

A name is looked up once; every address it has must be permitted, and we connect to those very
addresses, so that an answer that changes in between leads nowhere. Redirects are not followed.
"""

import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final, Literal, NoReturn
from urllib.parse import quote

from delivery.addresses import permitted
from delivery.reach import Deadline, Found, LookUp, connected, looked_up
from service import webhooks
from service.errors import Away, Lost, Refused, TryLater, WebhookInvalid
from service.ports import Clock, House, Receipt
from service.webhooks import Target
from storage.outbox import Message
from storage.webhooks import Endpoint

# What the convention recommends, looking-up and all.
DEADLINE: Final = 15.0
RETRY_AFTER: Final = 30.0
# An endpoint that says when to come again is believed up to a day.
LONGEST_ASKED: Final = 86_400.0
# Nobody reads the answer's body; so much of it is taken in for the sake of a quiet end.
MOST_READ: Final = 16_384
GONE: Final = 410
OK_CLASS: Final = 2

Phase = Literal["connect", "answer"]


class WebhookChannel:
    """The channel "webhook": the message's recipient is the name of an endpoint.

    `lookup` resolves names; `ca` is a file of certificates to trust instead of the system's.
    """

    name = "webhook"

    def __init__(
        self,
        house: House,
        clock: Clock,
        *,
        deadline: float = DEADLINE,
        lookup: LookUp = socket.getaddrinfo,
        ca: Path | None = None,
    ) -> None:
        self._house = house
        self._clock = clock
        self._deadline = deadline
        self._lookup = lookup
        self._ca = ca

    def send(self, message: Message, root: Mapping[str, str] | None = None) -> Receipt:
        """Post one message; nothing hangs on another here, so `root` changes nothing.

        Raises Away when nobody answers, Lost when the answer to what was sent never came, TryLater
        on any answer but 2xx, Refused on 410 (permanent) and where we must not connect to.
        """
        del root
        endpoint = webhooks.known(self._house, message.recipient)
        if endpoint is None or endpoint.disabled_at is not None:
            raise Refused("webhook-closed", permanent=False)
        deadline = Deadline(self._deadline)
        where, found = self._checked(endpoint, deadline)
        status, asked = self._posted(where, found, self._signed(endpoint, message), deadline)
        if status // 100 == OK_CLASS:
            return Receipt({"status": str(status)})
        if status == GONE:
            raise Refused(f"webhook-{status}")
        raise TryLater(asked, f"webhook-{status}")

    def _checked(self, endpoint: Endpoint, deadline: Deadline) -> tuple[Target, list[Found]]:
        """Look the endpoint up; one address out of bounds spoils them all."""
        try:
            where = webhooks.target(endpoint.url, inside=endpoint.inside)
        except WebhookInvalid:
            raise Refused("webhook-address-unreadable", permanent=False) from None
        try:
            found = looked_up(where.host, where.port, deadline, self._lookup)
        except OSError as fault:
            unknown = "unknown" if isinstance(fault, socket.gaierror) else "not-answered"
            raise Away(RETRY_AFTER, f"webhook-name-{unknown}") from None
        if not all(permitted(str(each[4][0]), inside=endpoint.inside) for each in found):
            raise Refused("webhook-address-not-permitted", permanent=False)
        return where, found

    def _signed(self, endpoint: Endpoint, message: Message) -> tuple[bytes, dict[str, str]]:
        """Return the body's bytes and the headers that prove them ours."""
        payload = json.dumps(message.body, ensure_ascii=False, separators=(",", ":")).encode()
        # The signed text is divided by full stops, so an id must hold none.
        known_as = quote(message.key, safe="/").replace(".", "%2E")
        now = self._clock.now()
        return payload, {
            "Content-Type": "application/json",
            "User-Agent": "Bellwether",
            "webhook-id": known_as,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": webhooks.signatures(self._house, endpoint, known_as, payload, now),
        }

    def _posted(
        self,
        where: Target,
        found: list[Found],
        signed: tuple[bytes, dict[str, str]],
        deadline: Deadline,
    ) -> tuple[int, float]:
        """Post it and answer the status, and in how many seconds to come again if asked to."""
        kind = HTTPSConnection if where.tls else HTTPConnection
        phase: Phase = "connect"
        with closing(kind(where.host, where.port)) as call, deadline.cutting(lambda: call.sock):
            try:
                self._connect(call, where, found, deadline)
                phase = "answer"
                call.request("POST", where.path, *signed)
                answer = call.getresponse()
            except ssl.SSLCertVerificationError:
                raise TryLater(RETRY_AFTER, "webhook-certificate-not-trusted") from None
            except (OSError, HTTPException, ValueError) as fault:
                self._broken(fault, phase)
            with answer, suppress(OSError, HTTPException, ValueError):
                answer.read(MOST_READ)
            return answer.status, self._asked(answer.headers.get("Retry-After"))

    def _connect(
        self, call: HTTPConnection, where: Target, found: list[Found], deadline: Deadline
    ) -> None:
        """Give the call a line to the checked addresses; left alone it would look up once more."""
        line = connected(found, deadline)
        call.sock = line
        if where.tls:
            context = ssl.create_default_context(cafile=self._ca)
            secured = context.wrap_socket(
                line, server_hostname=where.host, do_handshake_on_connect=False
            )
            call.sock = secured
            secured.do_handshake()

    def _broken(self, fault: Exception, phase: Phase) -> NoReturn:
        code = f"webhook-{type(fault).__name__}-{phase}"
        raise (Away(RETRY_AFTER, code) if phase == "connect" else Lost(code)) from None

    def _asked(self, said: str | None) -> float:
        """Read Retry-After: seconds, or a date."""
        if said is None:
            return RETRY_AFTER
        if said.isascii() and said.isdigit():
            return min(float(said[:9]), LONGEST_ASKED)
        try:
            when = parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return RETRY_AFTER
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return min(max(self._until(aware), 0.0), LONGEST_ASKED)

    def _until(self, when: datetime) -> float:
        return (when - self._clock.now()).total_seconds()
