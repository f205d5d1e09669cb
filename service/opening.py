"""Open plays: their rows, their first steps, and the messages they put into the outbox at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from playbooks.decide import Start
from playbooks.play import chooses, plan
from playbooks.situation import Situation
from playbooks.steps import Branch, SlackAlert, every
from service import intents
from service.begin import Around, Begun, Scene, begin
from service.changing import changed
from service.draft import Addressee
from service.office import times_of
from service.pinning import pinned_as
from service.seen import Seen
from storage import plays, running
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.plays import NewPlay, Play
from storage.running import Pinned


@dataclass(frozen=True, slots=True)
class Opening:
    """A play that is to open: what was seen, what was decided, and whom mail would go to."""

    seen: Seen
    start: Start
    to: Mapping[str, Addressee]
    situation: Situation
    tip: str | None = None


def open_all(
    tx: Transaction, around: Around, openings: Sequence[Opening]
) -> list[list[NewMessage]]:
    """Open the plays with their steps, all in a few statements; return each one's first messages.

    None for an opening whose episode had its play before.
    """
    books = {one.start.playbook.name: one.start.playbook for one in openings}
    pins = {name: pinned_as(playbook) for name, playbook in books.items()}
    new = [_new_play(opening, pins, around.now) for opening in openings]
    running.pin(tx, list(pins.values()), around.now)
    opened = plays.open_all(tx, new)
    begun = [
        list(_steps(around, opening, opened.pop(one.identity, None)))
        for opening, one in zip(openings, new, strict=True)
    ]
    for opening, steps in zip(openings, begun, strict=True):
        changed(tx, opening.seen.customer, [one.change for one in steps], around.now)
    added = iter(plays.add_steps(tx, [step.step for steps in begun for step in steps]))
    pairs = [[(step, next(added)) for step in steps] for steps in begun]
    return [
        [step.sends(number) for step, number in steps if step.sends is not None] for steps in pairs
    ]


def frozen(seen: Seen, count: int) -> dict[str, object]:
    """Return the figures the alert was raised on, so that it says the same a week later."""
    strongest = seen.drivers[:count]
    before = seen.transition.score_before
    return {
        "score": str(seen.current.value),
        "score_before": None if before is None else str(before),
        "band": seen.current.band,
        "band_before": seen.transition.from_band,
        "drivers": [
            {"title": each.title, "points": str(each.points), "sentence": each.sentence}
            for each in strongest
        ],
    }


def _new_play(opening: Opening, pins: Mapping[str, Pinned], now: datetime) -> NewPlay:
    seen, playbook = opening.seen, opening.start.playbook
    return NewPlay(
        customer_id=seen.customer.id,
        playbook=playbook.name,
        version=playbook.identity,
        episode=opening.start.episode,
        opened_at=now,
        trigger_as_of=seen.current.as_of,
        band=seen.current.band,
        score=seen.current.value,
        root_key=_root_key(seen.customer.id, opening.start),
        body_digest=pins[playbook.name].digest,
    )


def _steps(around: Around, opening: Opening, play: Play | None) -> Iterator[Begun]:
    if play is None:
        return
    scene = _scene(around, opening, play)
    planned = plan(
        opening.start.playbook,
        around.now,
        automatic=around.house.mail.mode == "automatic",
        times=scene.times,
        goes=lambda branch: branch.step in scene.went,
    )
    for step in planned:
        yield begin(scene, step)


def _scene(around: Around, opening: Opening, play: Play) -> Scene:
    seen, playbook = opening.seen, opening.start.playbook
    alert = next((one for one in playbook.then if isinstance(one, SlackAlert)), None)
    branches = [one for one in every(playbook.then) if isinstance(one, Branch)]
    went = {one.step for one in branches if chooses(one, opening.situation, {})}
    return Scene(
        around=around,
        customer=seen.customer,
        play=play,
        playbook=playbook,
        scores=seen.scores,
        times=times_of(around.house, seen.customer, around.now),
        reason=opening.start.reason,
        to=opening.to,
        frozen=frozen(seen, alert.drivers) if alert is not None else {},
        went=frozenset(went),
        tip=opening.tip,
    )


def _root_key(customer_id: int, start: Start) -> str | None:
    for step in start.playbook.then:
        if isinstance(step, SlackAlert):
            return intents.intent_key(customer_id, start.playbook.name, start.episode, step.step)
    return None
