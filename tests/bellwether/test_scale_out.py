"""Several processes on one database, and several machines under one, as an operator meets them."""

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bellwether import house as building
from bellwether.clock import ReplayClock
from bellwether.schedule import RESCORE, Ran, jobs, run_due
from bellwether.settings import Settings
from service.ports import House
from service.rescore import rescore
from service.sharing import LEASE, Crew
from storage import snapshots, ticks
from storage.database import Database
from tests.bellwether.conftest import Run
from tests.bellwether.test_schedule import DAY, KEY, NOON, begun, busy
from tests.conftest import Postgres


def broken(*_: int) -> None:
    raise KeyboardInterrupt


def scored(house: House, day: date) -> int:
    with house.database.reading() as tx:
        return len(snapshots.snapshots_on(tx, range(1, 9), house.model.name, [day]))


def test_a_process_that_finds_a_run_led_by_another_does_its_part_and_leaves_the_end_to_it(
    house: House, settings: Settings
) -> None:
    # Given a leader that was begun and is not heard of, whose tick nobody may take over yet.
    busy(house, "acme", "globex", "initech")
    begun(house, settings)
    eve = DAY - timedelta(days=1)
    with house.database.transaction() as tx:
        ticks.claim_tick(tx, RESCORE, KEY, NOON, 4 * LEASE)
    leader = Crew(f"{RESCORE} of {DAY}", "leader", lambda: NOON, again=True)
    with pytest.raises(KeyboardInterrupt):
        rescore(house, eve, now=NOON, decide=True, batch=1, progress=broken, crew=leader)
    before = scored(house, eve)

    # When another process looks what is due, and then the leader's tick lapses.
    helped = run_due(house, jobs(settings), ReplayClock(NOON + LEASE))
    after = scored(house, eve)
    ended = run_due(house, jobs(settings), ReplayClock(NOON + 4 * LEASE))

    # Then all is scored by the helper, and the run ended once, by who took it over.
    assert (before, after) == (1, 3)
    assert Ran(RESCORE, DAY, "held") in helped
    assert Ran(RESCORE, DAY, "done") in ended


def test_the_daily_job_makes_room_for_the_months_to_come(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.create()
    settings = Settings.read({"DATABASE_URL": url, "BELLWETHER_HOME": str(tmp_path)})
    with building.opened(settings) as house:
        run_due(house, jobs(settings), ReplayClock(NOON))

        with house.database.reading() as tx:
            there = [tx.execute(text(f"SELECT to_regclass('{name}')")).scalar() for name in COMING]
    postgres.recycle(url)

    assert there == COMING


COMING = ["event_2026_11", "event_2026_12", "event_2027_01"]


def test_several_processes_are_refused_where_one_alone_may_write(run: Run) -> None:
    said = run("rescore", "--workers", "2")

    assert said.code == 2
    assert "SQLite has one writer" in said.err


def test_several_processes_share_one_day_and_not_a_backfill(run: Run) -> None:
    said = run("rescore", "--from", "2026-01-01", "--workers", "2")

    assert said.code == 2
    assert "share one day" in said.err


def test_distributing_without_citus_says_so_and_changes_nothing(
    run: Run, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.create()
    on_a_file = run("migrate", "--distribute")
    monkeypatch.setenv("DATABASE_URL", url)

    on_a_server = run("migrate", "--distribute")

    assert (on_a_file.code, on_a_server.code) == (1, 1)
    assert "SQLite is one file on one machine" in on_a_file.err
    assert "does not have the citus extension" in on_a_server.err
    with closing(Database.open(url)) as database:
        assert database.is_current()
    postgres.recycle(url)


@pytest.mark.slow
def test_processes_that_are_started_for_a_run_come_to_what_one_comes_to(
    run: Run, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.create()
    monkeypatch.setenv("DATABASE_URL", url)
    run("seed", "--customers", "12", "--days", "40")

    said = run("rescore", "--workers", "3")

    assert (said.code, "12 scored" in said.out) == (0, True), said.err
    postgres.recycle(url)
