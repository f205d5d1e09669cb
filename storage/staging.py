"""What many events add to the roll-ups, on a staging table of the connection's own."""

from functools import cache
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from storage.columns import Day, Serial
from storage.copying import copy_binary, insert_many
from storage.gains import Gains
from storage.tuples import DAY_NONE, bare

_own: Final = MetaData()

# What the events add; then which of these rows of the roll-up were not there before.
gained: Final = Table(
    "stage_day",
    _own,
    Column("day", Day),
    Column("customer_id", Serial),
    Column("kind_id", Integer),
    Column("feature_id", Integer),
    Column("count", Integer),
    Column("total", BigInteger),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
fresh: Final = Table(
    "stage_fresh",
    _own,
    Column("day", Day),
    Column("customer_id", Serial),
    Column("kind_id", Integer),
    Column("feature_id", Integer),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)


def stage_days(tx: Connection, gains: Gains) -> None:
    """Put the gains on the staging table, in place of whatever was there."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_made("postgresql"))
        kinds = (">i4", ">i8", ">i4", ">i4", ">i4", ">i8")
        columns = (gains.day - DAY_NONE, *gains[1:])
        rows = bare(list(zip(kinds, columns, strict=True)), len(gains.day))
        copy_binary(tx, gained.name, list(gained.c.keys()), rows)
        return
    for statement in _made("sqlite").split(";"):
        tx.exec_driver_sql(statement)
    listed = zip(*(column.tolist() for column in gains), strict=True)
    insert_many(tx, gained.name, list(gained.c.keys()), list(listed))


@cache
def _made(name: str) -> str:
    """Return what makes the staging tables and empties them, as one text.

    It also keeps PostgreSQL to the indexes: of a staging table it knows nothing, and reading a
    large table whole for some thousand rows is what it then tends to.
    """
    dialect = postgresql.dialect() if name == "postgresql" else sqlite.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's.
    tables = (gained, fresh)
    made = [str(CreateTable(one, if_not_exists=True).compile(dialect=dialect)) for one in tables]
    if name == "sqlite":
        return ";".join([*made, *(f"DELETE FROM {one.name}" for one in tables)])  # noqa: S608 - our own names
    plain = [f"SET LOCAL {what} = off" for what in ("enable_hashjoin", "enable_mergejoin", "jit")]
    return ";".join([*made, f"TRUNCATE {', '.join(one.name for one in tables)}", *plain])
