"""`bellwether customer`: everything we hold about one, handed out or taken away."""

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from bellwether.cli_base import Failed, house

app = typer.Typer(help="One customer's data: export it, erase it.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="The customer's key.")]


@app.command()
def export(key: Key) -> None:
    """Print everything stored about a customer, as JSON.

    [cyan]bellwether customer export acme > acme.json[/cyan]
    """
    from service import privacy

    with house() as (_, opened):
        tables = privacy.export(opened, key)
    typer.echo(json.dumps(tables, ensure_ascii=False, indent=2, default=str))


@app.command()
def erase(
    key: Key,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everything stored about a customer, for ever.

    What remains is that an address does not want our mail, as a keyed hash, and the audit entry.
    """
    from service import privacy

    if not yes and not typer.confirm(f"Erase everything about {key!r}? It cannot be undone"):
        raise Failed("Nothing was erased.")
    with house() as (_, opened):
        erased = privacy.erase(
            opened, key, by=f"{getpass.getuser()} (command line)", now=datetime.now(UTC)
        )
    typer.echo(f"Erased {key}: {sum(erased.rows.values())} rows.")
