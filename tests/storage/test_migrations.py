import re
import threading
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Inspector, create_engine, inspect, make_url

from storage.columns import metadata
from storage.database import Database
from storage.tables_acts import LARGE


def _engine_url(url: str) -> str:
    return re.sub(r"^postgres(ql)?:", "postgresql+psycopg2:", url)


def _unique_keys(look: Inspector, table: str) -> list[list[str | None]]:
    """Return the columns of every key of the table in which no row may repeat."""
    keys: list[list[str | None]] = [[*look.get_pk_constraint(table)["constrained_columns"]]]
    keys += [[*unique["column_names"]] for unique in look.get_unique_constraints(table)]
    keys += [[*index["column_names"]] for index in look.get_indexes(table) if index["unique"]]
    return keys


def _not_made_on_the_way(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the months of events, which come with them, and what only PostgreSQL has."""
    months = kind == "table" and re.fullmatch(r"event_(\d{4}_\d{2}|earlier)", name or "")
    return not months and name != "ix_event_key_occurred_on"


def test_an_empty_database_says_it_is_not_current_and_migrating_makes_it_so(empty_url: str) -> None:
    with closing(Database.open(empty_url)) as database:
        before = database.is_current()
        database.migrate()

        assert not before
        assert database.is_current()


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()

    assert database.is_current()


def test_eight_starters_at_once_all_come_up(empty_url: str) -> None:
    faults: list[BaseException] = []
    gate = threading.Barrier(8)

    def start() -> None:
        try:
            with closing(Database.open(empty_url)) as database:
                gate.wait()
                database.migrate()
                assert database.is_current()
        except BaseException as fault:  # noqa: BLE001 - handed to the test's own thread
            faults.append(fault)

    starters = [threading.Thread(target=start) for _ in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()

    assert faults == []


def test_the_migrations_build_exactly_the_tables_the_code_uses(database_url: str) -> None:
    engine = create_engine(_engine_url(database_url))

    with engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _not_made_on_the_way}
        context = MigrationContext.configure(connection, opts=opts)
        difference = compare_metadata(context, metadata)
    engine.dispose()

    assert difference == []


def test_every_large_table_carries_the_customer_in_its_primary_and_unique_keys(
    database_url: str,
) -> None:
    engine = create_engine(_engine_url(database_url))
    look = inspect(engine)

    keys = {table.name: _unique_keys(look, table.name) for table in LARGE}
    engine.dispose()

    assert len(keys) == len(LARGE)
    assert [name for name, found in keys.items() for key in found if "customer_id" not in key] == []


def test_every_table_without_a_foreign_key_to_customers_but_with_their_id_is_a_large_one() -> None:
    loose = {
        table.name
        for table in metadata.tables.values()
        if "customer_id" in table.c and not table.c.customer_id.foreign_keys
    }

    assert loose == {table.name for table in LARGE}


def test_the_roll_up_is_laid_out_as_was_measured_best_for_each_database(database_url: str) -> None:
    engine = create_engine(_engine_url(database_url))

    key = inspect(engine).get_pk_constraint("activity_day")["constrained_columns"]
    name = engine.dialect.name
    engine.dispose()

    first = {"postgresql": ["day", "customer_id"], "sqlite": ["customer_id", "day"]}[name]
    assert key[:2] == first


@pytest.mark.parametrize(
    "url", ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"]
)
def test_every_usual_spelling_of_a_postgres_address_is_understood(url: str) -> None:
    with closing(Database.open(url)) as database:
        assert database.dialect == "postgresql"
    assert make_url(url).database == "d"
