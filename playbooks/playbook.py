"""A playbook as a person writes it: when, only if, then; and the guards every one has."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from playbooks.conditions import Always, Condition
from playbooks.steps import Step
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
    """

    once_per_episode: bool = True
    cool_down_days: Annotated[int, Field(ge=0, le=365)] = 14
    worse_band_passes: bool = True
    exit_on_recovery: bool = True


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
        names = [step.step for step in self.then]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two steps are called {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _mails_have_somewhere_to_be_asked_about(self) -> Self:
        kinds = {step.kind for step in self.then}
        if "email" in kinds and "slack_alert" not in kinds:
            raise ValueError("an email step needs a slack_alert step: there the yes is asked for")
        return self
