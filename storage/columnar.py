"""Rows by the column: read into arrays and written from lists, with no object of ours a row.

What is read are whole numbers, and all of a statement's come as one value: on PostgreSQL as bytes
that NumPy takes as they are, on SQLite as a text. Row by row the driver would take its turn among
our threads as often, and wait for it while another one reckons.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import date
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psycopg2
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, func, literal
from sqlalchemy import cast as as_type
from sqlalchemy.sql.elements import Label

from storage.columns import Day
from storage.copying import as_sqlalchemy_says, copy_lines, execute_many, noted

Ints = npt.NDArray[np.int64]
Cells = Sequence[Any] | str | int | None

# What stands for NULL among whole numbers; no count, day or number of ours comes near it.
MISSING: Final = -(2**62)
# Of COPY's binary format: what stands before the first row and after the last.
_HEAD: Final = 19
_TAIL: Final = 2
# The ordinal of SQLite's Julian day 0.
_JULIAN: Final = 1721424.5


def whole(value: ColumnElement[Any], name: str) -> Label[int]:
    """Return a value as a whole number that is never NULL, under a name."""
    return func.coalesce(as_type(value, BigInteger), MISSING).label(name)


def ordinal(tx: Connection, day: ColumnElement[date]) -> ColumnElement[int]:
    """Return the ordinal of a day, as Python counts them."""
    if tx.dialect.name == "postgresql":
        return day - literal(date(1, 1, 1)) + 1  # type: ignore[return-value] # Days between.
    if isinstance(day.type, Day):
        return as_type(day, BigInteger)
    return as_type(func.julianday(day) - _JULIAN, BigInteger)


def int_columns(
    tx: Connection, statement: Select[*tuple[Any, ...]], *, endless: bool = False
) -> dict[str, Ints]:
    """Run a statement of which every column is made by `whole`; return its columns by name.

    What is `endless`, millions of rows, comes row by row: as one value it would fill the server.
    """
    names = [str(column.name) for column in statement.selected_columns]
    sql = _spelled(tx, statement)
    if endless:
        table = _rows_out(tx, sql, len(names)) if _is_postgres(tx) else _rows(tx, sql, len(names))
    else:
        table = _bytes_out(tx, sql, names) if _is_postgres(tx) else _text(tx, sql, names)
    return dict(zip(names, table, strict=True))


def copy_in(tx: Connection, table: Table, columns: Mapping[str, Cells]) -> None:
    """Write rows into a table as quickly as the database takes them; clashes raise.

    Cells are as the driver takes them: on PostgreSQL texts as COPY reads them. What is no
    list is the same in every row; at least one column is a list.
    """
    quote = tx.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    size = max(len(cells) for cells in columns.values() if isinstance(cells, list))
    rows = zip(*(_every(cells, size) for cells in columns.values()), strict=True)
    if _is_postgres(tx):
        sql = f"COPY {quote(table.name)} ({names}) FROM STDIN"
        noted(tx, sql)
        copy_lines(tx, sql, map("\t".join, rows))
        return
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    noted(tx, sql)
    execute_many(tx, (), sql, list(rows))


def _every(cells: Cells, size: int) -> Sequence[Any] | Iterator[Any]:
    return cells if isinstance(cells, list) else repeat(cells, size)


def _is_postgres(tx: Connection) -> bool:
    return tx.dialect.name == "postgresql"


def _spelled(tx: Connection, statement: Select[*tuple[Any, ...]]) -> str:
    """Spell the statement with its values in it: COPY takes none beside it."""
    compiled = statement.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
    return str(compiled).replace("%%", "%") if _is_postgres(tx) else str(compiled)


def _bytes_out(tx: Connection, sql: str, names: Sequence[str]) -> Sequence[Ints]:
    quote = tx.dialect.identifier_preparer.quote
    row = " || ".join(f"int8send({quote(name)})" for name in names)
    all_rows = f"SELECT string_agg({row}, ''::bytea) FROM ({sql}) AS every"  # noqa: S608 - our own names
    sink = io.BytesIO()
    _copy(tx, f"COPY ({all_rows}) TO STDOUT (FORMAT binary)", sink)
    # Before the value stand how many there are in the row, and its length.
    flat = np.frombuffer(sink.getbuffer()[_HEAD + 6 : -_TAIL], ">i8")
    return list(np.ascontiguousarray(flat.reshape(-1, len(names)).T, np.int64))


def _text(tx: Connection, sql: str, names: Sequence[str]) -> Sequence[Ints]:
    quote = tx.dialect.identifier_preparer.quote
    row = " || ' ' || ".join(quote(name) for name in names)
    all_rows = f"SELECT group_concat({row}, ' ') FROM ({sql})"  # noqa: S608 - our own names
    found = _rows_of(tx, all_rows)[0][0]
    flat = np.fromstring(found or "", np.int64, sep=" ")
    return list(np.ascontiguousarray(flat.reshape(-1, len(names)).T))


def _rows_out(tx: Connection, sql: str, width: int) -> Sequence[Ints]:
    cells = [part for n in range(width) for part in ((f"l{n}", ">i4"), (f"v{n}", ">i8"))]
    row = np.dtype([("cells", ">i2"), *cells])
    sink = io.BytesIO()
    _copy(tx, f"COPY ({sql}) TO STDOUT (FORMAT binary)", sink)
    table = np.frombuffer(sink.getbuffer()[_HEAD:-_TAIL], row)
    return [table[f"v{n}"].astype(np.int64) for n in range(width)]


def _rows(tx: Connection, sql: str, width: int) -> Sequence[Ints]:
    rows = _rows_of(tx, sql)
    flat = np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * width)
    return list(np.ascontiguousarray(flat.reshape(-1, width).T))


def _rows_of(tx: Connection, sql: str) -> list[tuple[Any, ...]]:
    noted(tx, sql)
    with as_sqlalchemy_says(tx, sql), closing(tx.connection.cursor()) as cursor:
        rows: list[tuple[Any, ...]] = cursor.execute(sql).fetchall()
    return rows


def _copy(tx: Connection, sql: str, stream: io.IOBase) -> None:
    noted(tx, sql)
    driver = tx.connection.cursor()
    with as_sqlalchemy_says(tx, sql):
        try:
            driver.copy_expert(sql, stream)
        finally:
            with suppress(psycopg2.Error):
                driver.close()
