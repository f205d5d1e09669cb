"""Close plays: cancel what still waits in them, and say so where they were opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from playbooks.decide import Close
from service import intents, rungs
from service.naming import named
from service.ports import House
from storage import feedback
from storage.customers import Customer
from storage.database import Transaction
from storage.endings import cancel_messages, cancel_steps, close_plays
from storage.feedback import Ended
from storage.outbox import NewMessage
from storage.plays import Play, Step, StepState

WAITING: Final[tuple[StepState, ...]] = (
    "waiting_approval", "waiting_answer", "to_do", "scheduled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """A play that is to close, of whom, and why; `thanks` is said to whoever acted."""

    customer: Customer
    play: Play
    decision: Close
    thanks: str | None = None


def close(
    tx: Transaction, house: House, endings: Sequence[Ending], *, now: datetime
) -> list[NewMessage]:
    """Close plays, each for the reason of its decision; return the thread notes and updates.

    A mail that waits, or was approved and has not left, is cancelled with the reason. An alert
    that has not left is cancelled too, and its note and update with it. Nothing is said of a play
    that somebody closed meanwhile: they said it. However many close, it is as many statements.
    """
    reasons = {one.play.id: one.decision.reason for one in endings}
    cancelled = end(tx, reasons, now)
    over = [one for one in endings if one.play.id in cancelled]
    feedback.note_ends(tx, [_ended(one) for one in over], now)
    told = [one for one in over if one.play.root_key is not None]
    redrawn = rungs.redrawn(tx, [(one.play, one.decision.outcome) for one in told], now)
    said: list[NewMessage] = []
    for one in told:
        said += _said(house, one, cancelled[one.play.id], now)
        said += redrawn[one.play.id]
    return said


def _ended(one: Ending) -> Ended:
    return Ended(one.play, one.decision.outcome, one.customer.arr)


def _said(
    house: House, one: Ending, cancelled: Sequence[Step], now: datetime
) -> tuple[NewMessage, NewMessage]:
    outcome = one.decision.outcome
    recipient = intents.conversation_of(one.customer, house.alerts_to)
    note = {
        "note": outcome,
        "reason": one.decision.reason,
        "text": one.thanks,
        "cancelled": names_of(cancelled),
    }
    return (
        intents.update(one.play, outcome, recipient, now),
        intents.reply(one.play, outcome, recipient, note, now),
    )


def end(tx: Transaction, reasons: Mapping[int, str], now: datetime) -> dict[int, list[Step]]:
    """Close the plays of these ids, each for its reason, and cancel what is unsent and waits.

    Returns the cancelled steps of each play; of a play that somebody closed before nothing is
    changed, and it is not among them.
    """
    closed = close_plays(tx, reasons, now) if reasons else set()
    if not closed:
        return {}
    theirs = {one: reason for one, reason in reasons.items() if one in closed}
    cancel_messages(tx, theirs, now)
    cancelled = cancel_steps(tx, theirs, WAITING, now)
    return {one: cancelled.get(one, []) for one in theirs}


def names_of(steps: Sequence[Step]) -> list[str]:
    """Return cancelled steps as the thread names them; what nobody would miss is left out."""
    return [words for step in steps if (words := named(step)) is not None]
