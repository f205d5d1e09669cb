"""Plays go on: waits end, questions lapse, alerts nobody took are escalated, what is over closes.

Run by the tick. Each play is one transaction, and whoever comes second finds nothing left to do.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from playbooks.business import business_hours_later
from playbooks.decide import Close
from playbooks.play import after
from service import closing, intents, resting
from service.going import Running, go_on
from service.office import times_of
from service.pause import paused_in
from service.ports import House
from service.recipients import Colleagues, stand_in
from service.resting import taken_by
from service.standing import inactive, script_of, way_out
from storage import audit, customers, outbox, people, plays, running
from storage.customers import Customer
from storage.database import Transaction
from storage.errors import StorageError
from storage.plays import NewStep, Play, Step

SOME: Final = 200
UNREADABLE: Final = "Its playbook cannot be read by this version."
US: Final = "bellwether"


@dataclass(slots=True)
class Advanced:
    """How many plays went on, and how many were closed instead."""

    moved: int = 0
    closed: int = 0


def advance(house: House, *, now: datetime, limit: int = SOME) -> Advanced:
    """Go on with the plays whose time has come; nothing moves while everything is paused.

    A play that breaks keeps its place and holds up no other; what broke is raised at the end.
    """
    done = Advanced()
    faults: dict[int, Exception] = {}
    broke = True
    # Those that break are due the longest: however many they are, others get their turn too.
    while broke:
        broke = False
        for play_id in _due(house, now, limit, faults):
            try:
                with house.database.transaction() as tx:
                    _advance(tx, house, play_id, now, done)
            except Exception as fault:  # noqa: BLE001 - raised below, when the others have had their turn
                faults[play_id] = fault
                # Where the database is what fails, the next tick is soon enough.
                broke = broke or not isinstance(fault, StorageError)
    if faults:
        raise ExceptionGroup("plays that could not go on", list(faults.values()))
    return done


def _due(house: House, now: datetime, limit: int, broken: Collection[int]) -> Sequence[int]:
    with house.database.reading() as tx:
        if paused_in(tx) is not None:
            return ()
        found = running.due_plays(tx, now, limit + len(broken))
    return [one for one in found if one not in broken]


def _advance(tx: Transaction, house: House, play_id: int, now: datetime, done: Advanced) -> None:
    play = running.claim(tx, play_id)
    customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
    steps = running.due_steps(tx, play_id, now) if play is not None else ()
    if play is None or customer is None or not steps:
        return
    over = _over(tx, house, customer, play)
    if isinstance(over, Close):
        _close(tx, house, customer, play, over, now=now)
        done.closed += 1
        return
    done.moved += 1
    for step in steps:
        if not _step(tx, house, over, step, now):
            done.closed += 1
            return


def _over(tx: Transaction, house: House, customer: Customer, play: Play) -> Running | Close:
    """Return the play ready to go on, or why it closes instead."""
    script = script_of(tx, play)
    gone = inactive(customer) or (UNREADABLE if script is None else None)
    if gone is not None or script is None:
        return Close(play.id, play.playbook, "over", gone or UNREADABLE)
    found = way_out(tx, house, customer, play, script)
    if found is not None:
        return Close(play.id, play.playbook, found[0], found[1])
    return Running(play, customer, script)


def _close(
    tx: Transaction, house: House, customer: Customer, play: Play, over: Close, *, now: datetime
) -> None:
    told = closing.close(tx, house, [closing.Ending(customer, play, over)], now=now)
    outbox.enqueue(tx, told, now=now)
    audit.append(tx, US, "close", f"play/{play.id}", {"reason": over.reason}, now)


def _step(tx: Transaction, house: House, at: Running, step: Step, now: datetime) -> bool:
    """Do what is due of a step; False when it ended the play."""
    match step.kind:
        case "wait":
            plays.settle_step(tx, step.id, step.state, "done", by=None, reason=None, now=now)
            go_on(tx, house, at, after(at.script, step.name), now)
        case "escalate":
            _escalate(tx, house, at, step, now)
        case "stop":
            reason = str(step.body.get("reason", "The playbook ends here."))
            plays.settle_step(tx, step.id, step.state, "done", by=None, reason=None, now=now)
            over = Close(at.play.id, at.play.playbook, "over", reason)
            _close(tx, house, at.customer, at.play, over, now=now)
            return False
        case _:
            _lapse(tx, house, at, step, now)
    return True


def _lapse(tx: Transaction, house: House, at: Running, step: Step, now: datetime) -> None:
    """Put away a question nobody answered in time; the alert is drawn anew without its buttons."""
    reason = "Nobody answered in time."
    plays.settle_step(tx, step.id, step.state, "cancelled", by=None, reason=reason, now=now)
    _redraw(tx, house, at, f"step/{step.id}/lapsed", now)


def _escalate(tx: Transaction, house: House, at: Running, step: Step, now: datetime) -> None:
    """Tell the next in line that nobody took the alert; once each, and only while nobody did."""
    play = at.play
    if (busy := taken_by(tx, play)) is not None:
        reason = f"{busy} has it."
        plays.settle_step(tx, step.id, step.state, "cancelled", by=None, reason=reason, now=now)
        return
    if resting.put_off(tx, house, at, step, now):
        return
    line = _line(tx, house, at.customer, step)
    role, recipient = line[0]
    rest = [later for later, to in line[1:] if to != recipient]
    reason = f"Nobody took it in time: told {_called(tx, role, recipient)}."
    plays.settle_step(tx, step.id, step.state, "done", by=None, reason=reason, now=now)
    key = intents.intent_key(
        play.customer_id, play.playbook, play.episode, step.name, step.occurrence
    )
    told = intents.escalation(play, key, recipient, now)
    outbox.enqueue(tx, [told], now=now)
    audit.append(tx, US, "escalate", f"play/{play.id}", {"to": role}, now)
    _redraw(tx, house, at, f"step/{step.id}/escalated", now)
    if rest:
        _next_rung(tx, house, at, step, rest, now=now)


def _called(tx: Transaction, role: str, recipient: str) -> str:
    """Return who was told, by name where one of us was."""
    found = people.member_by_email(tx, recipient.removeprefix("member:"))
    return f"{found.name}, the {role}" if found is not None else f"the {role}"


def _line(
    tx: Transaction, house: House, customer: Customer, step: Step
) -> Sequence[tuple[str, str]]:
    """Return who is told, in order, with where; the house's conversation where nobody was named.

    Whoever did not take the alert is not told so themselves.
    """
    colleagues = Colleagues(people.stand_ins(tx))
    named = [(role, stand_in(colleagues, customer, role)) for role in step.body["to"]]
    own = intents.conversation_of(customer, house.alerts_to)
    line = [(role, to) for role, to in named if to is not None and to != own]
    return line or [("team", house.alerts_to)]


def _next_rung(
    tx: Transaction, house: House, at: Running, step: Step, to: list[str], *, now: datetime
) -> None:
    ours = times_of(house, at.customer, now).ours
    rung = NewStep(
        play_id=at.play.id,
        name=step.name,
        kind=step.kind,
        occurrence=step.occurrence + 1,
        state="scheduled",
        due_at=business_hours_later(now, int(step.body["hours"]), ours),
        body={**step.body, "to": to},
    )
    plays.add_steps(tx, [rung])


def _redraw(tx: Transaction, house: House, at: Running, after_what: str, now: datetime) -> None:
    if at.play.root_key is not None:
        recipient = intents.conversation_of(at.customer, house.alerts_to)
        outbox.enqueue(tx, [intents.update(at.play, after_what, recipient, now)], now=now)
