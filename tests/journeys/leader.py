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
    with building.opened(Settings.read(os.environ)) as house:
        before = connected(house.database)
        with crew_of(name, SystemClock(), workers=int(workers)) as crew:
            wait_for(house.database, before + int(workers) - 1)
            rescore(
                house,
                date.fromisoformat(day),
                now=datetime.fromisoformat(moment),
                decide=True,
                batch=SHARE,
                progress=lambda *_: time.sleep(SLOWNESS),
                crew=crew,
            )


def connected(database: Database) -> int:
    """Count who is connected to the database."""
    words = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    with database.reading() as tx:
        return tx.execute(words).scalar() or 0


def wait_for(database: Database, count: int) -> None:
    """Wait until so many are here: each helper keeps the connection it looked with."""
    deadline = time.monotonic() + PATIENCE
    while connected(database) < count and time.monotonic() < deadline:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
