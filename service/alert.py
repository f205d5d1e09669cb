"""Everything the alert of a play shows, read anew each time it is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from playbooks.triggers import Drops
from service.answer import CardView, card_of
from service.errors import UnknownPlay
from service.ports import House, Tracking
from service.resting import resting_until
from service.tracking import foreseen
from storage import bounces, customers, feedback, mail_seen, outbox, plays
from storage.database import Transaction
from storage.feedback import Verdict
from storage.mail_seen import Seen
from storage.outbox import Message
from storage.plays import Play, Step

MAILS: Final = ("email", "survey")
ASKS: Final = ("offer", "question", "choose")
# How much of the past a chart of a fall shows.
PATH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the strongest reasons the alert was raised for, as it was that day."""

    title: str
    points: Decimal
    sentence: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The figures the alert was raised on; they never change afterwards."""

    reason: str
    score: Decimal
    score_before: Decimal | None
    band: str
    band_before: str | None
    causes: tuple[Cause, ...]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class MailView:
    """A mail of the play: the very words, and how far it has come.

    `subject`, `text` and `to` are None when the mail was `blocked`, which then says why.
    `delivery` is the outbox state once somebody has said yes ("pending", "sent", "unknown", …), or
    "came_back" or "complaint" by what was heard of it since, and
    `trouble` what the last attempt met. `until` is when the question for a yes ends. `tracking` is
    what will be counted of a mail that has not left, `seen` what was counted of one that has.
    """

    step: Step
    subject: str | None
    text: str | None
    to: str | None
    to_name: str | None
    from_name: str | None
    blocked: str | None
    delivery: str | None
    trouble: str | None
    edited_by: str | None = None
    until: datetime | None = None
    tracking: Tracking = "off"
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskView:
    """A thing for the CSM to do with its parts, and by when; the step says who did it."""

    step: Step
    title: str
    due_at: datetime
    checklist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskView:
    """Something a person is asked in Slack: the answers as (word, title), and what was answered.

    `said` is the title of the answer, None while it waits or when it lapsed.
    """

    step: Step
    text: str
    answers: tuple[tuple[str, str], ...]
    until: datetime
    said: str | None


@dataclass(frozen=True, slots=True)
class RungView:
    """Others who are told when nobody acknowledges the alert: when that is or was."""

    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertView:
    """A play as its root message shows it; nobody else is told of it before `rests_until`."""

    play: Play
    title: str
    card: CardView
    raised: Raised | None
    mails: tuple[MailView, ...]
    tasks: tuple[TaskView, ...]
    steps: tuple[Step, ...]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    verdicts: tuple[Verdict, ...] = ()
    asks: tuple[AskView, ...] = ()
    rungs: tuple[RungView, ...] = ()
    path: tuple[tuple[date, Decimal], ...] = ()
    rests_until: datetime | None = None


def alert_view(house: House, play_id: int, *, now: datetime) -> AlertView:
    """Return what to show of a play. Raises UnknownPlay when there is none (any more)."""
    with house.database.reading() as tx:
        play = plays.play(tx, play_id)
        customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
        if play is None or customer is None:
            raise UnknownPlay(play_id)
        steps = tuple(plays.steps_of(tx, play_id))
        until = plays.snoozed_until(tx, [customer.id]).get(customer.id)
        card = card_of(tx, house, customer, now.astimezone(UTC).date())
        return AlertView(
            play=play,
            title=_title(house, play),
            card=card,
            raised=_raised(steps),
            mails=tuple(_mail(tx, house, step) for step in steps if step.kind in MAILS),
            tasks=tuple(_task(step) for step in steps if step.kind == "task"),
            steps=steps,
            acknowledged_by=play.acknowledged_by,
            acknowledged_at=play.acknowledged_at,
            snoozed_until=until if until is not None and until > now else None,
            verdicts=feedback.verdicts_of(tx, play_id),
            asks=tuple(_ask(step) for step in steps if step.kind in ASKS),
            rungs=tuple(_rung(step) for step in steps if step.kind == "escalate"),
            path=_path(house, play, card),
            rests_until=resting_until(tx, play, now),
        )


def _title(house: House, play: Play) -> str:
    """Return the playbook's title; its name once the playbook is gone."""
    titles = {playbook.name: playbook.title for playbook in house.playbooks}
    return titles.get(play.playbook, play.playbook)


def _raised(steps: tuple[Step, ...]) -> Raised | None:
    body = next((step.body for step in steps if step.kind == "slack_alert"), None)
    if body is None:
        return None
    before = body["score_before"]
    return Raised(
        reason=body["reason"],
        score=Decimal(body["score"]),
        score_before=None if before is None else Decimal(before),
        band=body["band"],
        band_before=body["band_before"],
        causes=tuple(
            Cause(each["title"], Decimal(each["points"]), each["sentence"])
            for each in body["drivers"]
        ),
        text=body.get("text"),
    )


def _mail(tx: Transaction, house: House, step: Step) -> MailView:
    mail: Mapping[str, str] = step.body.get("mail") or {}
    message = _message(tx, step)
    delivery, trouble = _fate(tx, message)
    return MailView(
        step=step,
        subject=mail.get("subject"),
        text=mail.get("text"),
        to=mail.get("to"),
        to_name=mail.get("to_name"),
        from_name=mail.get("from_name"),
        blocked=step.body.get("blocked"),
        delivery=delivery,
        trouble=trouble,
        edited_by=(step.body.get("edited") or {}).get("by"),
        until=step.due_at + house.approval.within if step.state == "waiting_approval" else None,
        tracking="off" if step.body.get("inside") else foreseen(house.mail, mail),
        seen=mail_seen.seen_of_message(tx, message.id) if message is not None else (),
    )


def _fate(tx: Transaction, message: Message | None) -> tuple[str | None, str | None]:
    """Return how far a mail came, and what stood in its way: also what was heard of it since."""
    if message is None:
        return None, None
    back = bounces.came_back(tx, message.customer_id, message.id)
    if back is None:
        return message.state, message.error
    return ("complaint", None) if back.kind == "complaint" else ("came_back", back.status or None)


def _message(tx: Transaction, step: Step) -> Message | None:
    key = step.body.get("key")
    return outbox.message_by_key(tx, key) if isinstance(key, str) else None


def _task(step: Step) -> TaskView:
    parts = tuple(str(part) for part in step.body.get("checklist") or ())
    return TaskView(step, str(step.body.get("title", step.name)), step.due_at, parts)


def _ask(step: Step) -> AskView:
    answers = tuple((each["name"], each["title"]) for each in step.body.get("answers") or ())
    given = dict(answers).get(step.answer, step.answer) if step.answer is not None else None
    return AskView(step, str(step.body.get("text", "")), answers, step.due_at, given)


def _rung(step: Step) -> RungView:
    return RungView(step, step.decided_at or step.due_at)


def _path(house: House, play: Play, card: CardView) -> tuple[tuple[date, Decimal], ...]:
    """Return the score of the last weeks where the play is about how fast it fell."""
    book = next((each for each in house.playbooks if each.name == play.playbook), None)
    if book is None or not isinstance(book.when, Drops):
        return ()
    recent = [(day, score) for day, score, _ in card.history][-PATH.days :]
    return tuple(recent)
