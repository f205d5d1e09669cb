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
from itertools import chain
from typing import Any, Final

import psycopg2
from sqlalchemy import Column, Connection, Integer, MetaData, Select, Table, select, true
from sqlalchemy.exc import DBAPIError

from storage.columns import Day, UtcTime, Words

# Fewer rows are faster in one INSERT with values than in the three statements this takes.
WORTH_COPYING: Final = 100
NOTHING: Final = "\\N"
# What equal values of such a column say is the same, to the last digit.
_ONE_VALUED: Final = (Words, UtcTime, Day, Integer)
# In smaller pieces the driver would wait for its turn among our threads after each of them.
_AT_ONCE: Final = 2**20
# Of at most a dozen cells each: SQLite takes 32,766 in one statement.
_ROWS_AT_ONCE: Final = 1_000
# The backslash first: the others bring one.
_ESCAPES: Final = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}

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
        copy_lines(tx, f"COPY {stage.name} ({listed}) FROM STDIN", _lines(tx, columns, rows))
    else:
        name, marks = stage.name, ", ".join("?" * len(columns))
        made = f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} AS {like} WHERE false"
        insert = f"INSERT INTO {name} VALUES ({marks})"  # noqa: S608 - our own names
        execute_many(tx, [made, f"DELETE FROM {name}"], insert, list(_values(tx, columns, rows)))  # noqa: S608 - as above
    # Without a condition SQLite takes the ON CONFLICT that follows for a join's.
    return select(*stage.c).where(true())


def _stage(table: Table, columns: Sequence[Column[Any]]) -> Table:
    """Describe the staging table; other columns of the same table make another one."""
    mark = zlib.crc32(",".join(column.name for column in columns).encode())
    name = f"stage_{table.name}_{mark:08x}"
    return Table(name, MetaData(), *(Column(column.name, column.type) for column in columns))


def _lines(
    tx: Connection, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> Iterable[str]:
    def spelled(column: Column[Any]) -> list[str]:
        fit = _processor(tx, column)
        return _each(column, rows, lambda value: _cell(fit(value)))

    return map("\t".join, zip(*map(spelled, columns), strict=True))


def _values(
    tx: Connection, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]
) -> Iterable[tuple[Any, ...]]:
    cells = (_each(column, rows, _processor(tx, column)) for column in columns)
    return zip(*cells, strict=True)


def _each(
    column: Column[Any], rows: Sequence[Mapping[str, Any]], fit: Callable[[Any], Any]
) -> list[Any]:
    """Fit a column's values; each different one once, for most say the same in many rows."""
    values = [row[column.name] for row in rows]
    if not isinstance(column.type, _ONE_VALUED):
        return list(map(fit, values))
    fitted = {value: fit(value) for value in set(values)}
    return [fitted[value] for value in values]


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
            return _escaped(value)
        case int() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            # A driver's wrapper of bytes, or bytes.
            return "\\\\x" + bytes(getattr(value, "adapted", value)).hex()


def escaped(values: Sequence[str]) -> Sequence[str]:
    """Spell texts as COPY reads them; few need it, so they are looked at joined."""
    joined = "".join(values)
    if any(mark in joined for mark in _ESCAPES):
        return list(map(_escaped, values))
    return values


def _escaped(text: str) -> str:
    """Replace mark by mark: looking every character up takes many times as long."""
    for mark, spelled in _ESCAPES.items():
        if mark in text:
            text = text.replace(mark, spelled)
    return text


def copy_lines(tx: Connection, statement: str, lines: Iterable[str]) -> None:
    """Send lines to COPY; faults leave as they would from a statement of SQLAlchemy's."""
    _copy(tx, statement, io.StringIO("\n".join(lines) + "\n"))


def copy_binary(tx: Connection, table: str, names: Sequence[str], rows: bytes) -> None:
    """Send rows to PostgreSQL as `tuples` made them; clashes raise."""
    statement = f"COPY {_quoted(tx, table)} ({_listed(tx, names)}) FROM STDIN (FORMAT binary)"
    noted(tx, statement)
    _copy(tx, statement, io.BytesIO(rows))


def insert_many(
    tx: Connection, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Send rows to SQLite's driver, as it takes them; clashes raise.

    Many rows a statement: it is quicker, and other threads of ours compute meanwhile.
    """
    begin = f"INSERT INTO {_quoted(tx, table)} ({_listed(tx, names)}) VALUES "  # noqa: S608 - our own names
    row = f"({', '.join('?' * len(names))})"
    noted(tx, begin + row)
    whole = len(rows) - len(rows) % _ROWS_AT_ONCE
    driver = tx.connection.cursor()
    with as_sqlalchemy_says(tx, begin + row), closing(driver):
        several = begin + ", ".join([row] * _ROWS_AT_ONCE) if whole else ""
        for first in range(0, whole, _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            driver.execute(several, list(chain.from_iterable(some)))
        driver.executemany(begin + row, rows[whole:])


def noted(tx: Connection, sql: str) -> None:
    """Tell those who count statements of one that goes past SQLAlchemy."""
    tx.dispatch.before_cursor_execute(tx, None, sql, None, None, False)  # noqa: FBT003 - SQLAlchemy's signature


def _quoted(tx: Connection, name: str) -> str:
    return tx.dialect.identifier_preparer.quote(name)


def _listed(tx: Connection, names: Iterable[str]) -> str:
    return ", ".join(_quoted(tx, name) for name in names)


def _copy(tx: Connection, statement: str, rows: io.IOBase) -> None:
    driver = tx.connection.cursor()
    with as_sqlalchemy_says(tx, statement):
        try:
            driver.copy_expert(statement, rows, _AT_ONCE)
        finally:
            with suppress(psycopg2.Error):
                driver.close()


def execute_many(
    tx: Connection, before: Iterable[str], statement: str, rows: Sequence[Sequence[Any]]
) -> None:
    """Send statements, then one with many rows, to SQLite's driver; faults as above."""
    driver = tx.connection.cursor()
    with as_sqlalchemy_says(tx, statement), closing(driver):
        for one in before:
            driver.execute(one)
        driver.executemany(statement, rows)


@contextmanager
def as_sqlalchemy_says(tx: Connection, statement: str) -> Iterator[None]:
    """Let the driver's faults leave as they would from a statement of SQLAlchemy's."""
    try:
        yield
    except (psycopg2.Error, sqlite3.Error) as error:
        base = psycopg2.Error if isinstance(error, psycopg2.Error) else sqlite3.Error
        raise DBAPIError.instance(
            statement, None, error, base, hide_parameters=True, dialect=tx.dialect
        ) from error
