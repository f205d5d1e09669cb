"""One run of a playbook for one customer: which steps it has, when, and what they wait for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from playbooks.playbook import Playbook
from playbooks.steps import Email, SlackAlert, SlackPost, Step, Task, ThreadNote

StepState = Literal["waiting_approval", "scheduled", "done"]

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step with its instant and its first state. Occurrence counts repetitions, from 1."""

    step: Step
    due_at: datetime
    state: StepState
    occurrence: int = 1


def plan(playbook: Playbook, now: datetime, *, automatic: bool) -> tuple[PlannedStep, ...]:
    """Return the steps of a play that opens now, in order.

    `automatic` is whether the house lets customer mail leave without a yes; only then does a
    mail whose author turned approval off leave by itself.
    """
    return tuple(_planned(step, now, automatic=automatic) for step in playbook.then)


def business_days_after(day: date, days: int) -> date:
    """Return the day so many Mondays to Fridays after `day`; holidays are not known here."""
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day


def _planned(step: Step, now: datetime, *, automatic: bool) -> PlannedStep:
    match step:
        case Email():
            waits = step.approval or not automatic
            return PlannedStep(step, now, "waiting_approval" if waits else "scheduled")
        case Task():
            due = business_days_after(now.date(), step.due_in_business_days)
            return PlannedStep(step, now + (due - now.date()), "scheduled")
        case SlackAlert() | SlackPost() | ThreadNote():
            return PlannedStep(step, now, "done")
