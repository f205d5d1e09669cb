"""`bellwether models`: the health models at hand, what a file says, and what it would change."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Failed, Json, bar, console, house, settings, show, stopping, told

if TYPE_CHECKING:
    from rich.console import Console

    from bellwether.models import Shelved
    from bellwether.settings import Settings
    from service.whatif import WhatIf

app = typer.Typer(help="Health models: look at them, check them, try them.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(help="A model's name, name@version, or a YAML file.")]
_SHOWN = 30


@app.command(name="list")
def list_models(as_json: Json = False) -> None:
    """List every model at hand: those that ship and your own, and who is scored by which."""
    from bellwether import house as building
    from bellwether.models import shelf

    with told():
        read = settings()
        known, used = shelf(read), building.models_in_use(read)
    default = used.models[0].identity
    names = {model.identity for model in used.models}
    rows = [
        {
            "name": one.model.name,
            "version": one.model.version,
            "title": one.model.title,
            "from": one.where,
            "inUse": one.model.identity in names,
            "default": one.model.identity == default,
        }
        for one in known
    ]
    show(rows, as_json=as_json, words=lambda out: _table(out, rows))


@app.command(name="show")
def show_model(model: Named, as_json: Json = False) -> None:
    """Print a model's file as it was written; as JSON, everything it says, defaults included."""
    with told():
        found = _found(settings(), model)
    data = found.model.model_dump(mode="json")
    show(data, as_json=as_json, words=lambda _: typer.echo(found.text, nl=False))


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Model files; all of your own when unsaid.")
    ] = None,
) -> None:
    """Check model files, and tell every fault: line, what was found, what is allowed.

    Without a file: your models, and the resolver with them.
    """
    from bellwether import house as building
    from bellwether.models import read_all, shelf

    with told():
        if files:
            names = [one.model.identity for one in read_all(files)]
        else:
            own = settings()
            building.models_in_use(own)
            names = [one.model.identity for one in shelf(own)]
    typer.echo(f"Well: {', '.join(names)}.")


@app.command()
def diff(before: Named, after: Named, as_json: Json = False) -> None:
    """Tell what is different between two models.

    [cyan]bellwether models diff saas-five-factor mine.yaml[/cyan]
    """
    from scoring.compare import differences

    with told():
        read = settings()
        found = differences(_found(read, before).model, _found(read, after).model)
    lines = "\n".join(found) or "No difference."
    show(list(found), as_json=as_json, words=lambda _: typer.echo(lines))


@app.command(name="try")
def try_file(
    file: Named,
    day: Annotated[
        str | None, typer.Option(help="The day to score, as 2026-11-19; yesterday when unsaid.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score everybody with a changed file, and show who would change band and why.

    Nothing is written and nobody is told. [cyan]bellwether models try mine.yaml[/cyan]
    """
    from service.whatif import what_if

    as_of = _day(day)
    with house() as (read, opened):
        model = _found(read, file).model
        nothing = stopping(lambda: "Nothing was written")
        with nothing, bar("Scoring", 1000, quiet=as_json) as advance:
            found = what_if(
                opened, model, as_of, progress=lambda done, all_: advance(done * 1000 // all_)
            )
    show(asdict(found), as_json=as_json, words=lambda out: _tried(out, found))


@app.command()
def schema() -> None:
    """Print the JSON Schema of a model file, for editors that check while you write.

    [cyan]bellwether models schema > model.schema.json[/cyan], and as the file's first line:
    # yaml-language-server: $schema=model.schema.json
    """
    from scoring.manual import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command(name="manual")
def print_manual() -> None:
    """Print the language of model files: everything that can be measured, and every scale."""
    from scoring.manual import markdown

    typer.echo(markdown(), nl=False)


def _found(read: "Settings", name: str) -> "Shelved":
    from bellwether.models import by_name, nearest, shelf
    from bellwether.models import read as read_file

    path = Path(name)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return read_file(path)
    known = shelf(read)
    found = by_name(known, name)
    if found is None:
        near = nearest(known, name)
        raise Failed(
            f"No model is called {name!r}, and no file either."
            f"{f' Did you mean {near}?' if near else ''} "
            f"There are: {', '.join(one.model.identity for one in known)}."
        )
    return found


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failed(f"--day {text!r} is not a day like 2026-11-19.") from None


def _table(out: "Console", rows: list[dict[str, object]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("model", "version", "title", "from", ""):
        table.add_column(title)
    for row in rows:
        used = "default" if row["default"] else "in use" if row["inUse"] else ""
        words = [str(row[name]) for name in ("name", "version", "title", "from")]
        table.add_row(*(escape(word) for word in words), used)
    out.print(table)


def _tried(out: "Console", found: "WhatIf") -> None:
    from rich.markup import escape

    out.print(f"[bold]{escape(found.model)}[/bold] on {found.as_of}: {found.scored} customers.")
    bands = dict.fromkeys([*found.before, *found.after])
    for band in bands:
        before, after = found.before.get(band, 0), found.after.get(band, 0)
        out.print(f"  {escape(band)}: {before} now, {after} with it")
    if not found.moved:
        out.print("Nobody would change band.")
    for one in found.moved[:_SHOWN]:
        out.print(
            f"{escape(one.name)} ({escape(one.key)}): {one.score_before} {escape(one.band_before)}"
            f" → {one.score_after} {escape(one.band_after)}"
        )
        for sentence in one.why:
            out.print(f"    {escape(sentence)}")
    if len(found.moved) > _SHOWN:
        out.print(f"… and {len(found.moved) - _SHOWN} more; --json lists all.")
    for key, fault in found.failures:
        console(error=True).print(f"{escape(key)} could not be scored: {escape(fault)}")
