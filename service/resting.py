"""A snoozed alert rests: nobody else is told of it while it does.

Whoever snoozes an alert has seen it, and says when to come back to it. So an escalation that falls
due waits for the end of the snooze; then the alert's thread says that nobody has taken it yet, and
the whole time to do so begins anew. A fall into a worse band opens an alert of its own, after the
snooze was spoken: that one does not rest.
"""

from datetime import datetime

from playbooks.business import business_hours_later
from service import intents
from service.going import Running
from service.office import times_of
from service.ports import House
from storage import outbox, plays
from storage.database import Transaction
from storage.judgements import snoozed_since
from storage.outbox import NewMessage
from storage.plays import Play, Step

RESTED = "rested"
AWAKE = (
    "The snooze is over, and nobody has acknowledged this alert yet. Unless somebody does by "
    "{by}, others are told."
)


def resting_until(tx: Transaction, play: Play, now: datetime) -> datetime | None:
    """Return until when an alert rests, or None: only a snooze of after it was raised means it."""
    until = snoozed_since(tx, play.customer_id, play.opened_at)
    return until if until is not None and until > now else None


def taken_by(tx: Transaction, play: Play) -> str | None:
    """Return who has an alert: who said so, or else who has answered or decided something in it."""
    steps = plays.steps_of(tx, play.id)
    return play.acknowledged_by or next((one.decided_by for one in steps if one.decided_by), None)


def put_off(tx: Transaction, house: House, at: Running, step: Step, now: datetime) -> bool:
    """Let an escalation wait for the snooze's end, or begin its time anew then; False when due."""
    until = resting_until(tx, at.play, now)
    if until is not None:
        plays.rewrite_step(tx, step.id, step.state, {**step.body, RESTED: True}, due_at=until)
        return True
    if RESTED not in step.body:
        return False
    ours = times_of(house, at.customer, now).ours
    due = business_hours_later(now, int(step.body["hours"]), ours)
    body = {name: value for name, value in step.body.items() if name != RESTED}
    plays.rewrite_step(tx, step.id, step.state, body, due_at=due)
    if at.play.root_key is not None:
        outbox.enqueue(tx, _woken(house, at, step, due, now=now), now=now)
    return True


def moved(tx: Transaction, customer_id: int, until: datetime) -> None:
    """Let what rests already end its rest with the newest word, which may be a shorter one."""
    for play in plays.open_plays(tx, [customer_id]).get(customer_id, ()):
        for step in plays.steps_of(tx, play.id):
            if step.state == "scheduled" and RESTED in step.body:
                plays.rewrite_step(tx, step.id, step.state, step.body, due_at=until)


def _woken(
    house: House, at: Running, step: Step, due: datetime, *, now: datetime
) -> list[NewMessage]:
    to = intents.conversation_of(at.customer, house.alerts_to)
    name = f"step/{step.id}/awake/{now.isoformat()}"
    note = {"note": "awake", "text": AWAKE.format(by=f"{due:%Y-%m-%d %H:%M} UTC"), "reason": None}
    return [intents.update(at.play, name, to, now), intents.reply(at.play, name, to, note, now)]
