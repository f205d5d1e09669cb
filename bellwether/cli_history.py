"""What `backtest` and `tune` share: their options, and the history they look at."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bellwether.cli_base import bar, console, house, settings
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from bellwether.importing import Imported, What
    from bellwether.proving import Files, Words
    from scoring.model import HealthModel
    from service.labels import Labels
    from storage.database import Database

Model = Annotated[
    str | None,
    typer.Option(metavar="NAME|FILE", help="A shipped model or a file. [dim]the one in use[/dim]"),
]
First = Annotated[
    str | None,
    typer.Option("--from", metavar="YYYY-MM-DD", help="First day to look at. [dim]all[/dim]"),
]
Last = Annotated[
    str | None,
    typer.Option("--to", metavar="YYYY-MM-DD", help="Last day to look at. [dim]all[/dim]"),
]
Every = Annotated[int, typer.Option(metavar="DAYS", min=1, max=366, help="Days between looks.")]
Horizon = Annotated[
    int, typer.Option(metavar="DAYS", min=1, max=366, help="How far ahead churn is foretold.")
]
LabelsFile = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="Who churned when: customer, churnedOn."),
]
Silent = Annotated[
    int | None,
    typer.Option(
        "--inactive-after", metavar="DAYS", min=1, max=3660,
        help="Without --labels: who is silent for over so many days has churned. [dim]90[/dim]",
    ),
]  # fmt: skip
Events = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Events from a file, not from the store.")
]
Customers = Annotated[Path | None, typer.Option(metavar="FILE", help="Customers from a file.")]
Tickets = Annotated[Path | None, typer.Option(metavar="FILE", help="Tickets from a file.")]
Invoices = Annotated[Path | None, typer.Option(metavar="FILE", help="Invoices from a file.")]
Surveys = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Answers to surveys from a file.")
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="[WHAT:]FIELD=COLUMN",
        help="Which column holds a field: of events, or as in invoices:paidOn=paid. Repeat it.",
    ),
]  # fmt: skip
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="[WHAT:]FIELD=VALUE", help="The same value for every row."),
]
Zone = Annotated[str | None, typer.Option(help="The zone of times without an offset.")]
Resamples = Annotated[
    int, typer.Option(min=50, max=10_000, help="Resamples of customers, for the intervals.")
]

# A quarter without a sign of life: long enough to outlast holidays, short enough to learn from.
SILENCE = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to look, as the options say: files (or none for the store), list or silence, model."""

    model: str | None
    paths: Mapping[str, Path | None]
    labels: Path | None
    inactive_after: int | None
    maps: list[str] | None
    sets: list[str] | None
    zone: str | None


def model_of(asked: Asked) -> "HealthModel":
    """Return the model named, or the one in use. Raises NoSuchModel or ModelInvalid."""
    from bellwether.house import health_model

    read = settings()
    return health_model(read if asked.model is None else replace(read, model=asked.model))


def labels_of(asked: Asked) -> "Labels":
    """Return where the churns come from. Raises WrongUse or Unreadable."""
    from bellwether.proving import labels_of as read
    from service.labels import Silence

    if asked.labels is None:
        return Silence(asked.inactive_after or SILENCE)
    if asked.inactive_after is not None:
        raise WrongUse("Churns come from --labels or from --inactive-after, not from both.")
    return read(asked.labels, _words(asked)["labels"])


@contextmanager
def history(asked: Asked, labels: "Labels", *, quiet: bool) -> "Iterator[Database]":
    """Open the history: the store, or the files read into a store that is gone afterwards."""
    from bellwether.proving import store_of
    from service.labels import Listed

    files = _files(asked)
    if not files.paths:
        with house() as (_, opened):
            yield opened.database
        return
    listed = labels if isinstance(labels, Listed) else None
    watch = _Reading(quiet=quiet)
    with store_of(files, model_of(asked), listed, now=datetime.now(UTC), progress=watch.tell) as (
        database,
        done,
    ):
        watch.close()
        if not quiet:
            _refusals(done)
        yield database


def day(text: str | None, option: str) -> date | None:
    """Read a day a person typed. Raises WrongUse."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{option} {text!r} is not a day like 2026-11-20.") from None


def _words(asked: Asked) -> "dict[str, Words]":
    from bellwether.proving import sorted_words

    return sorted_words(asked.maps or (), asked.sets or ())


def _files(asked: Asked) -> "Files":
    from bellwether.importing import What
    from bellwether.proving import Files

    paths = {What(what): path for what, path in asked.paths.items() if path is not None}
    return Files(paths, _words(asked), _zone(asked.zone))


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise WrongUse(f"--zone {name!r} is not a zone's name, like Europe/Berlin.") from None


def _refusals(done: "Mapping[What, Imported]") -> None:
    """Tell what did not get in, on the side, so that it is not overlooked."""
    out = console(error=True)
    for what, imported in done.items():
        aside = imported.counts.get("quarantined", 0)
        if imported.refused:
            out.print(f"{what}: {imported.refused:,} rows refused, for example", markup=False)
            for line, reason in imported.reasons[:2]:
                out.print(f"  line {line}: {reason}", markup=False)
        if aside:
            out.print(f"{what}: {aside:,} rows left out, of customers nobody named.")


class _Reading:
    """A bar for each file, one after the other."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._what = ""
        self._open = ExitStack()
        self._advance: Callable[[int], None] | None = None

    def tell(self, what: str, read: int, size: int) -> None:
        if self._advance is None or what != self._what:
            self.close()
            self._what = what
            shown = bar(f"reading {what}", size, quiet=self._quiet)
            self._advance = self._open.enter_context(shown)
        self._advance(read)

    def close(self) -> None:
        self._open.close()
