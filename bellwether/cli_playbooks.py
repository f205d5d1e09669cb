"""`bellwether playbooks`: what is in use, checked, and described for editors."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Failed, Json, console, house, show

if TYPE_CHECKING:
    from rich.console import Console

    from playbooks.playbook import Playbook

app = typer.Typer(
    help="When, only if, then: list and check playbooks, and their JSON Schema.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
Files = Annotated[
    list[Path], typer.Argument(metavar="FILE…", help="Playbooks in YAML.", show_default=False)
]


@app.command("list")
def list_playbooks(as_json: Json = False) -> None:
    """List the playbooks in use, the shipped ones and yours.

    Example: [cyan]bellwether playbooks list[/cyan]
    """
    from rich.table import Table

    with house() as (_, opened):
        books = opened.playbooks

    def words(out: "Console") -> None:
        table = Table("playbook", "title", "begins when", "then")
        for book in books:
            table.add_row(book.identity, book.title, book.when.kind, _steps(book))
        out.print(table)

    show([_data(book) for book in books], as_json=as_json, words=words)


@app.command("check")
def check_playbooks(files: Files) -> None:
    """Check playbooks as the service would; every fault is told, with its line.

    Example: [cyan]bellwether playbooks check playbooks/*.yaml[/cyan]
    """
    faults = [fault for path in files for fault in _faults(path)]
    if faults:
        raise Failed("\n".join(faults))
    console().print(f"{len(files)} well written.", markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a playbook, for editors.

    [cyan]bellwether playbooks schema > playbook.schema.json[/cyan], and as the file's first line:
    # yaml-language-server: $schema=playbook.schema.json
    """
    from playbooks.manual import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def _faults(path: Path) -> list[str]:
    from bellwether.models import text_of
    from playbooks.errors import PlaybookError
    from playbooks.load import parse
    from templates.check import check_words

    try:
        book = parse(text_of(path), str(path))
        check_words({str(path): book.texts()})
    except (PlaybookError, ValueError) as fault:
        return [str(fault)]
    return []


def _steps(book: "Playbook") -> str:
    return ", ".join(step.kind for step in book.then)


def _data(book: "Playbook") -> dict[str, object]:
    return {
        "name": book.name,
        "version": book.version,
        "title": book.title,
        "when": book.when.kind,
        "steps": [{"step": step.step, "kind": step.kind} for step in book.then],
    }
