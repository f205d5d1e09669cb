import re
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Inspector, create_engine, insert, inspect, make_url

from storage import audit, outbox, plays, running
from storage.columns import metadata
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.erasure import erase_customer
from storage.tables import customer
from storage.tables_acts import LARGE, message, play, step
from tests.builders import NOON


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


def old_play(tx: Connection) -> None:
    """Put a play there as it was kept before plays took weeks: with a mail, a task, an alert."""
    when = {"due_at": NOON, "body": {}}
    acme = {"key": "acme", "key_folded": "acme", "name": "Acme", "name_folded": "acme"}
    tx.execute(
        insert(customer).values(
            id=1, status="active", created_on=NOON.date(), tags=[], updated_at=NOON, **acme
        )
    )
    tx.execute(
        insert(play).values(
            id=1, customer_id=1, playbook="new-at-risk", version="new-at-risk@1", episode="e",
            state="open", opened_at=NOON, trigger_as_of=NOON.date(), band="at-risk",
            score=Decimal(41), root_key="alert",
        )
    )  # fmt: skip
    for number, kind, state in ((1, "email", "waiting_approval"), (2, "task", "scheduled")):
        row = {"id": number, "play_id": 1, "name": kind, "kind": kind, "state": state}
        tx.execute(insert(step).values(occurrence=1, **row, **when))
    tx.execute(
        insert(message).values(
            id=1, key="alert", channel="slack", verb="post", recipient="#x", play_id=1, step_id=1,
            customer_id=1, state="sent", attempts=1, ready_at=NOON, **when,
        )
    )  # fmt: skip


def migrated_to(url: str, revision: str, fill: Callable[[Connection], None]) -> None:
    """Bring a database up to a revision of before, and put rows there as they were then."""
    engine = create_engine(_engine_url(url))
    with engine.connect() as connection, connection.begin():
        configuration = Config()
        configuration.set_main_option("script_location", "storage:migrations")
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
        fill(connection)
    engine.dispose()


def test_an_open_play_of_before_there_were_plays_of_weeks_goes_on(empty_url: str) -> None:
    migrated_to(empty_url, "0008", old_play)

    with closing(Database.open(empty_url)) as database:
        database.migrate()
        with database.transaction() as tx:
            states = {step.name: step.state for step in plays.steps_of(tx, 1)}
            due = running.due_plays(tx, NOON + timedelta(days=30))
            said = outbox.message_by_key(tx, "alert")
            if database.dialect == "sqlite":
                assert tx.exec_driver_sql("PRAGMA foreign_key_check").all() == []

    assert states == {"email": "waiting_approval", "task": "to_do"}
    # Nothing in it is due by itself, so nobody asks for a playbook it was never pinned to.
    assert due == []
    assert said is not None
    assert said.step_id == 1


@pytest.mark.parametrize("erased_before", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_numbers_go_on_from_those_that_were_given(empty_url: str, *, erased_before: bool) -> None:
    def fill(tx: Connection) -> None:
        old_play(tx)
        if erased_before:
            audit.append(tx, "ann", "erase", "customer/2", {}, NOON)

    migrated_to(empty_url, "0013", fill)

    with closing(Database.open(empty_url)) as database:
        database.migrate()
        with database.transaction() as tx:
            kept = [step.name for step in plays.steps_of(tx, 1)]
            if database.dialect == "sqlite":
                assert tx.exec_driver_sql("PRAGMA foreign_key_check").all() == []
                erase_customer(tx, 1, "acme")
                first = enrolled(tx)
                erase_customer(tx, first, "acme")
                assert first == (1002 if erased_before else 2)
                assert enrolled(tx) == first + 1

    assert kept == ["email", "task"]


def enrolled(tx: Connection) -> int:
    """Put Acme there and return its number."""
    (written,) = upsert_customers(tx, [CustomerFields("acme")], NOON)
    return written.id


def test_every_number_that_buttons_links_and_the_audit_log_name_is_given_once(
    sqlite_url: str,
) -> None:
    counting = {
        t.name for t in metadata.tables.values() if t.dialect_options["sqlite"]["autoincrement"]
    }
    engine = create_engine(sqlite_url)
    with engine.connect() as tx:
        made = tx.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE sql LIKE '% AUTOINCREMENT%'"
        )
        found = set(made.scalars())
    engine.dispose()

    assert found == counting >= {"customer", "contact", "play", "step", "message"}
