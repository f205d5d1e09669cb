"""Where a backtest's history comes from: the store, or files read into a store of their own.

Files go through the ordinary import into a SQLite file that is deleted afterwards, so both take
the same path from there on.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bellwether.columns import OWNER, columns, fields_of
from bellwether.errors import Unreadable, WrongUse
from bellwether.files import Line, Rejects, opened
from bellwether.importing import Imported, Plan, What, fields_for, import_table
from scoring.model import HealthModel
from service.errors import DraftInvalid
from service.labels import LabelDraft, Listed
from service.ports import House, MailPolicy
from service.written import clean_key, read
from storage.customers import CustomerFields, resolve_keys, upsert_customers
from storage.database import Database

LABELS: Final = "labels"
# The order in which files depend on each other; events are what `--map` means when it says none.
ORDER: Final = (What.customers, What.events, What.tickets, What.invoices, What.surveys)
NOBODY: Final = MailPolicy("", "dry-run", "", b"")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Words:
    """`--map` and `--set` of one file."""

    maps: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Files:
    """The files to read, and how: by what they hold."""

    paths: Mapping[What, Path]
    words: Mapping[str, Words] = field(default_factory=dict)
    zone: ZoneInfo | None = None

    def spoken(self, what: str) -> Words:
        """Return the words meant for one file."""
        return self.words.get(what, Words())


def sorted_words(maps: Sequence[str], sets: Sequence[str]) -> dict[str, Words]:
    """Sort `--map` and `--set` by file: `invoices:paidOn=paid`, or bare for events.

    Raises WrongUse for a file there is not.
    """
    whose = [*(str(what) for what in What), LABELS]
    found: dict[str, tuple[list[str], list[str]]] = {name: ([], []) for name in whose}
    for at, words in enumerate((maps, sets)):
        for word in words:
            name, sign, rest = word.partition(":")
            if not sign or "=" in name:
                name, rest = What.events, word
            if name not in found:
                raise WrongUse(f"There is no file of {name!r}; say {', '.join(whose)}.")
            found[name][at].append(rest)
    return {name: Words(tuple(given[0]), tuple(given[1])) for name, given in found.items()}


def labels_of(path: Path, words: Words) -> Listed:
    """Read a list of churns. Raises Unreadable at the first line that cannot be read."""
    with opened(path) as table:
        reader = columns(fields_of(LabelDraft, owned=True), words.maps, words.sets, None)
        if table.columns:
            reader.check(table.columns)
        found = tuple(_label(line, reader.item(line.row), path) for line in table.lines)
    if not found:
        raise Unreadable(str(path), "it names no customer")
    return Listed(found, path.name)


@contextmanager
def store_of(
    files: Files,
    model: HealthModel,
    labels: Listed | None,
    *,
    now: datetime,
    progress: Progress,
) -> Iterator[tuple[Database, Mapping[What, Imported]]]:
    """Read the files into a store of their own, gone at the end of the block.

    `progress` is told the file, the bytes read and the bytes there are. Customers named in the
    labels exist even without a customer file; those of events are made as they are met.
    """
    with tempfile.TemporaryDirectory(prefix="bellwether-backtest-") as folder:
        database = Database.open(f"sqlite:///{folder}/history.db")
        try:
            database.migrate()
            filling = _Filling(_house(database, model), files, Path(folder), now, progress)
            done = filling.done(labels)
            yield database, done
        finally:
            database.close()


def _label(line: Line, item: dict[str, object], path: Path) -> tuple[str, LabelDraft]:
    key = item.pop(OWNER, "")
    try:
        if line.fault is not None:
            raise Unreadable(str(path), f"line {line.number}: {line.fault}")
        return clean_key(key), read(LabelDraft, item, "label")
    except DraftInvalid as error:
        raise Unreadable(str(path), f"line {line.number}: {error}") from error


@dataclass(frozen=True, slots=True)
class _Filling:
    """Reads the files one after the other into the house."""

    house: House
    files: Files
    folder: Path
    now: datetime
    progress: Progress

    def done(self, labels: Listed | None) -> dict[What, Imported]:
        done: dict[What, Imported] = {}
        for what in ORDER:
            if what is What.events and labels is not None:
                _enrol(self.house.database, labels, self.now)
            if what in self.files.paths:
                done[what] = self._imported(what)
        return done

    def _imported(self, what: What) -> Imported:
        words = self.files.spoken(what)
        reads = columns(fields_for(what), words.maps, words.sets, self.files.zone)
        plan = Plan(what, reads, feed="backtest", create_customers=True, rehearse=False)
        with opened(self.files.paths[what]) as table:
            return import_table(
                self.house,
                table,
                plan,
                now=self.now,
                rejects=Rejects(self.folder / f"{what}.rejects", table.columns),
                progress=lambda count: self.progress(what, count, table.size),
            )


def _enrol(database: Database, labels: Listed, now: datetime) -> None:
    """Make customers of the list whom no customer file named, since the first day it knows."""
    firsts: dict[str, date | None] = {}
    for key, label in labels.labels:
        days = [day for day in (firsts.get(key), label.eligible_from) if day is not None]
        firsts[key] = min(days, default=None)
    with database.transaction() as tx:
        new = firsts.keys() - resolve_keys(tx, firsts).keys()
        fields = [CustomerFields(key=key, created_on=firsts[key]) for key in sorted(new)]
        upsert_customers(tx, fields, now)


def _house(database: Database, model: HealthModel) -> House:
    """Build a house with nobody in it: nothing is decided, nothing is sent."""
    return House(database, model, (), NOBODY, ZoneInfo("UTC"), "", "", "")
