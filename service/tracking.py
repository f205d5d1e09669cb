"""Whether a mail was opened and its links followed: counted only where the house wants it.

What was approved is what is sent: the mail stands in the outbox as it was approved, and only on its
way out its HTML part gets links that lead through this service, and perhaps a picture nobody sees.
Which those are follows from the mail alone, so however often it is tried it is the same letter. The
plain part stays, and so do the ways to unsubscribe and to answer a survey.

A token says where its link leads and proves that we wrote it, so nobody can make one that leads
elsewhere, and a link in an old mail leads on although nothing is kept of the mail any more. What it
says is masked: a number and an address are nobody's business on the way.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from service import intents, links
from service.ports import House, MailPolicy, Tracking
from storage import customers, mail_seen, outbox, plays
from storage.database import Transaction
from storage.mail_seen import Kind, Seen
from storage.outbox import EMAIL, Message

PATH: Final = "/t/"
# A longer address would make a token that some mail programs break.
LONGEST_TARGET: Final = 1_000
# Whoever follows a link so soon after the mail left is mostly a filter on the way.
AT_ONCE: Final = timedelta(minutes=1)
PICTURE: Final = 0
_PROOF: Final = 16
_MARK: Final = 6
_LONGEST_TOKEN: Final = 2_000


@dataclass(frozen=True, slots=True)
class Followed:
    """What a good token speaks of: which link of which mail, and where it leads.

    `target` is None for the picture that tells of opening. `mark` proves which mail had the number.
    """

    message_id: int
    mark: str
    link: int
    target: str | None

    @property
    def kind(self) -> Kind:
        """Return what following it means."""
        return "open" if self.target is None else "click"


def worn(policy: MailPolicy, message: Message) -> Message:
    """Return a message as it leaves: a customer's mail with counted links, where that is wanted."""
    html = message.body.get("html")
    if policy.tracking == "off" or message.channel != EMAIL or message.customer_id is None:
        return message
    if not isinstance(html, str):
        return message
    mine = _mine(policy, message.body)
    known: dict[str, int] = {}

    def lead(target: str) -> str | None:
        if not _counted(target, mine):
            return None
        return _address(policy, message, known.setdefault(target, len(known) + 1), target)

    dressed = links.redirected(html, lead)
    if policy.tracking == "all":
        dressed = links.with_picture(dressed, _address(policy, message, PICTURE, ""))
    return replace(message, body={**message.body, "html": dressed})


def foreseen(policy: MailPolicy, mail: Mapping[str, object]) -> Tracking:
    """Return what will be counted of a mail that waits: nothing where it has no link to count."""
    if policy.tracking != "clicks":
        return policy.tracking
    mine, found = _mine(policy, mail), list[str]()

    def lead(target: str) -> None:
        if _counted(target, mine):
            found.append(target)

    links.redirected(str(mail.get("html") or ""), lead)
    return "clicks" if found else "off"


def followed(policy: MailPolicy, token: str) -> Followed | None:
    """Return what a token speaks of, or None for one we did not write."""
    words = _unmasked(policy, token)
    if words is None:
        return None
    number, mark, link, target = words.split(" ", 3)
    return Followed(int(number), mark, int(link), target or None)


def note(house: House, found: Followed, *, doubtful: bool, now: datetime) -> None:
    """Count it, and show it on the play's alert when it is news.

    Nothing is counted that the house does not want counted (any more), of a mail that is kept no
    longer, or of a reader who has opted out.
    """
    if house.mail.tracking == "off" or (found.kind == "open" and house.mail.tracking != "all"):
        return
    with house.database.transaction() as tx:
        message = outbox.message_by_id(tx, found.message_id)
        if message is None or message.customer_id is None or not _same(house, message, found):
            return
        if customers.is_suppressed(tx, message.recipient, house.mail.secret):
            return
        once = _once(found, now, doubtful=doubtful or _at_once(tx, message, now))
        seen = mail_seen.note_seen(tx, message.customer_id, once)
        if seen.times == 1 or (seen.surely == 1 and once.doubtful == 0):
            _redraw(tx, house, message, seen, now)


def told(seen: Seen) -> str:
    """Say in a sentence what was done with a link, or with the mail; without more than is known."""
    times = "once" if seen.times == 1 else f"{seen.times} times"
    when = f"last {seen.last_at:%Y-%m-%d %H:%M} UTC"
    if seen.kind == "open":
        how = "perhaps opened" if seen.surely else "perhaps opened, by a machine as it seems"
        return f"{how}: its picture was fetched {times}, {when}"
    machine = f", {seen.doubtful} of them by a machine as it seems" if seen.doubtful else ""
    return f"link followed {times}{machine}, {when}: {seen.target}"


def _once(found: Followed, now: datetime, *, doubtful: bool) -> Seen:
    return Seen(found.message_id, found.link, found.kind, found.target, now, now, 1, int(doubtful))


def _at_once(tx: Transaction, message: Message, now: datetime) -> bool:
    left = mail_seen.left_at(tx, message.id)
    return left is None or now - left < AT_ONCE


def _same(house: House, message: Message, found: Followed) -> bool:
    """Tell whether this is the mail the link stood in; a number alone could be another's."""
    return hmac.compare_digest(mark(house.mail, message), found.mark)


def _redraw(tx: Transaction, house: House, message: Message, seen: Seen, now: datetime) -> None:
    play = plays.play(tx, message.play_id) if message.play_id is not None else None
    customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
    if play is None or customer is None or play.root_key is None:
        return
    sure = "surely" if seen.surely else "doubtful"
    after = f"seen/{seen.message_id}/{seen.link}/{sure}"
    recipient = intents.conversation_of(customer, house.alerts_to)
    outbox.enqueue(tx, [intents.update(play, after, recipient, now)], now=now)


def _counted(target: str, mine: list[SplitResult]) -> bool:
    """Tell whether a link may lead through us: to the web, and not to this service itself."""
    if len(target) > LONGEST_TARGET or not target.isascii() or not target.isprintable():
        return False
    if " " in target or "\\" in target:
        return False
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    web = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    return web and not any(_within(parts, site) for site in mine)


def _within(parts: SplitResult, site: SplitResult) -> bool:
    if not site.netloc or parts.netloc.lower() != site.netloc.lower():
        return False
    own = site.path.rstrip("/")
    return parts.path == own or parts.path.startswith(f"{own}/") or not own


def _mine(policy: MailPolicy, mail: Mapping[str, object]) -> list[SplitResult]:
    """Return the sites that are this service, also where the mail's own ways out lead to another.

    It may have had another name when the mail was written.
    """
    headers = mail.get("headers")
    stated = str(headers.get("List-Unsubscribe", "")) if isinstance(headers, dict) else ""
    return [urlsplit(policy.base_url), urlsplit(stated.strip("<>").partition("/unsubscribe/")[0])]


def _address(policy: MailPolicy, message: Message, link: int, target: str) -> str:
    words = f"{message.id} {mark(policy, message)} {link} {target}"
    return f"{policy.base_url.rstrip('/')}{PATH}{_masked(policy, words)}"


def mark(policy: MailPolicy, message: Message) -> str:
    """Return what tells this mail from another that had its number before."""
    return hmac.digest(policy.secret, f"mail/{message.key}".encode(), hashlib.sha256)[:_MARK].hex()


def _masked(policy: MailPolicy, words: str) -> str:
    plain = words.encode()
    proof = _proof(policy, plain)
    return base64.urlsafe_b64encode(proof + _mask(policy, proof, plain)).decode().rstrip("=")


def _unmasked(policy: MailPolicy, token: str) -> str | None:
    if not token.isascii() or len(token) > _LONGEST_TOKEN:
        return None
    try:
        code = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    proof, masked = code[:_PROOF], code[_PROOF:]
    plain = _mask(policy, proof, masked)
    return plain.decode() if hmac.compare_digest(_proof(policy, plain), proof) else None


def _proof(policy: MailPolicy, plain: bytes) -> bytes:
    return hmac.digest(policy.secret, b"track/" + plain, hashlib.sha256)[:_PROOF]


def _mask(policy: MailPolicy, proof: bytes, words: bytes) -> bytes:
    """Mask words, or take the mask off: it is made of the secret and of the words' own proof."""
    key = hmac.digest(policy.secret, b"track-mask/" + proof, hashlib.sha256)
    stream = hashlib.shake_256(key).digest(len(words))
    return bytes(one ^ other for one, other in zip(words, stream, strict=True))
