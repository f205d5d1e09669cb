"""`bellwether override` and `bellwether pulse`: what people say of a customer's health."""

import getpass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bellwether.cli_base import Failed, console, house
from bellwether.cli_explain import read_day
from bellwether.cli_look import meant
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from datetime import date

    from service.override import Author
    from service.ports import House

Name = Annotated[str, typer.Argument(help="A customer's name or key.")]
Set = Annotated[
    str | None, typer.Option("--set", metavar="SCORE", help="Show just this score, 0 to 100.")
]
Floor = Annotated[
    str | None, typer.Option("--floor", metavar="SCORE", help="Show this score or better.")
]
Ceiling = Annotated[
    str | None, typer.Option("--ceiling", metavar="SCORE", help="Show this score or worse.")
]
Clear = Annotated[bool, typer.Option("--clear", help="Show the computed score again.")]
Reason = Annotated[str | None, typer.Option(help="Why; everybody who sees the score sees it.")]
Until = Annotated[
    str | None,
    typer.Option(metavar="YYYY-MM-DD", help="The last day it holds; in 30 days when unsaid."),
]
By = Annotated[
    str | None,
    typer.Option(metavar="EMAIL", help="Who says it, of our own people; they hear of its end."),
]


class Mood(StrEnum):
    """How a CSM feels about a customer."""

    good = "good"
    neutral = "neutral"
    worried = "worried"


def override(
    name: Name,
    set_to: Set = None,
    floor: Floor = None,
    ceiling: Ceiling = None,
    clear: Clear = False,
    reason: Reason = None,
    until: Until = None,
    by: By = None,
) -> None:
    """Let a person's word stand over a computed score, with a reason and until a day.

    The computed score stays visible beside it and keeps being computed. An override starts no
    playbook by itself; when it runs out, its author and the CSM are told.

    [cyan]bellwether override acme --set 60 --reason "Renewed by phone" --until 2026-12-01[/cyan]

    [cyan]bellwether override acme --clear[/cyan]
    """
    from service import override as service

    values: dict[Literal["set", "floor", "ceiling"], str | None] = {
        "set": set_to, "floor": floor, "ceiling": ceiling,
    }  # fmt: skip
    given = [(kind, text) for kind, text in values.items() if text is not None]
    if len(given) + clear != 1:
        raise WrongUse("Give exactly one of --set, --floor, --ceiling and --clear.")
    now = datetime.now(UTC)
    last = _until(until, now)
    with house() as (_, opened):
        customer, author = meant(opened, name), _author(opened, by)
        if clear:
            if not service.clear_override(opened, customer.key, author=author, now=now):
                raise Failed(f"Nothing was said over the score of {customer.name}.")
            console().print(f"{customer.name}: the computed score is shown again.", markup=False)
            return
        kind, text = given[0]
        row = service.set_override(
            opened, customer.key, kind=kind, value=_score(text, kind), reason=reason or "",
            until=last, author=author, now=now,
        )  # fmt: skip
    verb = {"set": "set to", "floor": "at least", "ceiling": "at most"}[row.kind]
    console().print(f"{customer.name}: {verb} {row.value} until {row.until}.", markup=False)


def pulse(
    name: Name,
    mood: Annotated[Mood, typer.Argument(help="How it feels.")],
    note: Annotated[str, typer.Option(help="What makes you feel so.")],
    until: Until = None,
    by: By = None,
) -> None:
    """Note how you feel about a customer: good, neutral or worried. It changes no score.

    It stands beside the score in Slack, on the page and here until the day it runs out.

    [cyan]bellwether pulse acme worried --note "Their champion left"[/cyan]
    """
    from service import override as service

    now = datetime.now(UTC)
    with house() as (_, opened):
        customer, author = meant(opened, name), _author(opened, by)
        row = service.set_pulse(
            opened, customer.key, mood=mood.value, note=note, until=_until(until, now),
            author=author, now=now,
        )  # fmt: skip
    console().print(f"{customer.name}: {row.mood}, until {row.until}.", markup=False)


def _author(opened: "House", email: str | None) -> "Author":
    from service.override import Author, author_of
    from storage.people import member_by_email

    if email is None:
        return Author(f"{getpass.getuser()} (command line)")
    with opened.database.reading() as tx:
        member = member_by_email(tx, email)
    if member is None:
        raise Failed(f"None of our own people has the address {email!r}.")
    return author_of(member)


def _until(text: str | None, now: datetime) -> "date":
    from service.override import USUAL

    return read_day(text, "--until") or now.date() + USUAL


def _score(text: str, option: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise WrongUse(f"--{option} {text!r} is not a score, like 60.") from None
