"""`bellwether bounces`: mail that came back."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Json, house, show

if TYPE_CHECKING:
    from rich.console import Console

    from service.bounces import Taken

app = typer.Typer(
    help="Mail that came back: reports of delivery and complaints.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
From = Annotated[
    Path, typer.Argument(metavar="PATH", help="A Maildir folder, an mbox file, or a single mail.")
]
_TOLD = {
    "hard": "hard bounces, whose addresses are not written to any more",
    "complaint": "complaints, whose senders are not written to any more",
    "failed": "mails that could not be delivered",
    "delayed": "mails that are still being tried",
    "known": "reports that were here before",
    "unmatched": "reports of no mail of ours",
}


@app.callback()
def _root() -> None:
    """Keep `read` a word of its own, for others to stand beside it."""


@app.command()
def read(path: From, as_json: Json = False) -> None:
    """Read reports from a file or folder, once. `serve` reads BELLWETHER_BOUNCES by itself.

    Of a Maildir, what was read moves from new to cur; other files stay as they are. The same
    report twice counts once.
    """
    from bellwether import returned

    with house() as (_, opened):
        taken = returned.read(opened, path, now=datetime.now(UTC))
    show(asdict(taken), as_json=as_json, words=lambda out: _came(out, taken))


def _came(out: "Console", taken: "Taken") -> None:
    counts = asdict(taken)
    for name, words in _TOLD.items():
        if counts[name]:
            out.print(f"{counts[name]:,} {words}")
    if not any(counts.values()):
        out.print("No reports there.")
