"""Many rows at once by the driver's fastest way, to a staging table, and from there by SQL.

That way is COPY on PostgreSQL and executemany on SQLite; the staging table is the connection's
own. Values pass through the columns' own types first, so that what is refused elsewhere is refused
here, and both ways store the same.
"""

import io
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date
from decimal import Decimal
from typing import Any, Final

import psycopg2
from sqlalchemy import Column, Connection, MetaData, Select, Table, select, true
from sqlalchemy.exc import DBAPIError

# Fewer rows are faster in one INSERT with values than in the three statements this takes.
WORTH_COPYING: Final = 100
NOTHING: Final = "\\N"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Processor = Callable[[Any], Any]


def worth_copying(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether so many rows go faster this way."""
    return len(rows) >= WORTH_COPYING


def staged(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> Select[Any]:
    """Copy the rows to a staging table and return what selects them, in their order.

    The table lives as long as the connection; what is in it means nothing to the next
    transaction. All rows have the columns of the first.
    """
    columns = [table.c[name] for name in rows[0]]
    stage = _stage(table, columns)
    quote = tx.dialect.identifier_preparer.quote
    listed = ", ".join(quote(column.name) for column in columns)
    # It takes only the columns it is given: others, such as ids, are the real table's business.
    like = f"SELECT {listed} FROM {quote(table.name)}"  # noqa: S608 - our own names
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage.name} ON COMMIT DELETE ROWS AS {like} "
            f"WITH NO DATA; TRUNCATE {stage.name}"
        )
        _copy(tx, f"COPY {stage.name} ({listed}) FROM STDIN", _text(tx, columns, rows))
    else:
        _execute_many(tx, stage.name, like, _values(tx, columns, rows))
    # Without a condition SQLite takes the ON CONFLICT that follows for a join's.
    return select(*stage.c).where(true())


def _stage(table: Table, columns: Sequence[Column[Any]]) -> Table:
    """Describe the staging table; other columns of the same table make another one."""
    mark = zlib.crc32(",".join(column.name for column in columns).encode())
    name = f"stage_{table.name}_{mark:08x}"
    return Table(name, MetaData(), *(Column(column.name, column.type) for column in columns))


def _text(
    tx: Connection, columns: Sequence[Column[Any]], rows: Iterable[Mapping[str, Any]]
) -> io.StringIO:
    lines = ("\t".join(map(_cell, values)) for values in _values(tx, columns, rows))
    return io.StringIO("\n".join(lines) + "\n")


def _values(
    tx: Connection, columns: Sequence[Column[Any]], rows: Iterable[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    cells = [(column.name, _processor(tx, column)) for column in columns]
    return ([fit(row[name]) for name, fit in cells] for row in rows)


def _processor(tx: Connection, column: Column[Any]) -> Processor:
    processor: Processor | None = column.type._cached_bind_processor(tx.dialect)  # noqa: SLF001 - what execution itself uses
    return processor or _same


def _same(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return value


def _cell(value: Any) -> str:  # noqa: ANN401 - as above
    match value:
        case None:
            return NOTHING
        case str():
            return value.translate(_ESCAPES)
        case int() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            # A driver's wrapper of bytes, or bytes.
            return "\\\\x" + bytes(getattr(value, "adapted", value)).hex()


def _copy(tx: Connection, statement: str, lines: io.StringIO) -> None:
    """Send the lines; faults leave as they would from a statement of SQLAlchemy's."""
    driver = tx.connection.cursor()
    with _as_sqlalchemy_says(tx, statement):
        try:
            driver.copy_expert(statement, lines)
        finally:
            with suppress(psycopg2.Error):
                driver.close()


def _execute_many(tx: Connection, stage: str, like: str, values: Iterator[list[Any]]) -> None:
    driver = tx.connection.cursor()
    with _as_sqlalchemy_says(tx, like), closing(driver):
        driver.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} AS {like} WHERE false")
        driver.execute(f"DELETE FROM {stage}")  # noqa: S608 - our own name
        given = list(values)
        marks = ", ".join("?" * len(given[0]))
        driver.executemany(f"INSERT INTO {stage} VALUES ({marks})", given)  # noqa: S608 - as above


@contextmanager
def _as_sqlalchemy_says(tx: Connection, statement: str) -> Iterator[None]:
    try:
        yield
    except (psycopg2.Error, sqlite3.Error) as error:
        base = psycopg2.Error if isinstance(error, psycopg2.Error) else sqlite3.Error
        raise DBAPIError.instance(
            statement, None, error, base, hide_parameters=True, dialect=tx.dialect
        ) from error
