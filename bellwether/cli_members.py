"""`bellwether members`: who of us may see, act and decide in Slack."""

import getpass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Json, console, house, show

if TYPE_CHECKING:
    from rich.console import Console

    from storage.people import Member


class RoleName(StrEnum):
    """What a member may do; each may all that stands before it."""

    viewer = "viewer"
    csm = "csm"
    manager = "manager"
    admin = "admin"


app = typer.Typer(
    help="Who of us may see, act and decide in Slack.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Email = Annotated[str, typer.Argument(help="The address they have in Slack.")]
GivenRole = Annotated[
    RoleName,
    typer.Option("--role", help="csm acts for customers; manager and admin release the brake."),
]
Backup = Annotated[
    str | None,
    typer.Option("--backup", metavar="EMAIL", help="Who is told when they take no alert in time."),
]
Manager = Annotated[
    str | None, typer.Option("--manager", metavar="EMAIL", help="Who is told after the backup.")
]
Name = Annotated[str | None, typer.Option("--name", help="Their name, if it is to be changed.")]


@app.command("list")
def list_members(as_json: Json = False) -> None:
    """List our people with their roles. A CSM named by an import is enrolled by it."""
    from rich.table import Table

    from service import enrolment

    with house() as (_, opened):
        found = enrolment.everybody(opened)

    def words(out: "Console") -> None:
        table = Table("name", "e-mail", "role", "in Slack")
        for one in found:
            table.add_row(one.name, one.email, one.role, "yes" if one.slack_id else "not met yet")
        out.print(table if found else "Nobody yet: bellwether members set EMAIL --role csm.")

    show([_data(one) for one in found], as_json=as_json, words=words)


@app.command("set")
def set_role(
    email: Email,
    role: GivenRole,
    name: Name = None,
    backup: Backup = None,
    manager: Manager = None,
) -> None:
    """Enrol somebody, or give them another role, and say who stands in for them.

    Example: [cyan]bellwether members set carla@your-company.com --role csm
    --backup berta@your-company.com --manager max@your-company.com[/cyan]
    """
    from service import enrolment

    by, now = f"{getpass.getuser()} (command line)", datetime.now(UTC)
    with house() as (_, opened):
        member = enrolment.enrol(opened, email, role=role.value, name=name, by=by, now=now)
        if backup is not None or manager is not None:
            enrolment.stand_in(opened, email, backup=backup, manager=manager, by=by, now=now)
    console().print(f"{member.name} is {member.role} now.", markup=False)


def _data(one: "Member") -> dict[str, object]:
    return {
        "name": one.name,
        "email": one.email,
        "role": one.role,
        "timezone": one.timezone,
        "slackId": one.slack_id,
    }
