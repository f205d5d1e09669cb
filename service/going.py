"""Go on with a play: begin what is reached by now, one transaction for all of it.

Opening a play does this for a whole batch at once; here it is one play, later in its life.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from playbooks.play import chooses, planned, reached
from playbooks.playbook import Playbook
from playbooks.steps import Branch, Step, every
from scoring.score import Score
from service import intents
from service.addressees import Addressees, addressees
from service.begin import Around, Begun, Scene, begin
from service.changing import changed
from service.naming import about_of, cut
from service.office import times_of
from service.past import earlier_scores
from service.ports import House
from service.standing import score_now, situation_now
from storage import outbox, plays, snapshots
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.plays import NewStep, Play

# What the CSM has to do something about: the card alone would change unnoticed.
ASKS = {
    "email": "A mail waits for your yes in the alert above",
    "survey": "A survey waits for your yes in the alert above",
    "offer": "There is an offer to decide on in the alert above",
    "question": "There is a question for you in the alert above",
    "choose": "There is something to choose in the alert above",
    "task": "There is something new to do",
}
WAITS = frozenset({"waiting_approval", "waiting_answer", "to_do"})


@dataclass(frozen=True, slots=True)
class Running:
    """A play under way: its customer, and the playbook it is pinned to."""

    play: Play
    customer: Customer
    script: Playbook


def go_on(
    tx: Transaction, house: House, running: Running, steps: Sequence[Step], now: datetime
) -> None:
    """Begin these steps, one after the other, up to the first that has to be waited for."""
    scene = _scene(tx, house, running, now)
    found = list(reached(steps, lambda branch: branch.step in scene.went))
    automatic = house.mail.mode == "automatic"
    plan = [planned(one, now, automatic=automatic, times=scene.times) for one in found]
    begun = [begin(scene, one) for one in plan]
    if not begun:
        return
    added = plays.add_steps(tx, [one.step for one in begun])
    changed(tx, running.customer, [one.change for one in begun], now)
    sent = [
        one.sends(number) for one, number in zip(begun, added, strict=True) if one.sends is not None
    ]
    told = list(_told(scene, begun))
    outbox.enqueue(tx, [*sent, *told], now=now)


def redrawn(scene: Scene, after: str) -> Iterator[NewMessage]:
    """Order the alert to be drawn anew; `after` says for what, once."""
    if scene.play.root_key is not None:
        yield intents.update(scene.play, after, scene.recipient, scene.now)


def _told(scene: Scene, begun: Sequence[Begun]) -> Iterator[NewMessage]:
    """Draw the alert anew, and say in its thread what now waits for somebody."""
    first = begun[0].step.name
    yield from redrawn(scene, f"step/{first}/begun")
    for one in begun:
        if one.step.state in WAITS and scene.play.root_key is not None:
            note = {"note": "asks", "text": _asks(one.step), "reason": None}
            name = f"asks/{one.step.name}"
            yield intents.reply(scene.play, name, scene.recipient, note, scene.now)


def _asks(step: NewStep) -> str:
    about = cut(about_of(step))
    return f"{ASKS[step.kind]}: {about}" if about else f"{ASKS[step.kind]}."


def _scene(tx: Transaction, house: House, running: Running, now: datetime) -> Scene:
    customer, play, script = running.customer, running.play, running.script
    people = addressees(tx, house, {customer.id: customer}, [script], now.date())
    answers = answers_of(tx, play)
    return Scene(
        around=Around(house, now, people.colleagues),
        customer=customer,
        play=play,
        playbook=script,
        scores=_scores(tx, customer, play),
        times=times_of(house, customer, now),
        reason=_reason(tx, play),
        to=people.at(customer),
        answers=answers,
        went=_went(tx, house, running, answers),
        tip=_tip(people, customer),
    )


def answers_of(tx: Transaction, play: Play) -> dict[str, str]:
    """Return what was answered in a play so far, by the step's name."""
    steps = plays.steps_of(tx, play.id)
    return {step.name: step.answer for step in steps if step.answer is not None}


def _went(
    tx: Transaction, house: House, running: Running, answers: dict[str, str]
) -> frozenset[str]:
    branches = [one for one in every(running.script.then) if isinstance(one, Branch)]
    situation = situation_now(tx, house, running.customer, running.script) if branches else None
    if situation is None:
        return frozenset()
    return frozenset(one.step for one in branches if chooses(one, situation, answers))


def _scores(tx: Transaction, customer: Customer, play: Play) -> tuple[Score, Score | None]:
    current = snapshots.currents(tx, [customer.id]).get(customer.id)
    if current is None:
        return _as_opened(play), None
    score = score_now(tx, customer, current)
    return score, earlier_scores(tx, {customer.id: score}).get(customer.id)


def _as_opened(play: Play) -> Score:
    """Return the score a play began with, where no newer one is kept."""
    return Score("", 0, play.trigger_as_of, play.score, play.score, play.band, play.band, ())


def _reason(tx: Transaction, play: Play) -> str:
    alerts = [step for step in plays.steps_of(tx, play.id) if step.kind == "slack_alert"]
    return str(alerts[0].body.get("reason", "")) if alerts else ""


def _tip(people: Addressees, customer: Customer) -> str | None:
    return people.tips.get(customer.id)
