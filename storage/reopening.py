"""A closing taken back: what a play had waiting when it was closed waits again."""

from sqlalchemy import delete, select, update

from storage.database import Transaction
from storage.plays import Play, StepState
from storage.tables_acts import message
from storage.tables_acts import play as plays
from storage.tables_acts import step as steps
from storage.tables_said import play_end

# What each kind of step waits as; the others never wait.
WAITS: dict[str, StepState] = {
    "email": "waiting_approval",
    "survey": "waiting_approval",
    "task": "to_do",
    "offer": "waiting_answer",
    "question": "waiting_answer",
    "choose": "waiting_answer",
    "wait": "scheduled",
    "escalate": "scheduled",
    "stop": "scheduled",
}


def reopen(tx: Transaction, play: Play) -> None:
    """Open a closed play again, with the steps and unsent messages that its closing cancelled.

    Told by the closing's very moment and reason. A mail that was on its way goes on its way again.
    """
    sent = _messages(tx, play)
    cancelled = select(steps.c.id, steps.c.kind).where(
        steps.c.play_id == play.id,
        steps.c.state == "cancelled",
        steps.c.decided_at == play.closed_at,
        steps.c.reason == play.reason,
    )
    for row in tx.execute(cancelled).all():
        state = "scheduled" if row.id in sent else WAITS.get(row.kind, "cancelled")
        again = update(steps).where(steps.c.id == row.id)
        tx.execute(again.values(state=state, decided_by=None, decided_at=None, reason=None))
    own = update(plays).where(plays.c.id == play.id)
    tx.execute(own.values(state="open", closed_at=None, reason=None))
    tx.execute(delete(play_end).where(play_end.c.play_id == play.id))


def retire(tx: Transaction, message_id: int, name: str) -> None:
    """Let a message that was never sent give up its key, so that it may be said when it is true."""
    own = update(message).where(message.c.id == message_id)
    tx.execute(own.values(key=message.c.key + f"/{name}"))


def _messages(tx: Transaction, play: Play) -> set[int | None]:
    """Let the messages wait again that the closing cancelled; return whose steps they are."""
    statement = (
        update(message)
        .where(
            message.c.play_id == play.id,
            message.c.state == "cancelled",
            message.c.settled_at == play.closed_at,
            message.c.error == play.reason,
        )
        .values(state="pending", settled_at=None, error=None)
    )
    return set(tx.execute(statement.returning(message.c.step_id)).scalars())
