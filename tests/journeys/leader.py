"""The leader of a shared rescore, for a test to kill. Run with `python -m`, day and run's name."""

import os
import sys
import time
from datetime import date, datetime

from sqlalchemy import text

from bellwether import house as building
from bellwether.clock import SystemClock
from bellwether.crew import crew_of
from bellwether.settings import Settings
from service.rescore import rescore
from storage.database import Database

# Small shares, so that there are many to fall between.
SHARE = 5
# The leader takes its time over each, so that the others get their part.
SLOWNESS = 0.05
PATIENCE = 60


def main() -> None:
    day, moment, name, workers = sys.argv[1:]
    with (
        building.opened(Settings.read(os.environ)) as house,
        crew_of(name, SystemClock(), workers=int(workers)) as crew,
    ):
        wait_for(house.database, int(workers))
        rescore(
            house,
            date.fromisoformat(day),
            now=datetime.fromisoformat(moment),
            decide=True,
            batch=SHARE,
            progress=lambda *_: time.sleep(SLOWNESS),
            crew=crew,
        )


def wait_for(database: Database, workers: int) -> None:
    """Wait until so many processes are here: each keeps the connection it looked with."""
    connected = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    deadline = time.monotonic() + PATIENCE
    here = 0
    while here < workers and time.monotonic() < deadline:
        time.sleep(0.05)
        with database.reading() as tx:
            here = tx.execute(connected).scalar() or 0


if __name__ == "__main__":
    main()
