"""All there is to show of one customer: score, reasons, history, plays, people, data."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from playbooks.playbook import Playbook
from scoring.bands import raw_band
from scoring.explain import Cause, Driver, factor_words
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.override import measured, override_words
from scoring.score import FactorScore
from service import answer
from service.answer import CardView, FeedFreshness
from service.naming import about_of
from service.past_lines import identity, lines_of
from service.ports import House
from storage.contacts import contacts_of
from storage.database import Transaction
from storage.plays import Play, Step, decisions_of, plays_of, steps_of
from storage.snapshots import Snapshot
from templates.filters import day, moment, number, words
from web.charts import NARROW, WIDE, Point, Series, history_chart

HISTORY: Final = timedelta(days=90)
DECISIONS: Final = timedelta(days=90)

CAUSES: Final[Mapping[Cause, str]] = {
    "behaviour": "",
    "late_data": "because data arrived late",
    "coverage": "because of what could be seen, not of what they did",
    "model": "because the model changed, not of what they did",
    "override": "",
}
_TAIL: Final = re.compile("[+\N{MINUS SIGN}][0-9.,]+ points?\\.")
STATES: Final = {"live": "live", "stopped": "stopped", "never": "never seen"}
STEP_STATES: Final = {
    "waiting_approval": "Waits for a yes",
    "waiting_answer": "Waits for an answer",
    "to_do": "To do",
    "scheduled": "Scheduled",
    "done": "Done",
    "cancelled": "Cancelled",
}
KINDS: Final = {
    "slack_alert": "Alert",
    "slack_post": "Note in Slack",
    "email": "Mail",
    "choose": "Choice",
    "tag": "Tags",
    "set_field": "Change",
    "escalate": "Escalation",
    "stop": "End",
    "thread_note": "Note in the thread",
}
STATUS_NOTES: Final = {
    "known": "",
    "stale": "frozen: the feed has stopped",
    "no_data": "no data yet",
    "not_applicable": "nothing to measure",
}


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One factor, ready to be drawn. `counts` is False when its weight went to the others."""

    title: str
    value: Decimal
    counts: bool
    tone: str
    words: str
    contribution: Decimal
    weight: Decimal
    note: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a play in words: what it is about, and what became of it."""

    title: str
    state: str
    state_words: str
    about: str
    outcome: str


@dataclass(frozen=True, slots=True)
class PlayLine:
    """One play in words, with its steps in order."""

    title: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    reason: str | None
    score: Decimal | None
    acknowledged_by: str | None
    steps: tuple[StepLine, ...]


def dossier(house: House, key: str, now: datetime) -> dict[str, object]:
    """Gather what the customer's page shows. Raises UnknownCustomer."""
    today = now.astimezone(UTC).date()
    card = answer.card(house, key, now=now)
    past = lines_of(house, key, first=today - HISTORY, last=today)
    model = house.named(card.score.model) if card.score else house.model
    points = [_point(snapshot) for snapshot in past.lived]
    series = [
        Series(name, tuple(_point(snapshot) for snapshot in found))
        for name, found in past.recomputed
    ]
    customer = card.customer
    with house.database.reading() as tx:
        contacts = contacts_of(tx, customer.id)
        plays = [_play(tx, play, house.playbooks) for play in plays_of(tx, customer.id)]
        decisions = decisions_of(tx, customer.id, today - DECISIONS)
    return {
        "customer": customer,
        "about": [said for said in (customer.segment, customer.plan, customer.lifecycle) if said],
        "card": card,
        "score": card.score,
        "tone": card.band_tone,
        "drivers": [_driver(driver) for driver in card.drivers],
        "factors": _factors(card, model),
        "points": points,
        "series": series,
        "said": _said(card),
        "pulse": card.pulse,
        "span": HISTORY.days,
        "wide": history_chart(points, model, WIDE, series),
        "narrow": history_chart(points, model, NARROW, series),
        "described": _described(points),
        "plays": plays,
        "decisions": decisions,
        "contacts": contacts,
        "feeds": [_feed(fresh) for fresh in card.fresh],
        "renewal": _until(customer.renewal_on, today),
    }


def _said(card: CardView) -> str:
    """Say what a person set the score to, with the computed one beside it."""
    if card.override is None or card.computed is None:
        return ""
    return override_words(card.override, card.computed.value)


def _point(snapshot: Snapshot) -> Point:
    return Point(
        day=snapshot.as_of,
        score=snapshot.score,
        band=snapshot.band,
        model=identity(snapshot),
    )


def _described(points: Sequence[Point]) -> str:
    """Say in two sentences what the chart draws."""
    if not points:
        return ""
    lowest = min(points, key=lambda point: point.score)
    highest = max(points, key=lambda point: point.score)
    first, last = points[0], points[-1]
    return (
        f"From {number(first.score, 2)} on {day(first.day)} to {number(last.score, 2)}, "
        f"{words(last.band)}, on {day(last.day)}. "
        f"Highest {number(highest.score, 2)} on {day(highest.day)}, "
        f"lowest {number(lowest.score, 2)} on {day(lowest.day)}."
    )


def _driver(driver: Driver) -> dict[str, object]:
    """Leave out of the sentence the points that stand beside it."""
    said, _, tail = driver.sentence.rpartition(": ")
    sentence = f"{said}." if said and _TAIL.fullmatch(tail) else driver.sentence
    return {"points": driver.points, "sentence": sentence, "note": CAUSES[driver.cause]}


def _factors(card: CardView, model: HealthModel) -> list[FactorLine]:
    return [_factor(factor, model) for factor in measured(card.score)] if card.score else []


def _factor(factor: FactorScore, model: HealthModel) -> FactorLine:
    counts = factor.effective_weight > 0
    return FactorLine(
        title=factor.title,
        value=factor.value,
        counts=counts,
        tone=raw_band(model, factor.value).tone if counts else UNKNOWN_BAND,
        words=factor_words(factor),
        contribution=factor.contribution,
        weight=factor.effective_weight,
        note=STATUS_NOTES.get(factor.status, ""),
    )


def _play(tx: Transaction, play: Play, playbooks: Iterable[Playbook]) -> PlayLine:
    titles = {playbook.name: playbook.title for playbook in playbooks}
    return PlayLine(
        title=titles.get(play.playbook, words(play.playbook)),
        state=play.state,
        opened_at=play.opened_at,
        closed_at=play.closed_at,
        reason=play.reason,
        score=play.score,
        acknowledged_by=play.acknowledged_by,
        steps=tuple(_step(step) for step in steps_of(tx, play.id)),
    )


def _step(step: Step) -> StepLine:
    return StepLine(
        title=KINDS.get(step.kind, words(step.kind)),
        state=step.state,
        state_words=STEP_STATES.get(step.state, words(step.state)),
        about=_about(step),
        outcome=_outcome(step),
    )


def _outcome(step: Step) -> str:
    """Say who decided what and when; else why it ended, or when it is or was due."""
    if step.decided_by is not None:
        said = words(step.reason or _answered(step) or step.state)
        return f"{said}: {step.decided_by}, {moment(step.decided_at)}"
    if step.reason:
        return step.reason
    return moment(step.due_at) if step.state == "done" else f"Due {moment(step.due_at)}"


def _about(step: Step) -> str:
    """Say what a step is about, where it says anything; of a survey, what was answered."""
    if step.kind == "survey" and step.answer is not None:
        comment = str(step.body.get("comment") or "")
        return f"Answered {step.answer}{f': {comment}' if comment else ''}"
    if step.kind == "tag":
        return ", ".join([*step.body.get("add", ()), *step.body.get("remove", ())])
    return about_of(step) or str(step.body.get("text", ""))


def _answered(step: Step) -> str:
    """Return the title of what was answered."""
    titles = {str(each["name"]): str(each["title"]) for each in step.body.get("answers") or ()}
    return titles.get(step.answer or "", "")


def _feed(fresh: FeedFreshness) -> dict[str, object]:
    name = words(fresh.source.removeprefix("events:"))
    return {"name": name, "state": STATES[fresh.state.status], "last_at": fresh.last_at}


def _until(renewal: date | None, today: date) -> str:
    if renewal is None:
        return ""
    left = (renewal - today).days
    if left == 0:
        return "today"
    many = "" if abs(left) == 1 else "s"
    return f"in {left} day{many}" if left > 0 else f"{-left} day{many} ago"
