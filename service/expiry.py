"""Questions that nobody answered in time: a mail that waited too long for its yes is dropped."""

from datetime import datetime
from typing import Final

from service import intents
from service.clicks import refresh, scene
from service.ports import House
from storage import audit, outbox, plays
from storage.database import Transaction
from storage.plays import Step

# So many a transaction, so that other writers get their turn.
SOME: Final = 50
NOTE: Final = "mail_expired"


def expire_approvals(house: House, *, now: datetime) -> int:
    """Drop the mails that waited longer than the house waits for a yes; return how many.

    The alert and its thread say so. Whoever clicks at the same moment wins or is told; two
    processes that do this at once share the work.
    """
    expired = 0
    while True:
        with house.database.transaction() as tx:
            found = plays.unanswered(tx, now - house.approval.within, SOME)
            expired += sum(_expired(tx, house, step, now) for step in found)
        if len(found) < SOME:
            return expired


def _expired(tx: Transaction, house: House, step: Step, now: datetime) -> bool:
    days = house.approval.within.days
    reason = f"Nobody said yes within {days} day{'' if days == 1 else 's'}."
    if not plays.settle_step(
        tx, step.id, "waiting_approval", "cancelled", by=None, reason=reason, now=now
    ):
        return False
    audit.append(tx, "bellwether", "expire", f"step/{step.id}", {"reason": reason}, now)
    at = scene(tx, house, step.play_id)
    if at is not None and at.play.root_key is not None:
        refresh(tx, at, f"step/{step.id}/expired", now)
        note = {"note": NOTE, "reason": f"A mail was dropped. {reason}", "text": None}
        told = intents.reply(at.play, f"{NOTE}/{step.id}", at.recipient, note, now)
        outbox.enqueue(tx, [told], now=now)
    return True
