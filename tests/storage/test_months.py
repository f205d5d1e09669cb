"""Events lie in months on PostgreSQL: made when they are needed, dropped when they are over."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from storage import migrate
from storage.activity import append_events
from storage.database import Database
from storage.engines import writing
from storage.months import forget_months, make_months, make_months_ahead
from storage.retention import forget_events
from tests import builders
from tests.builders import NOON, new_event
from tests.storage.racing import race


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    with closing(Database.open(postgres_url)) as database:
        with database.transaction() as tx:  # Months other tests came across stay in a database.
            forget_months(tx, datetime(2900, 1, 1, tzinfo=UTC), 10**9)
        yield database


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).astimezone(UTC)


def months(database: Database) -> list[str]:
    found = (
        "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' "
        "AND relname ~ '^event_[0-9]' ORDER BY 1"
    )
    with database.reading() as tx:
        return [name.removeprefix("event_") for name in tx.execute(text(found)).scalars()]


def rows(database: Database, table: str) -> int:
    with database.reading() as tx:
        return tx.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0  # noqa: S608 - our own names


def test_an_event_of_any_month_finds_a_place_and_old_ones_share_one(
    postgres_database: Database,
) -> None:
    database = postgres_database
    (acme,) = builders.customers(database, "acme")
    moments = [
        "2026-11-30T23:59:59.999999Z",
        "2026-12-01T00:00Z",
        "1999-12-31T23:59Z",
        "0001-01-02",
    ]
    given = [new_event(acme, occurred_at=at(one)) for one in moments]

    assert builders.events(database, *given) == ["accepted"] * 4

    assert months(database) == ["2026_11", "2026_12"]
    assert [rows(database, f"event_{name}") for name in ("2026_11", "2026_12", "earlier")] == [
        1,
        1,
        2,
    ]


def test_writers_who_come_upon_a_new_month_at_once_make_it_once(
    postgres_database: Database,
) -> None:
    database = postgres_database
    ids = builders.customers(database, *(f"c{n}" for n in range(6)))

    def write(number: int) -> list[str]:
        days = range(0, 120, 7)
        with database.transaction() as tx:
            events = [new_event(ids[number], back=back) for back in days]
            return [one.outcome for one in append_events(tx, events, NOON)]

    outcomes = race(write)

    assert {what for each in outcomes for what in each} == {"accepted"}
    assert months(database) == ["2026_07", "2026_08", "2026_09", "2026_10", "2026_11"]


def test_months_are_made_ahead_so_that_no_writer_has_to(postgres_database: Database) -> None:
    for _ in range(2):
        with postgres_database.transaction() as tx:
            make_months_ahead(tx, NOON)

    assert months(postgres_database) == ["2026_11", "2026_12", "2027_01"]


def test_what_is_over_is_dropped_by_whole_months_with_its_ids(postgres_database: Database) -> None:
    database = postgres_database
    (acme,) = builders.customers(database, "acme")
    moments = ["1999-05-05", "2026-08-15", "2026-08-16", "2026-09-30", "2026-10-01", "2026-11-20"]
    builders.events(
        database, *(new_event(acme, occurred_at=at(f"{one}T12:00Z")) for one in moments)
    )

    with database.transaction() as tx:
        gone = forget_events(tx, at("2026-10-15T00:00Z"), 100)

    assert gone == 4
    assert months(database) == ["2026_10", "2026_11"]
    assert rows(database, "event") == rows(database, "event_key") == 2


def test_forgetting_stops_after_enough_and_goes_on_when_asked_again(
    postgres_database: Database,
) -> None:
    database = postgres_database
    (acme,) = builders.customers(database, "acme")
    days = ["2026-07-01", "2026-07-02", "2026-08-01", "2026-08-02"]
    builders.events(database, *(new_event(acme, occurred_at=at(f"{one}T12:00Z")) for one in days))
    gone = []

    for _ in range(3):
        with database.transaction() as tx:
            gone.append(forget_events(tx, NOON, 2))

    assert gone == [2, 2, 0]


def test_events_kept_before_there_were_months_are_all_there_afterwards(empty_url: str) -> None:
    with closing(Database.open(empty_url)) as database:
        _migrate(database, "0010")
        moments = ["1999-12-31 23:59:59.5", "2026-02-28 23:59:59.999999", "2026-03-01 00:00:00"]
        zone = "+00" if database.dialect == "postgresql" else ""
        for number, moment in enumerate(moments):
            _old_event(database, number, moment + zone)
        database.migrate()

        with database.reading() as tx:
            events = tx.execute(text("SELECT customer_id, event_id, kind_id FROM event ORDER BY 2"))
            found = [tuple(row) for row in events]
            days = tx.execute(text("SELECT occurred_on FROM event_key ORDER BY event_id"))
            on = [str(row[0]) for row in days]
        again = [_sent_again(database, number) for number in range(3)]

    assert found == [(number, f"e{number}", 7) for number in range(3)]
    if "postgres" in empty_url:
        assert on == ["1999-12-31", "2026-02-28", "2026-03-01"]
    else:
        expected = [datetime.fromisoformat(one).date().toordinal() for one in moments]
        assert on == list(map(str, expected))
    assert again == ["conflict"] * 3


def _migrate(database: Database, upto: str) -> None:
    with writing(database._engine).connect() as connection, connection.begin():  # noqa: SLF001 - to stop half-way
        configuration = migrate._configuration()  # noqa: SLF001 - as above
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, upto)


def _old_event(database: Database, number: int, moment: str) -> None:
    words: dict[str, Any] = {"id": f"e{number}", "owner": number, "at": moment, "stamp": b"s" * 16}
    with database.transaction() as tx:
        tx.execute(
            text(
                "INSERT INTO event (feed_id, event_id, customer_id, kind_id, feature_id, "
                "occurred_at, received_at, value, stamp) "
                "VALUES (1, :id, :owner, 7, 0, :at, :at, 1000000, :stamp)"
            ),
            words,
        )
        if number == 0:
            tx.execute(text("INSERT INTO feed (id, name) VALUES (1, 'api')"))


def _sent_again(database: Database, number: int) -> str:
    (outcome,) = builders.events(database, new_event(number, event_id=f"e{number}"))
    return outcome


def test_who_waited_while_another_made_a_month_does_not_make_it_again(
    postgres_database: Database,
) -> None:
    database, wanted, begun = postgres_database, [at("2015-03-01T00:00Z")], threading.Event()
    faults: list[Exception] = []

    def second() -> None:
        try:
            with database.transaction() as tx:
                begun.set()
                make_months(tx, wanted)
        except Exception as fault:  # noqa: BLE001 - shown by the assertion
            faults.append(fault)

    waiting = threading.Thread(target=second)
    with database.transaction() as tx:
        make_months(tx, wanted)
        waiting.start()
        begun.wait()
        waiting.join(0.3)
    waiting.join()

    assert faults == []
    assert months(database) == ["2015_03"]
