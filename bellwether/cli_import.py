"""`bellwether import`: customers, events, tickets, invoices and survey answers from files."""

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bellwether.cli_base import Json, bar, house, show
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from rich.console import Console

    from bellwether.importing import Imported

What = Annotated[str, typer.Argument(help="customers, events, tickets, invoices or surveys.")]
File = Annotated[Path, typer.Argument(help="CSV or JSON Lines (.jsonl), .gz too.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds a field; repeat it."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="The same value for every row; repeat it."),
]
Feed = Annotated[str, typer.Option(help="Where the rows come from; ids are unique per feed.")]
Zone = Annotated[
    str | None, typer.Option(help="The zone of times without an offset, e.g. Europe/Berlin.")
]
Create = Annotated[
    bool, typer.Option("--create-customers", help="Make a customer of every unknown one.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Show what would change; change nothing.")]
RejectsTo = Annotated[
    Path | None, typer.Option("--rejects", help="Where refused rows go. [dim]FILE.rejects…[/dim]")
]


def import_file(
    what: What,
    file: File,
    maps: Map = None,
    sets: Set = None,
    feed: Feed = "import",
    zone: Zone = None,
    create_customers: Create = False,
    dry_run: Dry = False,
    rejects: RejectsTo = None,
    as_json: Json = False,
) -> None:
    """Import customers, events, tickets, invoices or survey answers from a file.

    Columns named as our fields are taken as they are; others are mapped or ignored. A row that
    cannot be taken goes to a rejects file with its line and reason, and costs no other row.
    Importing a file twice adds nothing: an event or answer without an id gets one from its
    content.

    [cyan]bellwether import customers crm.csv --map key=account_id --map csm=owner_email[/cyan]

    [cyan]bellwether import events logins.csv.gz --map customer=org --map occurredAt=ts
    --set type=login --create-customers[/cyan]

    [cyan]bellwether import invoices invoices.jsonl --dry-run[/cyan]

    [cyan]bellwether import surveys nps.csv --set survey=nps --map answeredAt=date
    --zone Europe/Berlin[/cyan]
    """
    from bellwether.columns import columns
    from bellwether.files import Rejects, is_json, opened
    from bellwether.importing import Plan, fields_for, import_table
    from bellwether.importing import What as Kind

    if what not in set(Kind):
        raise WrongUse(f"{what!r} cannot be imported; say one of {', '.join(Kind)}.")
    kind = Kind(what)
    plan = Plan(
        kind,
        columns(fields_for(kind), maps or (), sets or (), _zone(zone)),
        feed,
        create_customers,
        dry_run,
    )
    began = time.monotonic()
    with (
        house() as (_, opened_house),
        opened(file) as table,
        bar("reading", table.size, quiet=as_json) as advance,
    ):
        done = import_table(
            opened_house,
            table,
            plan,
            now=datetime.now(UTC),
            rejects=Rejects(rejects or _beside(file, json=is_json(file)), table.columns),
            progress=advance,
        )
    seconds = time.monotonic() - began
    data = {**asdict(done), "dryRun": dry_run, "seconds": round(seconds, 2)}
    show(data, as_json=as_json, words=lambda out: _words(out, done, seconds, dry_run=dry_run))
    if done.refused:
        raise typer.Exit(1)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise WrongUse(f"--zone {name!r} is not a zone's name, like Europe/Berlin.") from None


def _beside(file: Path, *, json: bool) -> Path:
    """Name the rejects file, in the folder one stands in: the file's own may be read-only."""
    stem = file.name.removesuffix(".gz").rsplit(".", 1)[0]
    return Path(f"{stem}.rejects.{'jsonl' if json else 'csv'}")


def _words(out: "Console", done: "Imported", seconds: float, *, dry_run: bool) -> None:
    rows = sum(done.counts.values())
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(done.counts.items()))
    would = "Dry run, nothing was changed. Would be: " if dry_run else ""
    out.print(f"{would}{rows:,} rows in {seconds:.1f} s: {told or 'nothing'}.")
    if done.ignored:
        names = ", ".join(done.ignored)
        out.print(
            f"Columns nothing reads: {names} (--map FIELD=COLUMN takes one in).", markup=False
        )
    for line, reason in done.reasons:
        out.print(f"  line {line}: {reason}", markup=False)
    if done.counts.get("quarantined"):
        out.print("Rows of unknown customers wait in quarantine until the customer is imported.")
    if done.rejects:
        out.print(f"Refused rows, with reasons: {done.rejects}", markup=False)
