"""One run of a playbook for one customer: what comes next, when, and what it waits for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from playbooks.business import (
    Hours,
    business_days_after,
    business_days_later,
    business_hours_later,
    days_later,
)
from playbooks.conditions import holds
from playbooks.playbook import Playbook
from playbooks.situation import Situation
from playbooks.steps import (
    Answered,
    Asked,
    Branch,
    Choose,
    Email,
    Escalate,
    Offer,
    Question,
    Step,
    Stop,
    Survey,
    Task,
    Wait,
    lists_in,
)

__all__ = [
    "PlannedStep",
    "StepState",
    "Times",
    "after",
    "business_days_after",
    "chooses",
    "follows",
    "plan",
    "planned",
    "reached",
]

StepState = Literal["waiting_approval", "waiting_answer", "to_do", "scheduled", "done"]
YES: Final = "yes"
# A play that stops leaves what was said just before the time to leave.
GRACE: Final = timedelta(days=1)
Chosen = Callable[[Branch], bool]


@dataclass(frozen=True, slots=True)
class Times:
    """When work is done at the customer, by which waits are counted, and by our own people."""

    theirs: Hours = field(default_factory=Hours)
    ours: Hours = field(default_factory=Hours)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with its instant and its first state. Occurrence counts repetitions, from 1."""

    step: Step
    due_at: datetime
    state: StepState
    occurrence: int = 1


def plan(
    playbook: Playbook,
    now: datetime,
    *,
    automatic: bool,
    times: Times | None = None,
    goes: Chosen = lambda _: True,
) -> tuple[PlannedStep, ...]:
    """Return the steps of a play that opens now, in order, up to the first it has to wait for.

    `automatic` is whether the house lets customer mail leave without a yes; only then does a
    mail whose author turned approval off leave by itself. `goes` answers the branches.
    """
    steps = reached(playbook.then, goes)
    return tuple(planned(step, now, automatic=automatic, times=times or Times()) for step in steps)


def reached(steps: Sequence[Step], goes: Chosen) -> Iterator[Step]:
    """Yield what is done one after the other, through branches, up to and with a wait or stop."""
    for step in steps:
        yield step
        if isinstance(step, Wait | Stop):
            return
        if isinstance(step, Branch):
            inner = list(reached(step.then if goes(step) else step.otherwise, goes))
            yield from inner
            if inner and isinstance(inner[-1], Wait | Stop):
                return


def after(playbook: Playbook, name: str) -> tuple[Step, ...]:
    """Return what follows the step of this name: its list's rest, and past a branch the branch's.

    What was begun by an answer ends with its own list.
    """
    return tuple(_after(playbook.then, name) or ())


def follows(playbook: Playbook, name: str, answer: str) -> tuple[Step, ...]:
    """Return the steps that an answer to the step of this name begins."""
    match playbook.step(name):
        case Offer() as offer:
            return offer.then if answer == YES else offer.otherwise
        case Question() | Choose() as asked:
            return next((way.then for way in asked.answers if way.answer == answer), ())
        case _:
            return ()


def chooses(branch: Branch, situation: Situation, answers: Mapping[str, str]) -> bool:
    """Return which way a branch goes: by an answer given so far, or by what is true today."""
    match branch.if_:
        case Answered(step=name, is_=words):
            return answers.get(name) in words
        case condition:
            return holds(condition, situation)


def planned(  # noqa: PLR0911 - an answer a kind
    step: Step, now: datetime, *, automatic: bool, times: Times
) -> PlannedStep:
    """Return a step that is reached now, with when it is due and what it waits for."""
    match step:
        case Email(to="csm"):
            return PlannedStep(step, now, "scheduled")
        case Email() | Survey():
            waits = step.approval or not automatic
            return PlannedStep(step, now, "waiting_approval" if waits else "scheduled")
        case Task():
            return PlannedStep(
                step, business_days_later(now, step.due_in_business_days, times.ours), "to_do"
            )
        case Offer() | Question() | Choose():
            return PlannedStep(step, _lapses(step, now, times.ours), "waiting_answer")
        case Wait():
            return PlannedStep(step, _over(step, now, times.theirs), "scheduled")
        case Stop():
            return PlannedStep(step, now + GRACE, "scheduled")
        case Escalate():
            due = business_hours_later(now, step.within_business_hours, times.ours)
            return PlannedStep(step, due, "scheduled")
        case _:
            return PlannedStep(step, now, "done")


def _lapses(step: Asked, now: datetime, hours: Hours) -> datetime:
    return business_days_later(now, step.within_business_days, hours)


def _over(wait: Wait, now: datetime, hours: Hours) -> datetime:
    if wait.business_hours is not None:
        return business_hours_later(now, wait.business_hours, hours)
    if wait.business_days is not None:
        return business_days_later(now, wait.business_days, hours)
    return days_later(now, wait.days or 0, hours)


def _after(steps: Sequence[Step], name: str) -> list[Step] | None:
    """Return what follows the named step within these steps; None where it is not among them."""
    for at, step in enumerate(steps):
        rest = list(steps[at + 1 :])
        if step.step == name:
            return rest
        for inner in lists_in(step):
            found = _after(inner, name)
            if found is not None:
                return found + (rest if isinstance(step, Branch) else [])
    return None
