"""Two PostgreSQL servers, each with every second customer, come to what one comes to with all.

The large tables are split by the customer's key, the small ones copied: as a distributed PostgreSQL
would hold them. No server knows of the other.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, text

from scoring.load import shipped
from service.ports import House
from storage.columns import metadata
from storage.database import Database
from storage.frames import opened
from storage.months import make_months
from storage.placement import KEY, place_of
from storage.tables import snapshot
from tests.conftest import Postgres
from tests.service.daily import BEGIN, CROSSING, FULL, customers, days, run, work

EVE = CROSSING - timedelta(days=1)
KEYS = [f"c{number:02}" for number in range(24)]


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    with closing(Database.open(postgres_url)) as opened:
        yield opened


@pytest.fixture
def other_server() -> Iterator[str]:
    """Start another server than the one all tests share."""
    folder = Path(tempfile.mkdtemp(prefix="bellwether-other-"))
    server = Postgres(folder)
    yield server.create()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def town(house: House) -> None:
    """Let a third fall silent, on two days, so that half of them cross on CROSSING."""
    customers(house, *KEYS, contactEmail="pat@theirs.example")
    for number, key in enumerate(KEYS):
        last = (
            FULL - timedelta(days=1 + number // 6 % 2) if number % 3 == 0 else FULL + timedelta(60)
        )
        work(house, key, days(BEGIN, last))
    run(house, EVE)


def split(whole: Database, part: Database, remainder: int) -> None:
    """Copy what one of two machines would hold: its customers' rows, and all small tables."""
    for table in metadata.sorted_tables:
        with whole.reading() as tx:
            rows = [dict(row._mapping) for row in tx.execute(_share(table, remainder))]  # noqa: SLF001 - public, in SQLAlchemy's documentation
        with part.transaction() as tx:
            if table.name == "event":
                make_months(tx, [row["occurred_at"] for row in rows])
            if table.name == "kind":
                tx.execute(table.delete())
            if rows:
                tx.execute(insert(table), rows)


def _share(table: Table, remainder: int) -> Any:
    if table.name == "customer":
        return select(table).where(table.c.id % 2 == remainder)
    if place_of(table.name) == "distributed" or KEY in table.c:
        return select(table).where(table.c[KEY] % 2 == remainder)
    return select(table)


def left_behind(house: House) -> dict[str, list[Any]]:
    """Return what the run left, by customer, without the numbers rows got in passing."""
    asked = {
        "current": "SELECT customer_id, as_of, score, band, band_since FROM current_score",
        "transitions": "SELECT customer_id, as_of, kind, from_band, to_band FROM transition",
        "decisions": "SELECT customer_id, as_of, playbook, outcome, reason FROM decision",
        "plays": "SELECT customer_id, playbook, episode, state, score FROM play",
        "messages": "SELECT customer_id, key, channel, recipient FROM message",
    }
    with house.database.reading() as tx:
        found = {
            name: [tuple(row) for row in tx.execute(text(f"{words} ORDER BY 1, 2, 3"))]
            for name, words in asked.items()
        }
        # Packed in one way or the other, a record says the same.
        rows = snapshot.c
        told = (rows.customer_id, rows.as_of, rows.score, rows.band, rows.trend, rows.record)
        return found | {"snapshots": [tuple(row) for row in opened(tx, select(*told))]}


@pytest.mark.slow
@pytest.mark.parametrize(("model", "plays"), [("saas-five-factor", 4), ("adaptive", 0)])
def test_two_servers_with_half_the_customers_each_come_to_the_same_as_one_with_all(
    house: House, postgres: Postgres, other_server: str, model: str, plays: int
) -> None:
    # Given a town on one server, and its halves on two.
    whole = replace(house, model=shipped(model))
    town(whole)
    here = postgres.create()
    with closing(Database.open(here)) as even, closing(Database.open(other_server)) as odd:
        halves = [replace(whole, database=even), replace(whole, database=odd)]
        if model == "adaptive":  # Whom customers are compared with is a small table: all have it.
            run(whole, CROSSING)
            _undo(whole)
        for remainder, half in enumerate(halves):
            split(whole.database, half.database, remainder)

        # When each scores and decides on the day.
        reports = [run(half, CROSSING) for half in halves]
        alone = run(whole, CROSSING)

        # Then both together left what one leaves.
        found = [left_behind(half) for half in halves]
        together = {name: sorted(found[0][name] + found[1][name], key=_order) for name in found[0]}
        expected = {name: sorted(rows, key=_order) for name, rows in left_behind(whole).items()}
    postgres.recycle(here)
    assert together == expected
    assert alone.started == sum(one.started for one in reports) == plays
    assert [len(part["plays"]) for part in found] == [plays // 2] * 2


def _order(row: Any) -> str:
    return repr(row[:3])


def _undo(house: House) -> None:
    """Take the day back, all but its population."""
    names = ("message", "step", "play", "decision", "transition", "current_score", "snapshot")
    with house.database.transaction() as tx:
        tx.execute(text(f"TRUNCATE {', '.join(names)} CASCADE"))
    run(house, EVE)
