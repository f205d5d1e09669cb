"""Four worker processes share a rescore on one PostgreSQL; some are killed in the middle of it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from bellwether import house as building
from bellwether.settings import Settings
from service.ports import House
from service.rescore import RescoreReport, rescore
from service.sharing import LEASE, Crew
from storage import outbox
from storage.activity import append_events
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.records import TicketFields, upsert_tickets
from tests.builders import new_event
from tests.conftest import Postgres
from tests.journeys.leader import SHARE

DAY_0 = date(2026, 5, 1)
EVERYBODY = 260
# On day 1 few fall, on day 2 more than the brake lets pass; seven are first seen on day 1.
FALLING = {1: range(10), 2: range(10, 40)}
NEWCOMERS = 7
WORKERS = 4
# Nothing here takes long on a machine at rest.
PATIENCE = 120


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


def noon(number: int) -> datetime:
    return datetime(day(number).year, day(number).month, day(number).day, 12, tzinfo=UTC)


def plant(database: Database) -> None:
    """Plant customers who live well; who falls on a day opens ten tickets on it."""
    count = EVERYBODY + NEWCOMERS
    with database.transaction() as tx:
        fields = [
            CustomerFields(
                key=f"c{n:04}",
                name=f"C{n:04}",
                created_on=day(-400) if n < EVERYBODY else day(1),
                csm_email="carla@ours.example",
            )
            for n in range(count)
        ]
        ids = [one.id for one in upsert_customers(tx, fields, noon(-60))]
        logins = [
            new_event(one, event_id=f"{one}/{back}", occurred_at=noon(back), feature=f"f{back % 5}")
            for one in ids
            for back in range(-25, 3)
        ]
        append_events(tx, logins, noon(4))
        storms = [
            TicketFields(ids[n], f"T{count}", noon(number), None, None, None)
            for number, falling in FALLING.items()
            for n in falling
            for count in range(10)
        ]
        old = TicketFields(ids[-1], "old", noon(-50), None, None, None)
        upsert_tickets(tx, [old, *storms])


def environment(url: str, home: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "BELLWETHER_HOME": str(home),
        "BELLWETHER_LOG_LEVEL": "error",
        "BELLWETHER_SECRET": "a secret of the tests, and a long one",
    }


@contextmanager
def planted(url: str, home: Path) -> Iterator[House]:
    """Open a house in which everybody has a baseline of day 0."""
    with closing(Database.open(url)) as database:
        plant(database)
    with building.opened(Settings.read(environment(url, home))) as house:
        rescore(house, day(0), now=noon(1), decide=False)
        yield house


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def ask(house: House, words: str) -> list[Any]:
    with house.database.reading() as tx:
        return [tuple(row) for row in tx.execute(text(words))]


def kill_two(house: House, started: dict[str, psutil.Process]) -> int:
    """Kill two helpers as soon as each has held a share, or one, when there is no more to do."""
    killed: set[str] = set()

    def enough() -> bool:
        shares = ask(house, "SELECT holder, state FROM rescore_share")
        for holder in sorted(({each for each, _ in shares} & started.keys()) - killed):
            if len(killed) < 2:
                with suppress(psutil.NoSuchProcess):  # It may have found nothing left to do.
                    started[holder].kill()
                killed.add(holder)
        over = all(state == "done" for _, state in shares)
        return len(killed) == 2 or (bool(killed) and over)

    until(enough)
    return len(killed)


def helpers(leader: psutil.Popen) -> dict[str, psutil.Process]:
    """Return the processes the leader started, by the name each bears in the store."""
    found = {}
    for child in leader.children(recursive=True):
        words = child.cmdline()
        if "lend-a-hand" in words:
            found[words[words.index("--holder") + 1]] = child
    return found


def shared_and_killed(house: House, around: dict[str, str]) -> RescoreReport:
    """Let four processes share day 1; kill two helpers with a share in hand, then the leader."""
    command = [sys.executable, "-m", "tests.journeys.leader"]
    told = [day(1).isoformat(), noon(2).isoformat(), "shared", str(WORKERS)]
    leader = psutil.Popen([*command, *told], env=os.environ | around, stderr=subprocess.DEVNULL)
    started: dict[str, psutil.Process] = {}
    try:
        until(lambda: len(helpers(leader)) == WORKERS - 1)
        started = helpers(leader)
        assert kill_two(house, started) > 0
        leader.kill()
        leader.wait(PATIENCE)
        # Whoever takes over goes on when the leases of the dead have lapsed.
        late = Crew("shared", "heir", lambda: datetime.now(UTC) + LEASE, pause)
        return rescore(house, day(1), now=noon(2), decide=True, crew=late)
    finally:
        for process in (leader, *started.values()):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(PATIENCE)


def pause() -> tuple[str, ...]:
    time.sleep(0.05)
    return ()


def shared(around: dict[str, str]) -> None:
    """Let four processes share day 2, undisturbed."""
    command = [sys.executable, "-m", "tests.journeys.leader"]
    told = [day(2).isoformat(), noon(3).isoformat(), "shared again", str(WORKERS)]
    subprocess.run([*command, *told], env=os.environ | around, check=True, timeout=PATIENCE)


def everything(house: House) -> dict[str, list[Any]]:
    """Return what a run leaves behind, without the numbers that rows got in passing."""
    return {
        "snapshots": ask(
            house, "SELECT customer_id, as_of, score, band, trend FROM snapshot ORDER BY 1, 2"
        ),
        "current": ask(house, "SELECT customer_id, as_of, band FROM current_score ORDER BY 1"),
        "transitions": ask(
            house, "SELECT customer_id, as_of, kind, to_band FROM transition ORDER BY 1, 2"
        ),
        "decisions": ask(
            house,
            "SELECT customer_id, as_of, playbook, outcome, reason FROM decision "
            "ORDER BY 1, 2, 3, 4",
        ),
        "plays": ask(
            house, "SELECT customer_id, playbook, episode, state FROM play ORDER BY 1, 2, 3"
        ),
        "messages": ask(house, "SELECT key, state, held_by FROM message ORDER BY 1"),
        "switches": ask(house, "SELECT name, value FROM switch ORDER BY 1"),
    }  # fmt: skip


def counted(report: RescoreReport) -> tuple[int, ...]:
    return report.scored, report.written, report.baselines, report.transitions, report.started


@pytest.mark.slow
def test_killed_workers_leave_what_one_undisturbed_worker_leaves(
    postgres: Postgres, tmp_path: Path
) -> None:
    one_url, four_url = postgres.create(), postgres.create()
    around = environment(four_url, tmp_path / "four")
    with planted(one_url, tmp_path / "one") as one, planted(four_url, tmp_path / "four") as four:
        # Given what one worker makes of two days, on the second of which the brake is pulled.
        alone = rescore(one, day(1), now=noon(2), decide=True, batch=SHARE)
        first_day = everything(one)
        rescore(one, day(2), now=noon(3), decide=True)

        # When four share them, and three of them are killed on the first.
        together = shared_and_killed(four, around)
        after_kills = everything(four)
        shared(around)

        # Then nobody was scored twice or missed, and the run is told as one.
        assert counted(together) == counted(alone)
        assert alone.baselines == NEWCOMERS
        assert after_kills == first_day
        assert everything(four) == everything(one)
        assert _card(four).body["worsened"] == len(FALLING[2])
    postgres.recycle(one_url)
    postgres.recycle(four_url)


def _card(house: House) -> outbox.Message:
    with house.database.reading() as tx:
        found = outbox.message_by_key(tx, f"brake/daily:{day(2)}")
    assert found is not None
    return found
