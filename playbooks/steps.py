"""What a playbook does: one class a kind of step, its docstring is its manual."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from playbooks.conditions import Condition
from playbooks.written import Several, Word, Written

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
ADDRESS = r"[^@\s,;<>]+@[^@\s,;<>]+"
CONVERSATION = r"#[a-z0-9_-]{1,80}|[CG][A-Z0-9]{2,}"
Conversation = Annotated[str, Field(pattern=rf"^({CONVERSATION})$")]
Told = Annotated[
    str,
    Field(pattern=rf"^(csm|backup|manager|operator|{CONVERSATION}|{ADDRESS})$", max_length=254),
]
"""Whom Slack tells: a role, a conversation, or one of us by address."""
Steps = tuple["Step", ...]
SomeSteps = Annotated[Steps, Field(min_length=1)]
BusinessDays = Annotated[int, Field(ge=1, le=90)]


class _Named(Written):
    step: Word


class SlackAlert(_Named):
    """Tell the CSM by direct message (or a channel, `to`), with the strongest drivers and buttons.

    This is the play's root message: what happens later is written in its thread and into it.
    `text` says what to make of it. `urgent` lets it pass the CSM's night and weekend.
    """

    kind: Literal["slack_alert"]
    to: Literal["csm"] | Conversation = "csm"
    drivers: Annotated[int, Field(ge=1, le=10)] = 3
    text: Text | None = None
    urgent: bool = False


class SlackPost(_Named):
    """Post one note about the customer: to a conversation (#name or its id), or to one of us.

    `to` may also be `csm`, `backup` or `manager` (of the CSM), `operator`, or an address.
    """

    kind: Literal["slack_post"]
    to: Told
    text: Text
    urgent: bool = False


class Person(Written):
    """Somebody a mail is from by name, such as an executive sponsor; answers go to them."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(pattern=rf"^{ADDRESS}$", max_length=254)]


class _Mail(_Named):
    to: Literal["contact", "executive"] = "contact"
    sender: Literal["csm", "house"] | Person = Field("csm", alias="from")
    approval: bool = True


class Email(_Mail):
    """Write to the customer's main contact, to their `executive`, or to their `csm`.

    The words come from the mail template of that name. `approval` is on unless said otherwise:
    the very mail then waits for a yes in Slack; one to the CSM needs none. `from` is whose name it
    carries: the customer's `csm`, the `house`, or a person given by name and email. The address it
    leaves from is always the house's own; answers go to the person named. `tip` gives the template
    the feature that others use and this customer does not.
    """

    kind: Literal["email"]
    to: Literal["contact", "executive", "csm"] = "contact"  # type: ignore[assignment] # one more than a survey has
    template: Word
    tip: bool = False


class Survey(_Mail):
    """Ask the customer one question by mail; the answer is a click on a number, and some words.

    The answer counts as one to the survey of that name, `lowest` to `highest`. The links lead to a
    page of ours: looking at it changes nothing, sending it in does.
    """

    kind: Literal["survey"]
    template: Word = "survey"
    survey: Word
    question: Annotated[str, Field(min_length=1, max_length=300)]
    lowest: Annotated[int, Field(ge=0, le=1)] = 0
    highest: Annotated[int, Field(ge=2, le=10)] = 10


class Task(_Named):
    """A thing for the CSM to do by a number of business days from now, shown with the alert.

    `checklist` are its parts.
    """

    kind: Literal["task"]
    title: Title
    due_in_business_days: Annotated[int, Field(ge=0, le=90)] = 5
    checklist: Annotated[tuple[Title, ...], Field(max_length=20)] = ()


class _Asked(_Named):
    """Something a person is asked in Slack; unanswered, it lapses."""

    text: Text
    within_business_days: BusinessDays = 5


class Offer(_Asked):
    """Something for the customer (`training`, `discount`, `beta`) that needs a yes in Slack.

    A yes does `then`, a no does `otherwise`.
    """

    kind: Literal["offer"]
    offer: Word
    then: Steps = ()
    otherwise: Steps = ()


class Way(Written):
    """One answer a person may give, and what is done then."""

    answer: Word
    title: Annotated[str, Field(min_length=1, max_length=75)]
    then: Steps = ()


Ways = Annotated[tuple[Way, ...], Field(min_length=2, max_length=10)]


class Question(_Asked):
    """Ask the CSM something, such as the root cause, and go on by the answer.

    Each of the `answers` has a word, a title, and the steps that follow it (`then`).
    """

    kind: Literal["question"]
    answers: Ways


class Choose(_Asked):
    """Let the CSM choose in Slack between ways to go on; the choice is kept in the audit log.

    Each of the `options` has a word (`answer`), a title, and the steps that follow it (`then`).
    """

    kind: Literal["choose"]
    options: Ways

    @property
    def answers(self) -> tuple[Way, ...]:
        """Return the options as a question has its answers."""
        return self.options


class Webhook(_Named):
    """Call a configured endpoint by name, signed; `fields` are added to what the body says."""

    kind: Literal["webhook"]
    endpoint: Word
    event: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=60)] = "playbook.step"
    fields: dict[Word, Annotated[str, Field(max_length=500)]] = Field(default_factory=dict)


class Tag(_Named):
    """Give the customer tags (`add`) or take some away (`remove`)."""

    kind: Literal["tag"]
    add: tuple[Title, ...] = ()
    remove: tuple[Title, ...] = ()

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("needs add, remove or both")
        return self


class SetField(_Named):
    """Set the customer's `segment`, `plan` or `lifecycle` to a value."""

    kind: Literal["set_field"]
    field: Literal["segment", "plan", "lifecycle"]
    to: Title


class Wait(_Named):
    """Hold up what follows, by business hours, business days or days of the calendar.

    Business time is Monday to Friday, nine to five where the customer is, without the holidays of
    the house's region. When it is over, it is asked first whether the play still holds.
    """

    kind: Literal["wait"]
    business_hours: Annotated[int, Field(ge=1, le=400)] | None = None
    business_days: Annotated[int, Field(ge=1, le=250)] | None = None
    days: Annotated[int, Field(ge=1, le=365)] | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        given = (self.business_hours, self.business_days, self.days)
        if sum(each is not None for each in given) != 1:
            raise ValueError("needs exactly one of business_hours, business_days and days")
        return self

    @property
    def amount(self) -> tuple[int, str]:
        """Return how many of what are waited for."""
        if self.business_hours is not None:
            return self.business_hours, "business hours"
        if self.business_days is not None:
            return self.business_days, "business days"
        return self.days or 0, "days"


class Answered(Written):
    """A step of this play was answered with one of these; only a branch may ask."""

    kind: Literal["answered"]
    step: Word
    is_: Several = Field(alias="is")


class Branch(_Named):
    """Do `then` if something is true of the customer, or of an earlier answer; else `otherwise`.

    It is asked when the branch is reached; what follows it comes after either.
    """

    kind: Literal["branch"]
    if_: Condition | Answered = Field(alias="if", discriminator="kind")
    then: SomeSteps
    otherwise: Steps = ()


class Escalate(_Named):
    """Tell others when nobody acknowledges the alert within so many business hours.

    First the CSM's backup, and as long after that the manager, once each; whom nobody named is
    passed over. An acknowledgement ends it.
    """

    kind: Literal["escalate"]
    within_business_hours: Annotated[int, Field(ge=1, le=80)] = 4
    to: Annotated[tuple[Literal["backup", "manager"], ...], Field(min_length=1, max_length=2)] = (
        "backup",
        "manager",
    )
    text: Text | None = None


class Stop(_Named):
    """End the play here: a day later it is closed, and what still waits in it is cancelled."""

    kind: Literal["stop"]
    reason: Title = "The playbook ends here."


class ThreadNote(_Named):
    """Write one sentence into the threads of the alerts this playbook closes."""

    kind: Literal["thread_note"]
    text: Text


Step = Annotated[
    SlackAlert
    | SlackPost
    | Email
    | Survey
    | Task
    | Offer
    | Question
    | Choose
    | Webhook
    | Tag
    | SetField
    | Wait
    | Branch
    | Escalate
    | Stop
    | ThreadNote,
    Field(discriminator="kind"),
]
Asked = Offer | Question | Choose
# What needs the alert: there the yes is asked for, the answer given, the acknowledgement made.
NEEDS_ALERT = (Email, Survey, Offer, Question, Choose, Escalate)


def lists_in(step: Step) -> tuple[Sequence[Step], ...]:
    """Return the lists of steps that stand inside a step, in the author's order."""
    match step:
        case Offer() | Branch():
            return (step.then, step.otherwise)
        case Question() | Choose():
            return tuple(way.then for way in step.answers)
        case _:
            return ()


def every(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps and all that stand inside them, however deep, in the author's order."""
    for step in steps:
        yield step
        for inner in lists_in(step):
            yield from every(inner)


for _holder in (Offer, Way, Question, Choose, Branch):
    _holder.model_rebuild()
