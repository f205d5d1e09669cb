"""What every command shares: the house it works in, how it prints, and whose faults it tells."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.errors import BellwetherError, Stopped, WrongUse

if TYPE_CHECKING:
    from rich.console import Console

    from bellwether.settings import Settings
    from service.ports import House

# What is over sooner needs no telling.
UNTOLD_SECONDS = 2.0
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


class Failed(BellwetherError):  # noqa: N818  # as in errors.py
    """A room below said no; its sentence is passed on."""


def settings(environment: Mapping[str, str] | None = None) -> "Settings":
    """Read the settings, of this process's environment, and start the log.

    Raises SettingsInvalid.
    """
    from bellwether import logs
    from bellwether.settings import Settings

    read = Settings.read(os.environ if environment is None else environment)
    logs.start(form=read.log_format, level=read.log_level, secrets=read.secrets)
    return read


@contextmanager
def house() -> Iterator[tuple["Settings", "House"]]:
    """Open the house for one command; what goes wrong below becomes one sentence."""
    from bellwether import house as building

    with told():
        read = settings()
        with building.opened(read) as opened:
            yield read, opened


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors of the rooms below, each a sentence already, into ours."""
    from delivery.errors import DeliveryError
    from playbooks.errors import PlaybookError
    from scoring.errors import ScoringError
    from service.errors import ServiceError
    from storage.errors import StorageError

    try:
        yield
    except (DeliveryError, PlaybookError, ScoringError, ServiceError, StorageError) as error:
        raise Failed(str(error)) from error
    except KeyboardInterrupt:
        raise Stopped from None


@contextmanager
def stopping(kept: Callable[[], str]) -> Iterator[None]:
    """Say what Ctrl-C leaves behind, where the block knows more than what it is made of."""
    try:
        yield
    except (KeyboardInterrupt, Stopped):
        raise Stopped(kept()) from None


def console(*, error: bool = False) -> "Console":
    """Return the console; Rich notices by itself when nobody watches."""
    from rich.console import Console

    return Console(stderr=error, highlight=False)


@contextmanager
def bar(words: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show progress with the time left, while the block calls what it is given with the count.

    Where nobody watches (a log, a pipe) it is a line at every tenth, of what takes longer than
    two seconds; `quiet` shows nothing.
    """
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    out = console(error=True)
    live = out.is_terminal and not quiet
    parts = (
        TextColumn(words), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    total = max(1, total)
    shown, began = -1, time.monotonic()
    with Progress(*parts, console=out, disable=not live, transient=True) as progress:
        task = progress.add_task(words, total=total)

        def advance(count: int) -> None:
            nonlocal shown
            step = count * (100 if live else 10) // total
            if step == shown:
                return
            shown = step
            progress.update(task, completed=count)
            seconds = time.monotonic() - began
            # From less than a tenth no time left can be told: the first steps are often slow.
            if step and not live and not quiet and seconds > UNTOLD_SECONDS:
                left = f", about {seconds * (total - count) / count:.0f} s left"
                out.print(f"{words}: {count * 100 // total} %{left if count < total else ''}")

        yield advance


@contextmanager
def counting(words: str, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Tell every two seconds how much is done, of what nobody knows the end of."""
    out, told_at = console(error=True), time.monotonic()

    def reached(count: int) -> None:
        nonlocal told_at
        if not quiet and time.monotonic() - told_at > UNTOLD_SECONDS:
            told_at = time.monotonic()
            out.print(f"{words}: {count:,} so far")

    yield reached


def show(data: object, *, as_json: bool, words: Callable[["Console"], None]) -> None:
    """Print data as JSON, or in words on the console."""
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))
    else:
        words(console())


def moment(text: str | None, option: str) -> datetime | None:
    """Read an aware time a person typed. Raises WrongUse."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise WrongUse(f"{option} {text!r} is not a time with its zone, like 2026-11-20T09:00Z.")
    return read
