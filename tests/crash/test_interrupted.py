"""Ctrl-C in the middle: what is finished stays, one line says so, and the next run goes on."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from storage.database import Database
from storage.tables import activity_day, customer, event, snapshot
from tests import builders
from tests.builders import new_event

pytestmark = pytest.mark.slow

BELLWETHER = Path(sys.executable).with_name("bellwether")
PATIENCE = 120.0
ROWS = 100_000
PEOPLE = 10
DAYS = 59
INTERRUPTED = 130


def environment(home: Path, url: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if "BELLWETHER" not in name}
    home.mkdir(exist_ok=True)
    return known | {"BELLWETHER_HOME": str(home), "DATABASE_URL": url, "TMPDIR": str(home)}


def started(env: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    command = [str(BELLWETHER), *words]
    return subprocess.Popen(command, env=env, text=True, stdout=-1, stderr=subprocess.STDOUT)


def interrupted(process: "subprocess.Popen[str]", begun: Callable[[], bool]) -> tuple[int, str]:
    """Press Ctrl-C once `begun` holds; return the exit code and the last line printed."""
    until = time.monotonic() + PATIENCE
    with process:
        while not begun() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, printed.strip().splitlines()[-1]


def finished(env: dict[str, str], *words: str) -> None:
    subprocess.run([BELLWETHER, *words], env=env, check=True, capture_output=True, timeout=PATIENCE)


def number(url: str, statement: Select[Any]) -> int:
    with closing(Database.open(url)) as database, database.reading() as tx:
        return int(tx.execute(statement).scalar() or 0)


def events_of(url: str) -> int:
    return number(url, select(func.count()).select_from(event))


def file_of_events(path: Path) -> Path:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "customer", "type", "occurredAt"])
        for each in range(ROWS):
            at = first + timedelta(minutes=each)
            rows.writerow([each, f"c{each % PEOPLE}", "login", at.isoformat()])
    return path


def test_an_import_interrupted_leaves_whole_sheets_and_goes_on(
    tmp_path: Path, database_url: str
) -> None:
    env, path = environment(tmp_path / "home", database_url), file_of_events(tmp_path / "e.csv")
    words = ("import", "events", str(path), "--create-customers")

    code, said = interrupted(started(env, *words), lambda: events_of(database_url) > 0)

    there = events_of(database_url)
    rolled = number(database_url, select(func.sum(activity_day.c.count)))
    assert code == INTERRUPTED, said
    assert said.startswith(f"bellwether: Stopped. {there:,} rows are dealt with."), said
    assert 0 < there == rolled < ROWS
    finished(env, *words)
    assert events_of(database_url) == ROWS
    assert number(database_url, select(func.sum(activity_day.c.count))) == ROWS


def test_a_backfill_interrupted_keeps_whole_days_and_goes_on(
    tmp_path: Path, database_url: str
) -> None:
    env = environment(tmp_path / "home", database_url)
    with closing(Database.open(database_url)) as database:
        begin = datetime(2025, 1, 1, tzinfo=UTC)
        keys = [f"c{each}" for each in range(PEOPLE)]
        ids = builders.customers(database, *keys, created_on=begin.date(), now=begin)
        days = [begin + timedelta(days=back) for back in range(0, 90, 3)]
        logins = [new_event(one, occurred_at=at) for one in ids for at in days]
        builders.events(database, *logins)
    words = ("rescore", "--from", "2025-02-01", "--to", "2025-03-31")
    snapshots = select(func.count()).select_from(snapshot)

    code, said = interrupted(started(env, *words), lambda: number(database_url, snapshots) > 0)

    whole = select(snapshot.c.as_of).group_by(snapshot.c.as_of).having(func.count() == PEOPLE)
    broken = select(snapshot.c.as_of).group_by(snapshot.c.as_of).having(func.count() != PEOPLE)
    assert code == INTERRUPTED, said
    assert f"of {DAYS} days are scored" in said
    assert number(database_url, select(func.count()).select_from(whole.subquery())) < DAYS
    assert number(database_url, select(func.count()).select_from(broken.subquery())) == 0
    finished(env, *words)
    assert number(database_url, snapshots) == DAYS * PEOPLE


def test_looking_back_interrupted_leaves_nothing(tmp_path: Path, sqlite_url: str) -> None:
    env, path = environment(tmp_path / "home", sqlite_url), file_of_events(tmp_path / "e.csv")
    before = set((tmp_path / "home").iterdir())

    def begun() -> bool:
        return bool(set((tmp_path / "home").rglob("*.db*")))

    code, said = interrupted(started(env, "backtest", "--events", str(path)), begun)

    assert code == INTERRUPTED, said
    assert said == "bellwether: Stopped. Nothing was written."
    assert set((tmp_path / "home").iterdir()) == before
    assert number(sqlite_url, select(func.count()).select_from(customer)) == 0
