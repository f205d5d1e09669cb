"""A playbook as a person writes it: when, only if, then; and the guards every one has."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from playbooks.conditions import Always, Condition
from playbooks.steps import (
    NEEDS_ALERT,
    Answered,
    Branch,
    Choose,
    Email,
    Offer,
    Question,
    SlackAlert,
    SlackPost,
    Step,
    Task,
    every,
)
from playbooks.triggers import Trigger
from playbooks.written import Word, Written


class Guards(Written):
    """What keeps a playbook from doing harm. Every one has a safe default.

    once_per_episode      one play for one stay in a band, however often it is looked at
    cool_down_days        after any play started for the customer, so many days nothing for the
                          same or a better band starts
    worse_band_passes     a fall into a worse band than before does not wait for the cool-down
    exit_on_recovery      the play closes, and what still waits in it is cancelled, when the
                          customer rises above the band it was opened for
    rest_days             after a play of this very playbook, so many days it does not start for
                          the same customer again
    starts_a_day          so many plays of this playbook start on one day, for whichever customers;
                          the others wait for the next day
    """

    once_per_episode: bool = True
    cool_down_days: Annotated[int, Field(ge=0, le=365)] = 14
    worse_band_passes: bool = True
    exit_on_recovery: bool = True
    rest_days: Annotated[int, Field(ge=0, le=730)] = 0
    starts_a_day: Annotated[int, Field(ge=1, le=100_000)] = 1000


class Playbook(Written):
    """One answer to one kind of change in a customer's health."""

    name: Word
    version: Annotated[int, Field(ge=1)]
    title: Annotated[str, Field(min_length=1, max_length=100)]
    description: Annotated[str, Field(max_length=1000)] = ""
    when: Trigger
    only_if: Condition = Always()
    then: Annotated[tuple[Step, ...], Field(min_length=1)]
    guards: Guards = Guards()

    @property
    def identity(self) -> str:
        """Return name and version, "new-at-risk@1": what a play is pinned to."""
        return f"{self.name}@{self.version}"

    @model_validator(mode="after")
    def _steps_have_names_of_their_own(self) -> Self:
        names = [step.step for step in every(self.then)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two steps are called {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _people_have_somewhere_to_be_asked(self) -> Self:
        first = self.then[0] if self.then else None
        alerts = [step for step in self.then if isinstance(step, SlackAlert)]
        asks = next((step for step in every(self.then) if isinstance(step, NEEDS_ALERT)), None)
        if asks is not None and not alerts and not _to_csm(asks):
            raise ValueError(
                f"an {asks.kind} step needs a slack_alert step: there the yes is asked for"
            )
        nested = [step for step in every(self.then) if isinstance(step, SlackAlert)]
        if len(nested) > 1 or (nested and nested[0] is not first):
            raise ValueError("a slack_alert step comes first, and once: it is the play's message")
        return self

    @model_validator(mode="after")
    def _branches_ask_for_answers_there_are(self) -> Self:
        given = {step.step: answers_of(step) for step in every(self.then)}
        for step in every(self.then):
            if isinstance(step, Branch) and isinstance(step.if_, Answered):
                known = given.get(step.if_.step, ())
                strange = [word for word in step.if_.is_ if word not in known]
                if strange:
                    allowed = ", ".join(known) or "a step that is answered"
                    raise ValueError(
                        f"branch {step.step} asks whether {step.if_.step} was answered with "
                        f"{', '.join(strange)}; known there: {allowed}"
                    )
        return self

    def step(self, name: str) -> Step | None:
        """Return the step of this name, however deep it stands."""
        return next((step for step in every(self.then) if step.step == name), None)

    def conditions(self) -> tuple[Condition, ...]:
        """Return every condition in it: the one to begin, and those of its branches."""
        branches = [step.if_ for step in every(self.then) if isinstance(step, Branch)]
        return (self.only_if, *(one for one in branches if not isinstance(one, Answered)))

    def texts(self) -> tuple[str, ...]:
        """Return all words of Slack in it, in which merge fields may stand."""
        return tuple(text for step in every(self.then) for text in words_of(step))


def answers_of(step: Step) -> tuple[str, ...]:
    """Return the words a step may be answered with; none for a step that asks nothing."""
    match step:
        case Offer():
            return ("yes", "no")
        case Question() | Choose():
            return tuple(way.answer for way in step.answers)
        case _:
            return ()


def words_of(step: Step) -> tuple[str, ...]:
    """Return the texts of a step that people read in Slack."""
    match step:
        case Task(title=title, checklist=checklist):
            return (title, *checklist)
        case SlackAlert() | SlackPost() | Offer() | Question() | Choose():
            return (step.text,) if step.text else ()
        case _:
            return ()


def _to_csm(step: Step) -> bool:
    return isinstance(step, Email) and step.to == "csm"
