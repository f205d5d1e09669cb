"""Close a play: cancel what still waits in it, and say so where it was opened."""

from collections.abc import Sequence
from datetime import datetime

from playbooks.decide import Close
from service import intents, rungs
from service.naming import named
from service.ports import House
from storage import feedback, outbox, plays
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.plays import Play, Step

WAITING = ("waiting_approval", "waiting_answer", "to_do", "scheduled")


def close(
    tx: Transaction,
    house: House,
    customer: Customer,
    play: Play,
    decision: Close,
    *,
    thanks: str | None,
    now: datetime,
) -> list[NewMessage]:
    """Close `play` for the reason of the decision; return the thread note and the update.

    A mail that waits, or was approved and has not left, is cancelled with the reason. An alert
    that has not left is cancelled too, and its note and update with it. Nothing is said of a play
    that somebody closed meanwhile: they said it.
    """
    cancelled = end(tx, play, decision.reason, now)
    if cancelled is None:
        return []
    feedback.note_end(tx, play, decision.outcome, customer.arr, now)
    if play.root_key is None:
        return []
    recipient = intents.conversation_of(customer, house.alerts_to)
    note = {
        "note": decision.outcome,
        "reason": decision.reason,
        "text": thanks,
        "cancelled": names_of(cancelled),
    }
    return [
        intents.update(play, decision.outcome, recipient, now),
        intents.reply(play, decision.outcome, recipient, note, now),
        *rungs.redrawn(tx, play, decision.outcome, now),
    ]


def end(tx: Transaction, play: Play, reason: str, now: datetime) -> list[Step] | None:
    """Close the play; cancel its unsent messages and its waiting steps, which are returned.

    None where somebody was faster; nothing is changed then.
    """
    if not plays.close_play(tx, play.id, reason=reason, now=now):
        return None
    return cancel_waiting(tx, play, reason, now)


def cancel_waiting(tx: Transaction, play: Play, reason: str, now: datetime) -> list[Step]:
    """Cancel a play's unsent messages and its waiting steps, which are returned."""
    outbox.cancel_for_play(tx, play.id, reason, now)
    waiting = [step for step in plays.steps_of(tx, play.id) if step.state in WAITING]
    for step in waiting:
        plays.settle_step(tx, step.id, step.state, "cancelled", by=None, reason=reason, now=now)
    return waiting


def names_of(steps: Sequence[Step]) -> list[str]:
    """Return cancelled steps as the thread names them; what nobody would miss is left out."""
    return [words for step in steps if (words := named(step)) is not None]
