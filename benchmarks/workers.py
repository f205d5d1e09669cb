"""How much quicker several processes are: `python -m benchmarks.workers [--at URL] [--crews 1 2]`.

One PostgreSQL, the daily job of one day led by a fresh process each time, with 1 and 2 processes
in turn, and the same eve before each. The helpers are there before the clock starts, as other
serving processes would be; the second figure counts their start as well. Scores are compared
before anything is told.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import text

from bellwether import house as building
from bellwether.clock import SystemClock
from bellwether.crew import crew_of
from bellwether.settings import Settings
from benchmarks.bench import postgres
from benchmarks.eve import forget, put_back
from benchmarks.processor import server_seconds
from benchmarks.report import median
from benchmarks.world import NOW, TODAY, fill
from service.ports import House
from service.rescore import rescore
from storage.database import Database

CREWS: Final = (1, 2)
PATIENCE_SECONDS: Final = 60.0

Figures = dict[str, Any]


def main() -> None:
    """Fill, let crews of all sizes work in turn, compare, tell the medians."""
    given = _arguments()
    if given.lead:
        print(json.dumps(_led(given.lead, given.workers)))
        return
    with _base(given) as url:
        forget(url)
        _once(url, 0)  # The eve is lived through once.
        runs: dict[int, list[Figures]] = {count: [] for count in given.crews}
        for _ in range(given.runs):
            for count in given.crews:
                runs[count].append(_once(url, count))
                print(count, runs[count][-1], file=sys.stderr)
        forget(url)
    if len({run["checksum"] for found in runs.values() for run in found}) != 1:
        raise SystemExit("the crews disagree about the scores; nothing to report")
    print(_told(runs))


def _told(runs: dict[int, list[Figures]]) -> str:
    """Return a table: every crew beside the first one."""
    first = next(iter(runs.values()))
    lines = [
        f"load {os.getloadavg()[0]:.1f}, medians of {len(first)} runs in turn",
        "",
        "| processes | seconds | times one | with their start | processor, s: ours + PostgreSQL |",
        "|---:|---:|---:|---:|---:|",
    ]
    for count, found in runs.items():
        seconds, whole, own, server = (
            median(found, key) for key in ("seconds", "with_start", "own_seconds", "server_seconds")
        )
        times = median(first) / seconds
        lines.append(
            f"| {count} | {seconds:.2f} | {times:.2f} | {whole:.2f} | {own:.2f} + {server:.2f} |"
        )
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--crews", type=int, nargs="+", default=CREWS, help="so many processes")
    parser.add_argument("--at", help="a PostgreSQL that was filled before")
    parser.add_argument("--lead", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def _base(given: argparse.Namespace) -> Iterator[str]:
    if given.at:
        yield given.at
        return
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as url:
        fill(url, given.customers, raw=False)
        yield url


def _once(url: str, workers: int) -> Figures:
    command = [sys.executable, "-m", "benchmarks.workers", "--lead", url]
    around = os.environ | {
        "DATABASE_URL": url,
        "BELLWETHER_LOG_LEVEL": "error",
        "BELLWETHER_HOME": tempfile.gettempdir(),
    }
    answer = subprocess.run(
        [*command, "--workers", str(workers)], check=True, capture_output=True, env=around
    )
    figures: Figures = json.loads(answer.stdout)
    return figures


def _led(url: str, workers: int) -> Figures:
    around = os.environ | {"DATABASE_URL": url}
    with building.opened(Settings.read(around)) as place:
        put_back(place.database, "workers", lambda: _eve(place))
        if not workers:
            return {}
        begun = time.perf_counter()
        with crew_of("measured", SystemClock(), workers=workers, again=False) as crew:
            _wait_for(place.database, workers)
            there = _processors(place.database)
            rescore(place, TODAY, now=NOW, decide=True, crew=crew)
            done = _processors(place.database)
        seconds, own, server = (after - before for after, before in zip(done, there, strict=True))
        return {
            "seconds": seconds,
            "own_seconds": own,
            "server_seconds": server,
            "with_start": done[0] - begun,
            "checksum": _checksum(place.database),
        }


def _eve(place: House) -> None:
    rescore(place, TODAY - timedelta(days=1), now=NOW - timedelta(days=1), decide=True)


def _processors(database: Database) -> tuple[float, float, float]:
    """Return the time, and the processor time of this process with its helpers, of the server."""
    us = psutil.Process()
    ours = [one.cpu_times() for one in (us, *us.children(recursive=True))]
    own = sum(one.user + one.system for one in ours)
    own += ours[0].children_user + ours[0].children_system
    return time.perf_counter(), own, server_seconds(database)


def _wait_for(database: Database, workers: int) -> None:
    """Wait until so many processes look for work: each keeps the connection it looked with."""
    connected = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bellwether'")
    deadline, here = time.monotonic() + PATIENCE_SECONDS, 0
    while here < workers and time.monotonic() < deadline:
        time.sleep(0.02)
        with database.reading() as tx:
            here = tx.execute(connected).scalar() or 0


def _checksum(database: Database) -> str:
    summed = text(
        "SELECT md5(string_agg(concat_ws(' ', customer_id, as_of, score, band), ',' "
        "ORDER BY customer_id, as_of)) FROM snapshot"
    )
    with database.reading() as tx:
        return str(tx.execute(summed).scalar())


if __name__ == "__main__":
    main()
