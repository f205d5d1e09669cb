"""The evening before the day that is measured: lived once, kept aside, put back before each run.

Scoring everybody at first sight takes longer than the day itself, and is the same each time. So
what the eve wrote is kept in tables beside the product's, and every run begins from there.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from sqlalchemy import Select, Table, column, delete, insert, inspect, select, text
from sqlalchemy.sql.ddl import CreateTableAs

from benchmarks.world import PATIENT
from storage import tables, tables_acts, tables_said
from storage.database import Database, Transaction

# All that a day writes, in the order in which rows may go.
WRITTEN: Final = (
    tables_said.play_end,
    tables_acts.delivery, tables_acts.message, tables_acts.step, tables_acts.play,
    tables_acts.decision, tables_acts.transition, tables.snapshot, tables.current,
    tables_acts.switch,
)  # fmt: skip
PREFIX: Final = "bench_eve"


def put_back(database: Database, name: str, live: Callable[[], object]) -> None:
    """Let the eve of this name stand as it was; it is lived through when nothing is kept of it."""
    with database.transaction() as tx:
        _empty(tx)
        kept = inspect(tx).has_table(_kept(WRITTEN[0], name))
        if kept:
            for table in reversed(WRITTEN):
                tx.execute(insert(table).from_select(_names(table), _rows(table, name)))
    if not kept:
        live()
        with database.transaction() as tx:
            for table in WRITTEN:
                tx.execute(CreateTableAs(select(table), _kept(table, name)))
    _settle(database)


def forget(url: str) -> None:
    """Forget every eve that was kept: the data, or the code, may be others by now."""
    with closing(Database.open(url, PATIENT)) as database, database.transaction() as tx:
        for name in inspect(tx).get_table_names():
            if name.startswith(PREFIX):
                tx.execute(text(f"DROP TABLE {name}"))


def _kept(table: Table, name: str) -> str:
    return f"{PREFIX}_{name}_{table.name}"


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _rows(table: Table, name: str) -> Select[Any]:
    columns: list[Any] = [column(one) for one in _names(table)]
    return select(*columns).select_from(text(_kept(table, name)))


def _empty(tx: Transaction) -> None:
    for table in WRITTEN:
        tx.execute(delete(table))


def _settle(database: Database) -> None:
    """Let the database clear away what the run before left; in life it does so by night."""
    with database.transaction() as tx:
        engine = tx.engine
    if database.dialect == "sqlite":
        with closing(engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        names = ", ".join(table.name for table in WRITTEN)
        connection.execute(text(f"VACUUM (ANALYZE) {names}"))
