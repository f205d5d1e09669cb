"""Mail that came back: matched to what we wrote, told to the CSM, and its address let be.

A report is a claim by whoever can send us one. So it is matched to a mail of ours that left: by our
Message-ID, which nobody can guess, or else, weaker, by an address we wrote to within days. The
address that is suppressed is always the one we wrote to, never one the report names, and only where
the report knows our Message-ID. What matches nothing is counted and dropped.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from service.mail_notes import tell
from service.ports import House
from service.returned import Returned
from storage import audit, bounces, customers, outbox
from storage.bounces import Mailed
from storage.database import Transaction
from storage.fold import fold

# Servers give up on a mail after five days at most, and then report it.
REPORTED_WITHIN: Final = timedelta(days=7)
_NOTES: Final = {
    "hard": "mail_bounced",
    "failed": "mail_undelivered",
    "complaint": "mail_complaint",
}


@dataclass(slots=True)
class Taken:
    """What became of some reports, by count."""

    hard: int = 0
    failed: int = 0
    delayed: int = 0
    complaint: int = 0
    known: int = 0
    unmatched: int = 0

    def __add__(self, other: "Taken") -> "Taken":
        """Count two lots together."""
        return Taken(*(asdict(self)[name] + asdict(other)[name] for name in asdict(self)))


def take(house: House, reports: Sequence[Returned], *, now: datetime) -> Taken:
    """Take reports in, each in a transaction of its own; the same one twice changes nothing."""
    taken = Taken()
    for report in reports:
        with house.database.transaction() as tx:
            outcome = _taken(tx, house, report, now)
        setattr(taken, outcome, getattr(taken, outcome) + 1)
    return taken


def _taken(tx: Transaction, house: House, report: Returned, now: datetime) -> str:
    mail, proven = _match(tx, report, now)
    if mail is None:
        return "unmatched"
    if not bounces.add_bounce(tx, report.digest, mail, report.kind, report.status, now):
        return "known"
    if proven and report.kind in {"hard", "complaint"}:
        _let_be(tx, house, mail, report, now)
    if mail.state == "unknown" and report.kind in {"hard", "failed"}:
        # What comes back did not arrive: now we know.
        outbox.settle(tx, mail.id, "failed", now=now, error=f"came back: {report.status}")
    _tell(tx, house, mail, report, now, proven=proven)
    return report.kind


def _match(tx: Transaction, report: Returned, now: datetime) -> tuple[Mailed | None, bool]:
    """Find the mail a report speaks of, and whether the report proves that it does."""
    numbers = [number for each in report.message_ids if (number := _number(each)) is not None]
    known = bounces.mails_that_left(tx, numbers) if numbers else ()
    for mail in known:
        if mail.letter_id in report.message_ids:
            return mail, True
    owners = bounces.customers_of(tx, report.addresses) if report.addresses else ()
    claimed = {fold(address) for address in report.addresses}
    for mail in bounces.mails_that_left(tx, owners) if owners else ():
        if fold(mail.recipient) in claimed:
            if mail.letter_id in report.message_ids:
                return mail, True
            if now - mail.left_at < REPORTED_WITHIN:
                return mail, False
    return None, False


def _number(message_id: str) -> int | None:
    """Read the customer's number out of a Message-ID of our making: `<digest.number@domain>`."""
    number = message_id.partition("@")[0].rpartition(".")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None  # noqa: PLR2004 - fits 64 bits


def _let_be(tx: Transaction, house: House, mail: Mailed, report: Returned, now: datetime) -> None:
    reason = "complaint" if report.kind == "complaint" else f"bounced: {report.status or 'no code'}"
    if customers.opt_out(tx, mail.recipient, reason, house.mail.secret, now):
        audit.append(tx, "mail", report.kind, f"message/{mail.id}", {"status": report.status}, now)


def _tell(
    tx: Transaction, house: House, mail: Mailed, report: Returned, now: datetime, *, proven: bool
) -> None:
    message = outbox.message_by_id(tx, mail.id)
    # Who cannot prove it may still be right, but then the address stays on the list.
    name = _NOTES.get("failed" if report.kind == "hard" and not proven else report.kind)
    if message is None or name is None or (report.kind == "complaint" and not proven):
        return
    tell(tx, house, message, name, report.status or "no code", now=now)
