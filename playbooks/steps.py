"""What a playbook does: one class a kind of step, its docstring is its manual."""

from typing import Annotated, Literal

from pydantic import Field

from playbooks.written import Word, Written

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Conversation = Annotated[str, Field(pattern=r"^(#[a-z0-9_-]{1,80}|[CG][A-Z0-9]{2,})$")]


class _Named(Written):
    step: Word


class SlackAlert(_Named):
    """Tell the CSM by direct message, with the strongest drivers and the buttons to act.

    This is the play's root message: what happens later is written in its thread and into it.
    """

    kind: Literal["slack_alert"]
    to: Literal["csm"] = "csm"
    drivers: Annotated[int, Field(ge=1, le=10)] = 3


class SlackPost(_Named):
    """Post one note about the customer to a conversation (#name or its id)."""

    kind: Literal["slack_post"]
    to: Conversation
    text: Text


class Person(Written):
    """Somebody a mail is from by name, such as an executive sponsor; answers go to them."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$", max_length=254)]


class Email(_Named):
    """Write to the customer's main contact.

    The words come from the mail template of that name. `approval` is on unless said otherwise:
    the very mail then waits for a yes in Slack. `from` is whose name it carries: the customer's
    `csm`, the `house`, or a person given by name and email. The address it leaves from is always
    the house's own; answers go to the person named.
    """

    kind: Literal["email"]
    to: Literal["contact"] = "contact"
    template: Word
    sender: Literal["csm", "house"] | Person = Field("csm", alias="from")
    approval: bool = True


class Task(_Named):
    """A thing for the CSM to do by a number of business days from now, shown with the alert."""

    kind: Literal["task"]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    due_in_business_days: Annotated[int, Field(ge=0, le=90)] = 5


class ThreadNote(_Named):
    """Write one sentence into the threads of the alerts this playbook closes."""

    kind: Literal["thread_note"]
    text: Text


Step = Annotated[
    SlackAlert | SlackPost | Email | Task | ThreadNote,
    Field(discriminator="kind"),
]
