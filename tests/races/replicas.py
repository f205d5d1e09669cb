"""Eight replicas that all see each due time at the same instant. Run with `python -m`.

Each is a process with connections of its own. A barrier lets them go at once; what each of them
says it ran is printed at the end, as JSON.
"""

import json
import multiprocessing
import sys
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any
from zoneinfo import ZoneInfo

from bellwether.clock import ReplayClock
from bellwether.due import Job
from bellwether.schedule import DIGEST, RESCORE, run_due
from scoring.load import shipped
from service.ports import House, MailPolicy
from storage.database import Database
from tests.classic import classic as playbooks

REPLICAS = 8
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMETABLE = (Job(RESCORE, time(5)), Job(DIGEST, time(9)))
# A replica may wait for a lock while seven others hold it in turn.
PATIENCE = 120


def house(database: Database) -> House:
    return House(
        database=database,
        model=shipped(),
        playbooks=playbooks(),
        mail=MailPolicy("a@ours.example", "approval", "https://b.example", b"s" * 32),
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


def replica(url: str, firings: int, gate: Barrier, said: Any) -> None:
    with closing(Database.open(url)) as database:
        here = house(database)
        ran: list[tuple[str, str, str]] = []
        for number in range(firings):
            clock = ReplayClock(FIRST + timedelta(days=number))
            gate.wait(PATIENCE)
            done = run_due(here, TIMETABLE, clock)
            ran += [(each.job, each.day.isoformat(), each.outcome) for each in done]
            gate.wait(PATIENCE)
        said.put(ran)


def main() -> None:
    url, firings = sys.argv[1], int(sys.argv[2])
    forking = multiprocessing.get_context("fork")
    gate, said = forking.Barrier(REPLICAS), forking.Queue()
    started = [
        forking.Process(target=replica, args=(url, firings, gate, said)) for _ in range(REPLICAS)
    ]
    for one in started:
        one.start()
    answers = [said.get() for _ in started]
    for one in started:
        one.join()
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main()
