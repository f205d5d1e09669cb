"""Open plays: their rows, their steps, and the messages they put into the outbox at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from playbooks.decide import Start
from playbooks.play import PlannedStep, plan
from playbooks.steps import Email, SlackAlert, SlackPost, Task, ThreadNote
from service import intents
from service.draft import Addressee, Blocked, draft
from service.ports import House
from service.seen import Seen
from storage import plays
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.plays import NewPlay, NewStep, Play


@dataclass(frozen=True, slots=True)
class Opening:
    """A play that is to open: what was seen, what was decided, and whom mail would go to."""

    seen: Seen
    start: Start
    to: Addressee | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """What every step of one opening play is built from."""

    house: House
    seen: Seen
    play: Play
    to: Addressee | None
    recipient: str
    now: datetime

    def key(self, planned: PlannedStep) -> str:
        """Return the intent's key of one planned step."""
        play = self.play
        name, occurrence = planned.step.step, planned.occurrence
        return intents.intent_key(play.customer_id, play.playbook, play.episode, name, occurrence)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A step to write down, and what it sends at once, which may need the number it gets."""

    step: NewStep
    sends: Callable[[int], NewMessage] | None = None


def open_all(
    tx: Transaction, house: House, openings: Sequence[Opening], *, now: datetime
) -> list[list[NewMessage]]:
    """Open the plays with their steps, all in two statements; return each one's first messages.

    None for an opening whose episode had its play before.
    """
    new = [_new_play(opening, now) for opening in openings]
    opened = plays.open_all(tx, new)
    begun = [
        _steps(house, opening, opened.pop(one.identity, None), now)
        for opening, one in zip(openings, new, strict=True)
    ]
    added = iter(plays.add_steps(tx, [step.step for steps in begun for step in steps]))
    pairs = [[(step, next(added).id) for step in steps] for steps in begun]
    return [
        [step.sends(number) for step, number in steps if step.sends is not None] for steps in pairs
    ]


def _new_play(opening: Opening, now: datetime) -> NewPlay:
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
    )


def _steps(house: House, opening: Opening, play: Play | None, now: datetime) -> list[_Begun]:
    if play is None:
        return []
    seen, start = opening.seen, opening.start
    recipient = intents.conversation_of(seen.customer, house.alerts_to)
    scene = _Scene(house, seen, play, opening.to, recipient, now)
    planned = plan(start.playbook, now, automatic=house.mail.mode == "automatic")
    return [_begin(scene, step, start.reason) for step in planned]


def _root_key(customer_id: int, start: Start) -> str | None:
    for step in start.playbook.then:
        if isinstance(step, SlackAlert):
            return intents.intent_key(customer_id, start.playbook.name, start.episode, step.step)
    return None


def _begin(scene: _Scene, planned: PlannedStep, reason: str) -> _Begun:
    """Build one step and what it sends now."""
    play, now, key = scene.play, scene.now, scene.key(planned)
    match planned.step:
        case SlackAlert(drivers=count):
            step = _step(scene, planned, {"reason": reason, **_frozen(scene.seen, count)})
            return _Begun(step, lambda _: intents.alert(play, key, scene.recipient, now))
        case SlackPost(to=to, text=text):
            step = _step(scene, planned, {"text": text})
            return _Begun(step, lambda _: intents.post(play, key, to, text, now))
        case ThreadNote(step=name, text=text):
            step = _step(scene, planned, {"text": text})
            note = {"note": "step", "text": text}
            return _Begun(step, lambda _: intents.reply(play, name, scene.recipient, note, now))
        case Task(title=title):
            return _Begun(_step(scene, planned, {"title": title}))
        case Email():
            return _begin_mail(scene, planned, planned.step)


def _begin_mail(scene: _Scene, planned: PlannedStep, step: Email) -> _Begun:
    """Freeze the mail; it leaves by itself only when neither author nor house asks for a yes."""
    key = scene.key(planned)
    seen = scene.seen
    drafted = draft(scene.house, seen.customer, seen.scores, scene.to, step, key=key)
    if isinstance(drafted, Blocked):
        body: dict[str, object] = {"template": step.template, "blocked": drafted.reason}
        return _Begun(_step(scene, planned, body, state="cancelled", reason=drafted.reason))
    mail = dict(drafted.mail)
    body = {
        "template": step.template,
        "key": key,
        "mail": mail,
        "fingerprint": drafted.fingerprint,
    }
    written = _step(scene, planned, body)
    if planned.state == "waiting_approval":
        return _Begun(written)
    return _Begun(written, lambda number: intents.email(scene.play, number, key, mail, scene.now))


def _step(
    scene: _Scene,
    planned: PlannedStep,
    body: Mapping[str, object],
    *,
    state: plays.StepState | None = None,
    reason: str | None = None,
) -> NewStep:
    return NewStep(
        play_id=scene.play.id,
        name=planned.step.step,
        kind=planned.step.kind,
        occurrence=planned.occurrence,
        state=state or planned.state,
        due_at=planned.due_at,
        body=dict(body),
        reason=reason,
    )


def _frozen(seen: Seen, count: int) -> dict[str, object]:
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
