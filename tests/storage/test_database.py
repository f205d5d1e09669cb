import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from storage import tables
from storage.customers import customer_by_key
from storage.database import Database, Limits
from storage.errors import (
    AlreadyThere,
    BadDatabaseUrl,
    Busy,
    DatabaseFault,
    RuleBroken,
    StorageError,
    TookTooLong,
    Unreachable,
)
from storage.people import upsert_member
from storage.switches import set_switch, switch
from storage.ticks import claim_tick
from tests import builders
from tests.builders import NOON

ROOT = Path(__file__).parents[2]


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as tx:
            set_switch(tx, "pause", "on", "me", NOON)
            raise LookupError("of the caller")

    with pytest.raises(LookupError):
        fail()

    with database.reading() as tx:
        assert switch(tx, "pause") is None


def test_a_reader_sees_one_instant_while_others_write(database: Database) -> None:
    with database.transaction() as tx:
        set_switch(tx, "pause", "on", "me", NOON)

    with database.reading() as reader:
        before = switch(reader, "pause")
        with database.transaction() as writer:
            set_switch(writer, "pause", "off", "you", NOON)
        after = switch(reader, "pause")

    assert before == after
    assert before is not None
    assert before.value == "on"


def test_writers_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    builders.customers(database, "acme")

    def count_up() -> None:
        for _ in range(10):
            with database.transaction() as tx:
                row = tx.execute(
                    select(tables.customer.c.seats)
                    .where(tables.customer.c.key == "acme")
                    .with_for_update()
                ).scalar()
                tx.execute(tables.customer.update().values(seats=(row or 0) + 1))

    writers = [threading.Thread(target=count_up) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    with database.reading() as tx:
        acme = customer_by_key(tx, "acme")
    assert acme is not None
    assert acme.seats == 40


def test_a_lock_that_is_not_given_up_is_busy_not_for_ever(database_url: str) -> None:
    with (
        closing(Database.open(database_url)) as holder,
        closing(Database.open(database_url, Limits(lock=1))) as waiter,
        holder.transaction() as tx,
    ):
        set_switch(tx, "pause", "on", "me", NOON)
        begun = time.monotonic()
        with pytest.raises(Busy), waiter.transaction() as other:
            set_switch(other, "pause", "off", "you", NOON)
        waited = time.monotonic() - begun

    assert waited < 8


def test_an_exhausted_pool_is_busy_not_for_ever(database_url: str) -> None:
    limits = Limits(connections=1, pool_wait=1)
    with (
        closing(Database.open(database_url, limits)) as database,
        database.reading(),
        pytest.raises(Busy, match="connections"),
        database.reading(),
    ):
        pass


def test_a_statement_has_a_deadline(postgres_url: str) -> None:
    with (
        closing(Database.open(postgres_url, Limits(statement=1))) as database,
        pytest.raises(TookTooLong),
        database.transaction() as tx,
    ):
        tx.execute(text("SELECT pg_sleep(30)"))


def test_a_whole_transaction_has_a_deadline_even_when_the_server_only_stalls(
    postgres_url: str,
) -> None:
    limits = Limits(statement=60, transaction=1)
    with closing(Database.open(postgres_url, limits)) as database:
        begun = time.monotonic()
        with pytest.raises(TookTooLong, match="whole transaction"), database.transaction() as tx:
            tx.execute(text("SELECT pg_sleep(30)"))
        waited = time.monotonic() - begun

        database.ping()

    assert waited < 15


def test_a_short_transaction_is_not_touched_by_the_deadline_of_another(postgres_url: str) -> None:
    with closing(Database.open(postgres_url, Limits(transaction=1))) as database:
        for _ in range(3):
            with database.transaction() as tx:
                tx.execute(text("SELECT pg_sleep(0.5)"))
        database.ping()

        assert database.is_current()


def test_a_server_that_is_not_there_is_unreachable_soon() -> None:
    with (
        closing(
            Database.open("postgresql://u:secret@127.0.0.1:1/x", Limits(connect=2))
        ) as database,
        pytest.raises(Unreachable) as raised,
    ):
        database.ping()

    assert "secret" not in str(raised.value)


def test_a_connection_that_was_cut_is_replaced(postgres_url: str) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with (
        closing(Database.open(postgres_url)) as database,
        closing(Database.open(postgres_url)) as other,
    ):
        database.ping()
        with other.transaction() as tx:
            tx.execute(text(cut + " AND datname = current_database()"))

        database.ping()
        assert database.is_current()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://h/d", "sqlite://", "sqlite:///:memory:", "secret@host"]
)
def test_an_address_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadDatabaseUrl) as raised:
        Database.open(url)

    assert "postgresql://" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_sqlite_file_in_a_folder_that_is_not_there_gets_its_folder(tmp_path: Path) -> None:
    with closing(Database.open(f"sqlite:///{tmp_path / 'a' / 'b' / 'c.db'}")) as database:
        database.migrate()

        assert database.is_current()


def test_a_sqlite_connection_is_set_up_to_last(sqlite_url: str) -> None:
    with closing(Database.open(sqlite_url)) as database, database.reading() as tx:
        found = {
            name: tx.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_a_broken_unique_key_is_told_in_words(database: Database) -> None:
    row = {"email": "a@x", "email_folded": "a@x", "name": "A", "role": "csm"}

    with pytest.raises(AlreadyThere, match="a member with this e-mail address"):
        _twice(database, row)


def _twice(database: Database, row: dict[str, str]) -> None:
    for _ in range(2):
        with database.transaction() as tx:
            tx.execute(insert(tables.member).values(**row))


def test_a_broken_rule_is_an_error_of_ours_without_the_values(database: Database) -> None:
    with pytest.raises(RuleBroken) as check, database.transaction() as tx:
        upsert_member(tx, "secret@x.example", role="emperor")  # type: ignore[arg-type] # the point
    with pytest.raises(RuleBroken) as foreign, database.transaction() as tx:
        tx.execute(insert(tables.contact).values(_contact(customer_id=999)))

    assert "secret" not in f"{check.value}{foreign.value}"
    assert check.value.__suppress_context__
    assert foreign.value.__suppress_context__


def test_no_error_repeats_the_values_it_was_about(database: Database) -> None:
    with pytest.raises(StorageError) as raised, database.transaction() as tx:
        tx.execute(text("SELECT * FROM nowhere WHERE a = :v"), {"v": "secret"})

    assert isinstance(raised.value, DatabaseFault)
    assert "secret" not in str(raised.value)


def _contact(**given: object) -> dict[str, object]:
    return {"email": "secret@x", "email_folded": "secret@x", "name": "S", "is_primary": 1} | given


def test_a_process_killed_in_a_transaction_leaves_nothing_and_its_tick_is_taken_over(
    database_url: str,
) -> None:
    story = f"""
        import sys, time
        from datetime import timedelta
        from storage.database import Database
        from storage.switches import set_switch
        from storage.ticks import claim_tick
        from tests.builders import NOON
        database = Database.open({database_url!r})
        with database.transaction() as tx:
            assert claim_tick(tx, "rescore", NOON, NOON, timedelta(minutes=5))
        with database.transaction() as tx:
            set_switch(tx, "half", "done", "me", NOON)
            print("ready", flush=True)
            time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(story)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)

    with closing(Database.open(database_url)) as database, database.transaction() as tx:
        assert switch(tx, "half") is None
        assert not claim_tick(tx, "rescore", NOON, NOON, timedelta(minutes=5))
        late = NOON + timedelta(minutes=5)
        assert claim_tick(tx, "rescore", NOON, late, timedelta(minutes=5))
