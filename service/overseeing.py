"""Looking over the plays of a house, and ending one by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service import intents, rungs
from service.closing import end, names_of
from service.errors import DraftInvalid, PlayClosed, Problem, UnknownPlay
from service.ports import House
from service.written import askable
from storage import audit, customers, feedback, mail_seen, outbox, playlist, plays
from storage.customers import Customer
from storage.database import Transaction
from storage.mail_seen import Seen
from storage.outbox import Message
from storage.playlist import Listed
from storage.plays import Play, Step

CANCELLED: Final = "cancelled"
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class PlayView:
    """One play with its customer, its steps, what it said, and what people did to it.

    `seen` is what readers did with its mails, where that is counted.
    """

    play: Play
    customer: Customer
    steps: tuple[Step, ...]
    messages: tuple[Message, ...]
    acts: tuple[audit.Entry, ...]
    seen: tuple[Seen, ...] = ()


def plays_listed(
    house: House, *, customer_id: int | None = None, only_open: bool = False
) -> tuple[Listed, ...]:
    """Return plays, newest first: of everybody or of one customer, all or the open ones."""
    with house.database.reading() as tx:
        return playlist.plays_listed(tx, customer_id=customer_id, only_open=only_open)


def play_view(house: House, play_id: int) -> PlayView:
    """Return one play with all that belongs to it. Raises UnknownPlay."""
    with house.database.reading() as tx:
        play, customer = _found(tx, play_id)
        steps = plays.steps_of(tx, play_id)
        subjects = [f"play/{play_id}", *(f"step/{step.id}" for step in steps)]
        acts = [entry for subject in subjects for entry in audit.recent(tx, subject=subject)]
        return PlayView(
            play=play,
            customer=customer,
            steps=steps,
            messages=playlist.messages_of_play(tx, play_id),
            acts=tuple(sorted(acts, key=lambda entry: entry.id)),
            seen=mail_seen.seen_of_play(tx, play_id),
        )


def cancel(house: House, play_id: int, *, reason: str, by: str, now: datetime) -> tuple[str, ...]:
    """End an open play by hand; return what waited in it, in words.

    What it has not sent and what waits in it is cancelled with the reason, its thread in Slack
    says so, and the act is in the audit log, all in one transaction. What has left has left.
    Raises UnknownPlay, PlayClosed when somebody was faster, DraftInvalid without a reason.
    """
    said = _reason(reason, by)
    with house.database.transaction() as tx:
        play, customer = _found(tx, play_id)
        ended = end(tx, {play_id: said}, now)
        if play_id not in ended:
            seen = plays.play(tx, play_id)
            raise PlayClosed(play_id, seen.reason if seen else None)
        waited = ended[play_id]
        feedback.note_ends(tx, [feedback.Ended(play, CANCELLED, customer.arr)], now)
        if play.root_key is not None:
            recipient = intents.conversation_of(customer, house.alerts_to)
            names = names_of(waited)
            note = {"note": CANCELLED, "reason": said, "text": None, "cancelled": names}
            told = [
                intents.update(play, CANCELLED, recipient, now),
                intents.reply(play, CANCELLED, recipient, note, now),
                *rungs.redrawn(tx, [(play, CANCELLED)], now)[play_id],
            ]
            outbox.enqueue(tx, told, now=now)
        details = {"reason": said, "cancelled": [step.name for step in waited]}
        audit.append(tx, by, "cancel", f"play/{play_id}", details, now)
    return tuple(names_of(waited))


def _found(tx: Transaction, play_id: int) -> tuple[Play, Customer]:
    play = plays.play(tx, play_id)
    customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
    if play is None or customer is None:
        raise UnknownPlay(play_id)
    return play, customer


def _reason(given: str, by: str) -> str:
    """Return the reason as it is kept and shown, with who gave it."""
    words = askable(" ".join(given.split()))[:LONGEST_REASON]
    if not words:
        nothing = Problem("reason", "nothing", "say why; everybody who sees the play sees it")
        raise DraftInvalid("cancellation", (nothing,))
    return f"Cancelled by {by}: {words}"
