"""Every table has its place on a distributed PostgreSQL, and the large ones can be spread."""

import pkgutil
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module

import pytest
from sqlalchemy import BigInteger, Connection, Inspector, inspect, text

import storage
from storage.columns import metadata
from storage.database import Database, Limits
from storage.engines import engine
from storage.errors import CannotDistribute
from storage.placement import (
    DISTRIBUTED,
    KEY,
    LOCAL,
    REFERENCE,
    carry_out,
    commands,
    place_of,
)
from tests.conftest import Postgres

for module in pkgutil.iter_modules(storage.__path__):
    if module.name != "migrations":
        import_module(f"storage.{module.name}")


@pytest.fixture
def connection(postgres_url: str) -> Iterator[Connection]:
    made = engine(postgres_url, Limits())
    with made.connect() as opened:
        yield opened
    made.dispose()


def test_every_table_has_exactly_one_place() -> None:
    entered = [*DISTRIBUTED, *REFERENCE, *LOCAL]

    # A new table is entered in storage/placement.py: large ones by customer, what they are joined
    # with as reference, what is claimed row by row as local.
    assert sorted(entered) == sorted(metadata.tables)


def test_large_tables_hold_the_customer_in_every_key_and_refer_to_nobody(
    connection: Connection,
) -> None:
    look = inspect(connection)

    loose = [
        (name, key) for name in DISTRIBUTED for key in _unique_keys(look, name) if KEY not in key
    ]

    assert loose == []
    assert [name for name in DISTRIBUTED if look.get_foreign_keys(name)] == []
    types = {str(metadata.tables[name].c[KEY].type) for name in DISTRIBUTED}
    assert types == {str(BigInteger())}


def _unique_keys(look: Inspector, table: str) -> list[list[str | None]]:
    keys: list[list[str | None]] = [[*look.get_pk_constraint(table)["constrained_columns"]]]
    keys += [[*unique["column_names"]] for unique in look.get_unique_constraints(table)]
    keys += [[*index["column_names"]] for index in look.get_indexes(table) if index["unique"]]
    return keys


def test_what_every_machine_has_refers_only_to_what_every_machine_has() -> None:
    strays = [
        (name, key.target_fullname)
        for name in REFERENCE
        for key in metadata.tables[name].foreign_keys
        if place_of(key.column.table.name) != "reference"
    ]

    assert strays == []


def test_a_table_is_placed_after_those_it_refers_to_and_beside_the_first() -> None:
    given = dict(commands())
    order = list(given)

    assert set(order) == {*DISTRIBUTED, *REFERENCE}
    assert order.index("member") < order.index("customer") < order.index("alias")
    assert order.index("frame") < order.index(DISTRIBUTED[0])
    assert given["customer"] == "SELECT create_reference_table('customer')"
    assert given["snapshot"] == (
        "SELECT create_distributed_table('snapshot', 'customer_id', "
        f"colocate_with => '{DISTRIBUTED[0]}')"
    )


def test_a_database_that_knows_no_other_machine_says_so_and_stays_as_it_is(
    database: Database,
) -> None:
    reason = {"sqlite": "one file on one machine", "postgresql": "does not have the citus"}

    with pytest.raises(CannotDistribute, match=reason[database.dialect]):
        database.distribute()

    assert database.is_current()


def test_commands_are_given_once_however_often_one_asks(postgres: Postgres) -> None:
    """Citus' own functions are played by three lines of SQL that write down what they were told."""
    url = postgres.create_empty()
    with closing(Database.open(url)) as database:
        database.migrate()
    made = engine(url, Limits())
    with made.connect() as connection:
        with connection.begin():
            connection.execute(text(PLAYED))
        first, again = carry_out(connection), carry_out(connection)
    made.dispose()
    postgres.drop(url)

    assert first == [command for _, command in commands()]
    assert again == []


PLAYED = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, how text);
CREATE FUNCTION create_reference_table(t regclass) RETURNS void LANGUAGE sql
  AS $$ INSERT INTO pg_dist_partition VALUES (t, 'n') $$;
CREATE FUNCTION create_distributed_table(t regclass, by text, colocate_with text DEFAULT 'default')
  RETURNS void LANGUAGE sql AS $$ INSERT INTO pg_dist_partition VALUES (t, by) $$
"""
