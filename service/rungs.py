"""Messages to those who were told in somebody's place: brought up to date when the alert is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service import intents
from storage import outbox
from storage.database import Transaction
from storage.endings import steps_done
from storage.outbox import Message, NewMessage
from storage.plays import Play, Step


def redrawn(
    tx: Transaction, after: Sequence[tuple[Play, str]], now: datetime
) -> dict[int, list[NewMessage]]:
    """Order every such message of these plays to be drawn anew; return them by their play.

    Beside each play stands for what, once. Whoever was told would go on being asked, though
    somebody has it or it is over.
    """
    known = {play.id: (play, what) for play, what in after}
    told = [
        (one.play_id, _key(known[one.play_id][0], one))
        for one in steps_done(tx, list(known), "escalate")
    ]
    found = outbox.messages_by_keys(tx, [key for _, key in told])
    anew: dict[int, list[NewMessage]] = {one: [] for one in known}
    for play_id, key in told:
        if key in found:
            anew[play_id].append(_anew(*known[play_id], found[key], now))
    return anew


def _key(play: Play, step: Step) -> str:
    return intents.intent_key(
        play.customer_id, play.playbook, play.episode, step.name, step.occurrence
    )


def _anew(play: Play, after: str, told: Message, now: datetime) -> NewMessage:
    words = intents.escalation(play, f"{told.key}/update/{after}", told.recipient, now)
    return replace(words, verb="update", root_key=told.key)
