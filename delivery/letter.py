"""A letter as it goes over the wire: one recipient, safe headers, text and HTML side by side."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from email_validator import EmailNotValidError, validate_email

from delivery.errors import LetterInvalid
from templates.filters import plain

# RFC 5322 allows 998 octets a line; our machine-made headers are never folded.
LONGEST_HEADER = 900
LONGEST_NAME = 100
_OWN_HEADERS = re.compile(r"(?:list-[a-z-]+|x-[a-z0-9-]+|reply-to|auto-submitted)", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")


@dataclass(frozen=True, slots=True)
class Letter:
    """What the envelope and the sheet say. `utf8`: the server must know SMTPUTF8 to carry it."""

    sender: str
    recipient: str
    utf8: bool
    wire: bytes


def letter(body: Mapping[str, object], now: datetime) -> Letter:
    """Compose the letter in an outbox message's body, dated `now`.

    `body` holds from, from_name, to, to_name, subject, text, html, message_id and headers.
    Raises LetterInvalid when a header or the address is unfit. Only the two names are made
    harmless instead: they are decoration, and a tab in one shall not keep a mail from anybody.
    """
    sender = _sender(_line(body, "from"), _name(body, "from_name"))
    to, utf8 = _recipient(_line(body, "to"))
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    message["From"] = sender
    if not utf8:
        message["To"] = Address(display_name=_name(body, "to_name"), addr_spec=to)
    message["Subject"] = _line(body, "subject")
    message["Date"] = format_datetime(now)
    message.set_content(_text(body, "text"), cte="quoted-printable")
    message.add_alternative(_text(body, "html"), subtype="html", cte="quoted-printable")
    # Python's own headers refuse such addresses, so that one is written by hand (RFC 6532).
    by_hand = f"To: <{to}>\r\n".encode() if utf8 else b""
    wire = _raw_headers(body) + by_hand + message.as_bytes()
    return Letter(sender.addr_spec, to, utf8, _dotted(wire))


def _line(body: Mapping[str, object], part: str) -> str:
    """Answer a header's text; control and line-separator characters are refused, not cleaned."""
    value = body.get(part) or ""
    if not isinstance(value, str):
        raise LetterInvalid(part, "is not text")
    if any(unicodedata.category(mark) in {"Cc", "Cs", "Zl", "Zp"} for mark in value):
        raise LetterInvalid(part, "holds control or line-separator characters")
    return value


def _name(body: Mapping[str, object], part: str) -> str:
    return plain(str(body.get(part) or ""), LONGEST_NAME)


def _text(body: Mapping[str, object], part: str) -> str:
    value = body.get(part)
    if not isinstance(value, str) or not value.strip():
        raise LetterInvalid(part, "is missing")
    return value.encode("utf-8", "replace").decode()


def _sender(written: str, known_as: str) -> Address:
    """Read the house's own sender; it may live on an internal name such as localhost."""
    name, spec = parseaddr(written)
    if spec.count("@") != 1 or not spec.isascii() or " " in spec or not all(spec.split("@")):
        raise LetterInvalid("sender", "is no mail address")
    return Address(display_name=known_as or name, addr_spec=spec)


def _recipient(written: str) -> tuple[str, bool]:
    """Answer the one address to write to, and whether it takes SMTPUTF8 to do so."""
    try:
        address = validate_email(written, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise LetterInvalid("recipient", "is not exactly one mail address") from None
    if address.ascii_email is not None:
        return address.ascii_email, False
    return f"{address.local_part}@{address.ascii_domain}", True


def _raw_headers(body: Mapping[str, object]) -> bytes:
    """Write the headers machines read. Folding would break their long addresses, so none."""
    extra = body.get("headers") or {}
    if not isinstance(extra, Mapping):
        raise LetterInvalid("headers", "are no mapping")
    lines = {"Message-ID": _message_id(body)}
    for name in extra:
        if not _OWN_HEADERS.fullmatch(str(name)):
            raise LetterInvalid("headers", "hold one that is not ours to set")
        lines[str(name)] = _line(extra, name)
    return b"".join(_header(name, value) for name, value in lines.items())


def _message_id(body: Mapping[str, object]) -> str:
    value = _line(body, "message_id")
    if not _MESSAGE_ID.fullmatch(value):
        raise LetterInvalid("message_id", "is not of the form <word@domain>")
    return value


def _header(name: str, value: str) -> bytes:
    if not value.isascii() or len(value) > LONGEST_HEADER:
        raise LetterInvalid(name, "is not plain ASCII of reasonable length")
    return f"{name}: {value}\r\n".encode("ascii")


def _dotted(wire: bytes) -> bytes:
    """Double the dots that begin a line, for a single one would end the letter (RFC 5321)."""
    ended = wire if wire.endswith(b"\r\n") else wire + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)
