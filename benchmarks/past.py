"""The past and other models beside the daily job: `python -m benchmarks.past [--customers N]`.

A backtest of 52 weekly looks and a model tried on everybody, each against the daily job of the same
base in the same run, every time in a fresh process. The base has 460 days of roll-ups and no raw
events, which none of the three reads.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import postgres
from benchmarks.eve import forget
from benchmarks.fresh import fresh
from benchmarks.measure import daily_job
from benchmarks.report import median
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


def looked_back(house: House, *, playbooks: bool = False) -> Figures:
    """Look at every week of a year, and say what the score would have foretold."""
    last = TODAY - timedelta(days=SILENCE + HORIZON + 1)
    question = Question(
        model=house.model,
        labels=Silence(SILENCE),
        first=last - timedelta(days=7 * (LOOKS - 1)),
        last=last,
        horizon=HORIZON,
        playbooks=house.playbooks if playbooks else (),
    )
    began = time.perf_counter()
    found = backtest(house.database, question, today=TODAY)
    seconds = time.perf_counter() - began
    if found is None:
        return {"seconds": seconds, "cases": 0, "fired": 0}
    lived = found.replayed
    return {"seconds": seconds, "cases": len(lived.cases), "fired": len(lived.fired)}


WAYS: Final[dict[str, Callable[[House], Figures]]] = {
    "job": daily_job,
    "try": tried,
    "backtest": looked_back,
    "playbooks": partial(looked_back, playbooks=True),
}
# Minutes each, with everybody asked about by every playbook: once is enough.
ONCE: Final = frozenset({"playbooks"})


def main() -> None:
    """Fill, measure in turn, and write down the ratios."""
    given = _arguments()
    with _base(given) as url:
        found: dict[str, list[Figures]] = {way: [] for way in given.ways}
        for turn in range(given.runs):
            for way, figures in found.items():
                if turn == 0 or way not in ONCE:
                    figures.append(fresh(once, way, url))
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
    parser.add_argument("--at", help="a database that was filled before")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=tuple(WAYS), help="only these")
    return parser.parse_args()


@contextmanager
def _base(given: argparse.Namespace) -> Iterator[str]:
    if given.at:
        forget(given.at)
        yield given.at
        return
    with (
        tempfile.TemporaryDirectory(prefix="bellwether-past-") as folder,
        postgres(Path(folder)) as url,
    ):
        fill(url, given.customers, DAYS, raw=False)
        yield url


def once(way: str, url: str) -> Figures:
    """Measure one way once, in this process."""
    with closing(Database.open(url, PATIENT)) as database:
        figures = WAYS[way](house(database))
    return figures | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def report(found: dict[str, list[Figures]], customers: int) -> str:
    """Return the ratios of medians as a table; what was not measured has no line."""
    seconds = {way: median(runs) for way, runs in found.items() if runs}
    lines = []
    if {"job", "backtest"} <= seconds.keys():
        share = seconds["backtest"] / LOOKS / seconds["job"]
        lines += [
            f"| backtest, {LOOKS} weekly looks: times {LOOKS} daily jobs | {share:.2g} | ≤ 0.5 |"
        ]
    if {"job", "try"} <= seconds.keys():
        again = seconds["try"] / seconds["job"]
        lines += [f"| one model tried: times the daily job | {again:.2g} | ≤ 1 |"]
    lines += [f"| {way}: seconds | {took:,.3g} | - |" for way, took in seconds.items()]
    for way, words in (("backtest", "backtest"), ("playbooks", "backtest with all playbooks")):
        if way in seconds:
            told = {key: median(found[way], key) for key in ("cases", "fired", "peak_mb")}
            lines += [
                f"| {words}: cases | {told['cases']:,.0f} | - |",
                f"| {words}: playbooks begun | {told['fired']:,.0f} | - |",
                f"| {words}: peak memory, MB | {told['peak_mb']:,.0f} | - |",
            ]
    return f"{customers:,} customers, {DAYS} days\n\n{HEAD}" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
