"""Begin a step: what is written down of it, and what it sends at once. One answer a kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from playbooks.play import PlannedStep, Times
from playbooks.playbook import Playbook
from playbooks.steps import (
    Branch,
    Choose,
    Email,
    Escalate,
    Offer,
    Question,
    SetField,
    SlackAlert,
    SlackPost,
    Stop,
    Survey,
    Tag,
    Task,
    ThreadNote,
    Wait,
    Webhook,
)
from scoring.score import Score
from service import intents, surveying
from service.draft import Addressee, Blocked, draft, known_of
from service.ports import House
from service.recipients import Colleagues, told
from storage.customers import Customer
from storage.outbox import NewMessage
from storage.plays import NewStep, Play, StepState
from templates.errors import TemplateFailed
from templates.render import Safe, safe_from, words

Sends = Callable[[int], NewMessage]


@dataclass(frozen=True, slots=True)
class Change:
    """What a step changes of the customer themselves."""

    field: str | None = None
    value: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A step to write down; what it sends, which may need the number it gets; what it changes."""

    step: NewStep
    sends: Sends | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What every step of a house begins with: the moment, and who stands in for whom."""

    house: House
    now: datetime
    colleagues: Colleagues = field(default_factory=Colleagues)


@dataclass(frozen=True)  # Without slots: a cached property needs a place.
class Scene:
    """One play as its next steps find it.

    `frozen` are the figures the alert is raised on; `scores` are today's and the earlier one that
    explains it; `to` are the people at the customer, by what a step calls them; `went` names the
    branches that go their first way; `tip` is a feature they do not use.
    """

    around: Around
    customer: Customer
    play: Play
    playbook: Playbook
    scores: tuple[Score, Score | None]
    times: Times
    reason: str
    to: Mapping[str, Addressee] = field(default_factory=dict)
    frozen: Mapping[str, object] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    went: frozenset[str] = frozenset()
    tip: str | None = None

    @property
    def house(self) -> House:
        """Return the house."""
        return self.around.house

    @property
    def now(self) -> datetime:
        """Return the moment."""
        return self.around.now

    @cached_property
    def safe(self) -> Safe:
        """Return what the words of its steps may speak of."""
        return safe_from(self.context)

    @cached_property
    def context(self) -> Mapping[str, object]:
        """Return what may be spoken of; what is not known is not there, so that it blocks words."""
        play = self.play
        about = {
            "customer": known_of(self.customer),
            "play": {"reason": self.reason, "band": play.band, "score": play.score},
            "answers": dict(self.answers),
        }
        return about | ({"tip": {"feature": self.tip}} if self.tip else {})

    @property
    def recipient(self) -> str:
        """Return where the CSM is told."""
        return intents.conversation_of(self.customer, self.house.alerts_to)

    def key(self, name: str, occurrence: int = 1) -> str:
        """Return the intent's key of a step."""
        play = self.play
        return intents.intent_key(play.customer_id, play.playbook, play.episode, name, occurrence)

    def told(self, to: str) -> str:
        """Return the outbox's recipient for whom a step tells."""
        return told(self.house, self.around.colleagues, self.customer, to)


def begin(scene: Scene, planned: PlannedStep) -> Begun:  # noqa: C901, PLR0911, PLR0912 - an answer a kind
    """Build one step and what it sends now; words that cannot be said block it, and say why."""
    try:
        match planned.step:
            case SlackAlert() as step:
                return _alert(scene, planned, step)
            case SlackPost() as step:
                return _post(scene, planned, step)
            case Email() | Survey() as step:
                return _mail(scene, planned, step)
            case Task() as step:
                return Begun(_step(scene, planned, _things_to_do(scene, step)))
            case Offer() | Question() | Choose() as step:
                return Begun(_step(scene, planned, _asked(scene, step)))
            case Webhook() as step:
                return _call(scene, planned, step)
            case Tag(add=add, remove=remove):
                body: dict[str, object] = {"add": list(add), "remove": list(remove)}
                return Begun(_step(scene, planned, body), change=Change(add=add, remove=remove))
            case SetField(field=name, to=value):
                body = {"field": name, "to": value}
                return Begun(_step(scene, planned, body), change=Change(name, value))
            case Branch(step=name):
                way = "then" if name in scene.went else "otherwise"
                return Begun(_step(scene, planned, {"went": way}))
            case Escalate() as step:
                return Begun(_step(scene, planned, _rungs(scene, step)))
            case Wait():
                return Begun(_step(scene, planned, {"since": scene.now.isoformat()}))
            case Stop(reason=reason):
                return Begun(_step(scene, planned, {"reason": reason}))
            case ThreadNote(step=name, text=text):
                return _note(scene, planned, name, text)
    except TemplateFailed as failed:
        reason = f"It could not be worded: {failed}"
        return Begun(_step(scene, planned, {"blocked": reason}, state="cancelled", reason=reason))


def said(scene: Scene, name: str, text: str) -> str:
    """Return a text of the playbook with its merge fields filled in. Raises TemplateFailed."""
    return words(f"{scene.playbook.name}/{name}", text, scene.safe)


def _alert(scene: Scene, planned: PlannedStep, step: SlackAlert) -> Begun:
    """Raise the alert in any case: words that fail are left out, and the card says so."""
    body: dict[str, object] = {"reason": scene.reason, **scene.frozen}
    if step.text is not None:
        try:
            body["text"] = said(scene, step.step, step.text)
        except TemplateFailed as failed:
            body["text"] = f"(Its words could not be filled in: {failed})"
    to = scene.recipient if step.to == "csm" else step.to
    key, play, now = scene.key(step.step), scene.play, scene.now
    return Begun(
        _step(scene, planned, body),
        lambda _: intents.alert(play, key, to, now, urgent=step.urgent),
    )


def _post(scene: Scene, planned: PlannedStep, step: SlackPost) -> Begun:
    text, to = said(scene, step.step, step.text), scene.told(step.to)
    key, play, now = scene.key(step.step), scene.play, scene.now
    return Begun(
        _step(scene, planned, {"text": text, "to": step.to}),
        lambda _: intents.post(play, key, to, text, now, urgent=step.urgent),
    )


def _note(scene: Scene, planned: PlannedStep, name: str, text: str) -> Begun:
    play, to, now = scene.play, scene.recipient, scene.now
    note = {"note": "step", "text": said(scene, name, text)}
    return Begun(
        _step(scene, planned, {"text": note["text"]}),
        lambda _: intents.reply(play, name, to, note, now),
    )


def _things_to_do(scene: Scene, step: Task) -> dict[str, object]:
    parts = [said(scene, step.step, part) for part in step.checklist]
    return {"title": said(scene, step.step, step.title), "checklist": parts}


def _asked(scene: Scene, step: Offer | Question | Choose) -> dict[str, object]:
    """Return the question as it is shown: its words, and the answers by word and title."""
    ways: list[dict[str, str]] = [{"name": "yes", "title": "Yes"}, {"name": "no", "title": "No"}]
    if not isinstance(step, Offer):
        ways = [{"name": way.answer, "title": way.title} for way in step.answers]
    body: dict[str, object] = {"text": said(scene, step.step, step.text), "answers": ways}
    return body | ({"offer": step.offer} if isinstance(step, Offer) else {})


def _rungs(scene: Scene, step: Escalate) -> dict[str, object]:
    """Return whom it goes to, one after the other, and in which words."""
    text = step.text or "Nobody has acknowledged the alert about {{ customer.name }} yet."
    return {
        "to": list(step.to),
        "hours": step.within_business_hours,
        "text": said(scene, step.step, text),
    }


def _call(scene: Scene, planned: PlannedStep, step: Webhook) -> Begun:
    fields = {name: said(scene, step.step, text) for name, text in step.fields.items()}
    play, customer, key, now = scene.play, scene.customer, scene.key(step.step), scene.now
    data = {
        "customer": {"key": customer.key, "name": customer.name},
        "playbook": scene.playbook.identity,
        "step": step.step,
        "play_id": play.id,
        "reason": scene.reason,
        "band": play.band,
        "score": str(play.score),
        **fields,
    }
    body = {"type": step.event, "timestamp": now.isoformat(), "data": data}
    call = intents.Call(step.endpoint, body)
    written = _step(scene, planned, {"endpoint": step.endpoint, "key": key})
    return Begun(written, lambda number: intents.webhook(play, number, key, call, now))


def _mail(scene: Scene, planned: PlannedStep, step: Email | Survey) -> Begun:
    """Freeze the mail; it leaves by itself only when neither author nor house asks for a yes."""
    key = scene.key(step.step)
    to = scene.to.get(step.to)
    drafted = draft(
        scene.house, scene.customer, scene.scores, to, step, key=key, more=_more(scene, step, to)
    )
    if isinstance(drafted, Blocked):
        gone: dict[str, object] = {"template": step.template, "blocked": drafted.reason}
        return Begun(_step(scene, planned, gone, state="cancelled", reason=drafted.reason))
    mail = dict(drafted.mail)
    body = {
        "template": step.template,
        "key": key,
        "mail": mail,
        "fingerprint": drafted.fingerprint,
        **({"inside": True} if step.to == "csm" else {}),
        **(surveying.asked(step) if isinstance(step, Survey) else {}),
    }
    written = _step(scene, planned, body)
    if planned.state == "waiting_approval":
        return Begun(written)
    play, now, ours = scene.play, scene.now, step.to == "csm"
    return Begun(written, lambda number: intents.email(play, number, key, mail, now, inside=ours))


def _more(scene: Scene, step: Email | Survey, to: Addressee | None) -> dict[str, object]:
    """Return what a mail of a play may speak of beside the customer and what fell."""
    more = {name: value for name, value in scene.context.items() if name != "customer"}
    if isinstance(step, Survey) and to is not None:
        more["survey"] = surveying.shown(scene.house.mail, scene.play, step, to.contact)
    return more


def _step(
    scene: Scene,
    planned: PlannedStep,
    body: Mapping[str, object],
    *,
    state: StepState | None = None,
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
