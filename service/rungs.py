"""Messages to those who were told in somebody's place: brought up to date when the alert is."""

from dataclasses import replace
from datetime import datetime

from service import intents
from storage import outbox, plays
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.plays import Play


def redrawn(tx: Transaction, play: Play, after: str, now: datetime) -> list[NewMessage]:
    """Order every such message of a play to be drawn anew; `after` says for what, once.

    Whoever was told would go on being asked, though somebody has it or it is over.
    """
    done = [one for one in plays.steps_of(tx, play.id) if one.kind == "escalate"]
    keys = [
        intents.intent_key(play.customer_id, play.playbook, play.episode, one.name, one.occurrence)
        for one in done
        if one.state == "done"
    ]
    told = [message for key in keys if (message := outbox.message_by_key(tx, key)) is not None]
    return [
        replace(
            intents.escalation(play, f"{one.key}/update/{after}", one.recipient, now),
            verb="update",
            root_key=one.key,
        )
        for one in told
    ]
