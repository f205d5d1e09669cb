"""What was measured, as a table: figures, and ratios of medians, each beside its goal."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

HEAD: Final = "| what | SQLite | PostgreSQL | goal |\n|---|---:|---:|---|\n"
DATABASES: Final = ("SQLite", "PostgreSQL")
# Clocks of processors tick a hundred times a second; shorter stretches tell little.
LEAST_PROCESSOR: Final = 0.1
THOUSAND: Final = 1000

Figures = dict[str, Any]
Measured = dict[str, list[Figures]]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A line of the report: one way's median over another's; `goal` is the issue's, in words."""

    words: str
    above: str
    below: str
    goal: str
    key: str = "seconds"


@dataclass(frozen=True, slots=True)
class Plain:
    """A line of one way's medians; without a scale it is a rate."""

    words: str
    way: str
    goal: str = "-"
    scale: float = 1
    key: str = "seconds"
    each: bool = False


RATIOS: Final = (
    Ratio("daily job: times faster than six queries a customer", "orm", "job", "≥ 150, SQLite 60"),
    Ratio("the same in processor time", "orm", "job", "-", "processor"),
    Ratio("daily job: times the `count(*)` of the events", "job", "count", "≤ 3"),
    Ratio("the same in processor time", "job", "count", "-", "processor"),
    Ratio("a week later: times faster than six queries a customer", "orm", "job-week",
          "≥ 150, SQLite 60"),
    Ratio("a week later: times the `count(*)` of the events", "job-week", "count", "≤ 3"),
    Ratio("daily job with two years of history: times that with 90 days", "job-old", "job",
          "≤ 1.1"),
    Ratio("the same in processor time", "job-old", "job", "≤ 1.1", "processor"),
    Ratio("the same in SQLite's steps, PostgreSQL's blocks", "work-old", "work",
          "≤ 1.1", "counted"),
    Ratio("import: share of reading the file into a bare table", "import-bare", "import", "≥ 0.25"),
    Ratio("import: share of COPY of the same rows from Python objects into a bare table",
          "import-told", "import", "≥ 0.25"),
    Ratio("import: share of COPY of the file as it is", "import-copy", "import", "≥ 0.25"),
)  # fmt: skip
LINES: Final = (
    Plain("daily job: seconds", "job"),
    Plain("daily job: milliseconds a customer", "job", scale=THOUSAND, each=True),
    Plain("daily job: of these in our own process", "job", scale=THOUSAND, key="own_seconds",
          each=True),
    Plain("daily job: of these in PostgreSQL", "job", scale=THOUSAND, key="server_seconds",
          each=True),
    Plain("daily job: plays begun", "job", key="started"),
    Plain("a week later: seconds", "job-week"),
    Plain("a week later: plays begun", "job-week", key="started"),
    Plain("daily job with seven playbooks more: seconds", "job-books"),
    Plain("daily job with seven playbooks more: plays begun", "job-books", key="started"),
    Plain("daily job: statements", "job", "constant a batch", key="statements"),
    Plain("daily job: peak memory, MB", "job", "≤ 300", key="peak_mb"),
    Plain("reading for 1,000 customers: SQLite's steps, PostgreSQL's blocks", "work",
          key="counted"),
    Plain("six queries a customer: seconds for all", "orm"),
    Plain("`count(*)` of the events: seconds", "count"),
    Plain("import: events a second", "import", scale=0),
    Plain("reading the file into a bare table: events a second", "import-bare", scale=0),
    Plain("COPY of the same rows from Python objects: events a second", "import-told", scale=0),
    Plain("COPY of the file as it is: events a second", "import-copy", scale=0),
    Plain("card by any name: median, ms", "card", "< 20", THOUSAND),
    Plain("card by any name: 99th percentile, ms", "card", "< 100", THOUSAND, "p99"),
    Plain("customers with a score, of whom cards are asked", "card", key="scored"),
    Plain("`bellwether --help`, s", "help", "< 0.3"),
    Plain("`bellwether serve` until ready, s", "ready", "< 2"),
    Plain("2,000 events/s over HTTP: median of 500, ms", "http", "-", THOUSAND, "p50"),
    Plain("2,000 events/s over HTTP: 99th of 500, ms", "http", "< 250", THOUSAND, "p99"),
    Plain("as many as go over HTTP, killed once: a second", "http-all", "≥ 2,000", 0),
    Plain("events acknowledged and lost", "http-all", "0", key="lost"),
)  # fmt: skip


def report(found: dict[str, Measured], customers: int) -> str:
    """Return all that was measured as a table."""
    rows = [_row(line.words, [_ratio(runs, line) for runs in _each(found)], line.goal)
            for line in RATIOS]  # fmt: skip
    rows += [_row(line.words, [_plain(runs, line, customers) for runs in _each(found)], line.goal)
             for line in LINES]  # fmt: skip
    title = f"{customers:,} customers{_events(found)}, medians of interleaved runs\n\n"
    return title + HEAD + "".join(row for row in rows if row)


def _each(found: dict[str, Measured]) -> list[Measured]:
    return [found.get(name, {}) for name in DATABASES]


def _events(found: dict[str, Measured]) -> str:
    counted = [run["events"] for runs in found.values() for run in runs.get("count", ())]
    return f", {counted[0]:,} events" if counted else ""


def _row(words: str, cells: Sequence[str], goal: str) -> str:
    """Return a line, nothing where nobody measured it."""
    return f"| {words} | {' | '.join(cells)} | {goal} |\n" if set(cells) != {"-"} else ""


def _ratio(runs: Measured, line: Ratio) -> str:
    if not (runs.get(line.above) and runs.get(line.below)):
        return "-"
    above, below = (median(runs[way], line.key) for way in (line.above, line.below))
    short = line.key == "processor" and min(above, below) < LEAST_PROCESSOR
    return "-" if short or not below else f"{above / below:.3g}"


def _plain(runs: Measured, line: Plain, customers: int) -> str:
    seen = runs.get(line.way, ())
    if not seen:
        return "-"
    value = median(seen, line.key)
    told = value * line.scale if line.scale else seen[0]["events"] / value
    told = told / customers if line.each else told
    return f"{told:,.3g}" if told < THOUSAND else f"{told:,.0f}"


def median(runs: Sequence[Figures], key: str = "seconds") -> float:
    """Return the median of a figure; `processor` is that of our process and of the server."""
    if key == "processor":
        return float(statistics.median(run["own_seconds"] + run["server_seconds"] for run in runs))
    return float(statistics.median(run[key] for run in runs))
