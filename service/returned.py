"""What comes back of a mail, read: reports of delivery (RFC 3464), complaints (RFC 5965), JSON.

Everything here is written by strangers. Nothing is believed: what a report claims is only taken
out of it, and `service.bounces` looks whether we ever wrote such a mail.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr
from itertools import islice
from typing import Any, Final, Literal

from service.bounced import no_such_mailbox

Kind = Literal["hard", "failed", "delayed", "complaint"]

# Reports carry the whole mail along at times; ours are far smaller.
LONGEST: Final = 1024 * 1024
LONGEST_ADDRESS: Final = 320
# A mail of ours has one recipient, so a report of it speaks of one; others are padded lists.
MOST: Final = 100
# A report speaks of one mail of ours; thousands of ids would be thousands of things to look for.
MOST_IDS: Final = 20
_ID: Final = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ANSWER: Final = re.compile(r"\b([245]\d\d)(?:[ -]#?([245]\.\d{1,3}\.\d{1,3}))?\b")
# What people press "this is spam" for, in RFC 5965's words; "not-spam" is the very opposite.
_COMPLAINTS: Final = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list"})
_COPIES: Final = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a report claims of one recipient.

    `digest` names the claim: the same report read twice is the same. `addresses` are whom it says
    the mail was for, `message_ids` which mail it says it was.
    """

    kind: Kind
    status: str
    message_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    digest: str


def read_mail(raw: bytes) -> tuple[Returned, ...]:
    """Read a mail as it came; answers nothing for one that is no report, or cannot be read."""
    if len(raw) > LONGEST:
        return ()
    try:
        message = message_from_bytes(raw)
        return tuple(_of_mail(message, hashlib.sha256(raw).hexdigest()))[:MOST]
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # Python's parser takes nearly anything, and trips over some of it when asked for a part.
        return ()


def read_json(raw: bytes) -> tuple[Returned, ...]:
    """Read what a mail provider posts: Amazon SES (SNS), Mailgun, SendGrid."""
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return ()
    found = [each for item in _listed(said)[:MOST] for each in _of_json(item)]
    return tuple(found[:MOST])


def _of_mail(message: Message, digest: str) -> Iterator[Returned]:
    parts = _parts(message)
    # The parts of the mail itself alone: a report that a mail carries along speaks of other mail.
    ids = tuple(islice(_ids(message, parts), MOST_IDS))
    for part in parts:
        match part.get_content_type():
            case "message/delivery-status" | "message/global-delivery-status":
                yield from _of_status(part, ids, digest)
            case "message/feedback-report":
                yield from _of_feedback(part, ids, digest)
            case _:
                pass


def _of_status(part: Message, ids: tuple[str, ...], digest: str) -> Iterator[Returned]:
    """Read the groups of fields after the first, each of which speaks of one recipient."""
    for number, group in enumerate(_groups(part)):
        kind = _fate(group)
        if kind is None:
            continue
        addresses = _addresses(group, "Original-Recipient", "Final-Recipient")
        yield Returned(kind, _status(group), ids, addresses, f"{digest}/{number}")


def _of_feedback(part: Message, ids: tuple[str, ...], digest: str) -> Iterator[Returned]:
    for group in _groups(part):
        if _field(group, "Feedback-Type").strip().lower() in _COMPLAINTS:
            addresses = _addresses(group, "Original-Rcpt-To")
            yield Returned("complaint", "", ids, addresses, digest)


def _groups(part: Message) -> list[Message]:
    """Return the groups of fields, however the part was packed."""
    inner = _parts(part)
    if any(len(each) for each in inner):
        return [each for each in inner if len(each)]
    data = (inner[0] if inner else part).get_payload(decode=True)
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
    blocks = re.split(r"\r?\n[ \t]*\r?\n", text.strip())
    return [message_from_string(block) for block in blocks if block.strip()]


def _parts(message: Message) -> list[Message]:
    found = message.get_payload()
    return [part for part in found if isinstance(part, Message)] if isinstance(found, list) else []


def _fate(group: Message) -> Kind | None:
    match _field(group, "Action").strip().lower():
        case "failed":
            return "hard" if _is_hard(group) else "failed"
        case "delayed":
            return "delayed"
        case _:
            return None


def _is_hard(group: Message) -> bool:
    return judged(_status(group), _field(group, "Diagnostic-Code"))


def judged(status: str, diagnosis: str) -> bool:
    """Tell whether nobody lives at the address, by a detailed status and a server's own words."""
    answer = _ANSWER.search(diagnosis)
    code = int(answer.group(1)) if answer else None
    detail = (answer.group(2) if answer else None) or ""
    # "5.0.0" and "5.5.0" say no more than that it failed; the server's own words may say more.
    vague = status in {"", "5.0.0", "5.5.0"}
    return no_such_mailbox(code, detail if vague and detail else "" if vague else status)


def _status(group: Message) -> str:
    found = _STATUS.search(_field(group, "Status"))
    return found.group() if found else ""


def _ids(message: Message, parts: Sequence[Message]) -> Iterator[str]:
    """Find which mail it was: in the copy that came back, or in what the report answers."""
    for part in parts:
        if part.get_content_type() in _COPIES:
            yield from _ID.findall(_field(_copy(part), "Message-ID"))[:10]
    for name in ("In-Reply-To", "References"):
        yield from _ID.findall(_field(message, name))[:10]


def _copy(part: Message) -> Message:
    inner = _parts(part)
    if inner:
        return inner[0]
    data = part.get_payload(decode=True)
    return message_from_bytes(data) if isinstance(data, bytes) else Message()


def _addresses(group: Message, *names: str) -> tuple[str, ...]:
    """Return the addresses in fields such as "rfc822; anna@acme.example"."""
    said = [_field(group, name) for name in names]
    found = [parseaddr(one.partition(";")[2] or one)[1] for one in said if one]
    return _fit(*found)


def _fit(*addresses: str) -> tuple[str, ...]:
    """Return what may be an address: no control characters, nor the halves the parser leaves."""
    shaped = (one for one in addresses if "@" in one and len(one) <= LONGEST_ADDRESS)
    return tuple(dict.fromkeys(one for one in shaped if one.isprintable()))


def _field(group: Message, name: str) -> str:
    return str(group.get(name, ""))


# -- the same, in the JSON of providers ------------------------------------------------------


def _listed(said: object) -> list[Mapping[str, Any]]:
    items = said if isinstance(said, list) else [said]
    return [_unwrapped(item) for item in items if isinstance(item, Mapping)]


def _unwrapped(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take an SES report out of the SNS message it travels in."""
    inner = item.get("Message")
    if item.get("Type") != "Notification" or not isinstance(inner, str):
        return item
    try:
        read = json.loads(inner)
    except (ValueError, RecursionError):
        return item
    return read if isinstance(read, Mapping) else item


def _of_json(item: Mapping[str, Any]) -> Iterator[Returned]:
    digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()
    if "notificationType" in item or ("eventType" in item and "mail" in item):
        yield from _of_ses(item, digest)
    elif "event-data" in item:
        yield from _of_mailgun(_dict(item["event-data"]), digest)
    elif "event" in item and "email" in item:
        yield from _of_sendgrid(item, digest)


def _of_ses(item: Mapping[str, Any], digest: str) -> Iterator[Returned]:
    mail = _dict(item.get("mail"))
    ids = _found_ids(_dict(mail.get("commonHeaders")).get("messageId"))
    match item.get("notificationType") or item.get("eventType"):
        case "Bounce":
            bounce = _dict(item.get("bounce"))
            permanent = bounce.get("bounceType") == "Permanent"
            nobody = bounce.get("bounceSubType") == "NoEmail"
            for number, one in enumerate(_dicts(bounce.get("bouncedRecipients"))):
                status, words = _word(one.get("status")), _word(one.get("diagnosticCode"))
                kind: Kind = "failed"
                if permanent and (nobody or judged(_clean(status), words)):
                    kind = "hard"
                addresses = _fit(_word(one.get("emailAddress")))
                yield Returned(kind, _clean(status), ids, addresses, f"{digest}/{number}")
        case "Complaint":
            told = _dicts(_dict(item.get("complaint")).get("complainedRecipients"))
            whose = _fit(*(_word(one.get("emailAddress")) for one in told))
            yield Returned("complaint", "", ids, whose, digest)
        case _:
            return


def _of_mailgun(data: Mapping[str, Any], digest: str) -> Iterator[Returned]:
    headers = _dict(_dict(data.get("message")).get("headers"))
    ids = _found_ids(headers.get("message-id"))
    addresses = _fit(_word(data.get("recipient")))
    match data.get("event"), data.get("severity"):
        case "failed", "permanent":
            status = _dict(data.get("delivery-status"))
            detail = _clean(_word(status.get("enhanced-code")))
            hard = judged(detail, f"{status.get('code', '')}")
            yield Returned("hard" if hard else "failed", detail, ids, addresses, digest)
        case "failed", _:
            yield Returned("delayed", "", ids, addresses, digest)
        case "complained", _:
            yield Returned("complaint", "", ids, addresses, digest)
        case _:
            return


def _of_sendgrid(item: Mapping[str, Any], digest: str) -> Iterator[Returned]:
    ids = _found_ids(item.get("smtp-id"))
    addresses = _fit(_word(item.get("email")))
    match item.get("event"), item.get("type"):
        case "bounce", kind:
            status = _clean(_word(item.get("status")))
            hard = kind != "blocked" and judged(status, _word(item.get("reason")))
            yield Returned("hard" if hard else "failed", status, ids, addresses, digest)
        case "deferred", _:
            yield Returned("delayed", "", ids, addresses, digest)
        case "spamreport", _:
            yield Returned("complaint", "", ids, addresses, digest)
        case _:
            return


def _found_ids(said: object) -> tuple[str, ...]:
    """Read a Message-ID that may have lost its brackets."""
    text = _word(said).strip()
    return tuple(_ID.findall(text if text.startswith("<") else f"<{text}>")[:MOST_IDS])


def _clean(status: str) -> str:
    found = _STATUS.search(status)
    return found.group() if found else ""


def _word(said: object) -> str:
    return said[:2000] if isinstance(said, str) else str(said) if isinstance(said, int) else ""


def _dict(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}


def _dicts(said: object) -> list[Mapping[str, Any]]:
    return (
        [one for one in said if isinstance(one, Mapping)][:MOST] if isinstance(said, list) else []
    )
