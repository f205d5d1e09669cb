"""`bellwether simulate`: what a playbook would have done, on stored history."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Failed, Json, house, show
from bellwether.cli_explain import read_day
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from rich.console import Console

    from playbooks.playbook import Playbook
    from service.ports import House
    from service.simulate import Simulation

Which = Annotated[
    str, typer.Argument(metavar="PLAYBOOK", help="A playbook's name, or a YAML file of one.")
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="YYYY-MM-DD", help="The first day; 90 days back if unsaid."),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="YYYY-MM-DD", help="The last day; yesterday if unsaid."),
]
QUARTER = timedelta(days=89)


def simulate(which: Which, first: From = None, last: To = None, as_json: Json = False) -> None:
    """Show for whom a playbook would have begun, when, why, and how often a week. Nothing is sent.

    The stored scores are decided on again, among the other playbooks, with all guards; customers
    are as they are known today. A file of that name stands in for the playbook in use.

    [cyan]bellwether simulate churn-risk[/cyan]

    [cyan]bellwether simulate my-playbook.yaml --from 2026-09-01 --to 2026-10-31[/cyan]
    """
    from service import simulate as service

    end = read_day(last, "--to") or datetime.now(UTC).date() - timedelta(days=1)
    begin = read_day(first, "--from") or end - QUARTER
    if begin > end:
        raise WrongUse(f"--from {begin} comes after --to {end}.")
    with house() as (_, opened):
        found = service.simulate(opened, _playbook(opened, which), begin, end)
    data = asdict(found) | {"weeks": {f"{day}": count for day, count in found.weeks.items()}}
    show(data, as_json=as_json, words=lambda out: _words(out, found))


def _playbook(opened: "House", which: str) -> "Playbook":
    from bellwether.models import text_of
    from playbooks.load import check, parse

    if which.endswith((".yaml", ".yml")):
        book = parse(text_of(Path(which)), which)
        check(book, opened.model, which)
        return book
    names = {book.name: book for book in opened.playbooks}
    if which not in names:
        raise Failed(f"No playbook is called {which!r}; there are {', '.join(sorted(names))}.")
    return names[which]


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _words(out: "Console", found: "Simulation") -> None:
    from rich.markup import escape
    from rich.table import Table

    plays, days = _count(len(found.starts), "play"), _count(found.days, "day")
    scores = f"{days} of scores of {_count(found.customers, 'customer')}"
    out.print(
        f"{found.playbook} from {found.first} to {found.last}: {plays}, on {scores}. "
        "Nothing was sent."
    )
    if not found.starts:
        return
    table = Table("day", "customer", "CSM", "because", "would have")
    for one in found.starts:
        cells = (one.name, one.csm or "nobody", one.reason, "; ".join(one.sends))
        table.add_row(f"{one.on}", *(escape(cell) for cell in cells))
    out.print(table)
    for monday, count in found.weeks.items():
        out.print(f"  week of {monday}: {count}")
