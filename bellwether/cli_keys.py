"""`bellwether keys`: API keys for those who send us events."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Failed, Json, house, show

if TYPE_CHECKING:
    from rich.console import Console

    from storage.keys import Key

app = typer.Typer(
    help="API keys for programs that write over HTTP.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Name = Annotated[str, typer.Argument(help="Who uses the key, e.g. [cyan]billing-sync[/cyan].")]


@app.command()
def create(name: Name, as_json: Json = False) -> None:
    """Make a key and show it, this once.

    Example: [cyan]bellwether keys create billing-sync[/cyan], then send it as
    [cyan]Authorization: Bearer bw_…[/cyan]
    """
    from service import keys

    with house() as (_, opened):
        plain = keys.create(opened.database, name, now=datetime.now(UTC))

    def words(console: "Console") -> None:
        console.print(plain, markup=False, soft_wrap=True)
        console.print(
            "[dim]Keep it now: only its digest is stored, nobody can show it again.[/dim]"
        )

    show({"name": name, "key": plain}, as_json=as_json, words=words)


@app.command("list")
def list_keys(as_json: Json = False) -> None:
    """List the keys there are, without their secrets."""
    from rich.table import Table

    from service import keys

    with house() as (_, opened):
        found = keys.listed(opened.database)

    def words(console: "Console") -> None:
        table = Table("name", "scopes", "created", "revoked")
        for key in found:
            table.add_row(
                key.name, ", ".join(key.scopes), _day(key.created_at), _day(key.revoked_at)
            )
        console.print(table if found else "No keys yet: bellwether keys create NAME makes one.")

    show([_data(key) for key in found], as_json=as_json, words=words)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _data(key: "Key") -> dict[str, object]:
    return {
        "name": key.name,
        "scopes": list(key.scopes),
        "createdAt": key.created_at.isoformat(),
        "revokedAt": key.revoked_at.isoformat() if key.revoked_at else None,
    }


@app.command()
def revoke(name: Name) -> None:
    """End a key at once."""
    from service import keys

    with house() as (_, opened):
        ended = keys.revoke(opened.database, name, now=datetime.now(UTC))
    if not ended:
        raise Failed(f"There is no live key named {name!r}; bellwether keys list shows them.")
    typer.echo(f"The key {name} is revoked.")
