"""Many rows at once: ids as one parameter, inserts that skip or replace what is there.

Where there are many they go by way of a staging table; it is half the time or less.

RETURNING is asked for even where nobody reads it: without it SQLAlchemy sends psycopg2 one
statement per row.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Row,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import fit_texts
from storage.copying import staged, worth_copying

# Beyond some years a list of days is longer than what it spares.
MOST_DAYS = 1000
Ids = Sequence[int] | range
Insert = postgresql.Insert | sqlite.Insert


def among(
    tx: Connection, wanted: ColumnElement[int] | Column[int], ids: Ids
) -> ColumnElement[bool]:
    """Return the condition that a column is one of the ids; however many, it is one statement."""
    if not ids:
        return ~true()
    member = _member_of(tx, wanted, list(ids), BigInteger())
    if tx.dialect.name == "sqlite":
        # One look into the key (customer, day) per customer; a range of customers would read all
        # their days.
        return member
    first, last = min(ids), max(ids)
    span = wanted.between(first, last)
    # No gaps, as in most batches of a run: the ends say it all.
    whole = last - first + 1 == len(ids) and len(set(ids)) == len(ids)
    return span if whole else and_(span, member)


def among_texts(
    tx: Connection, wanted: ColumnElement[str] | Column[str], texts: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition that a text column is one of the texts."""
    return _member_of(tx, wanted, sorted(fit_texts(list(set(texts)))), Text())


def listed_texts(tx: Connection, texts: Iterable[str]) -> Select[str]:
    """Return the texts as rows of one column named `word`."""
    words = sorted(fit_texts(list(set(texts))))
    if tx.dialect.name == "postgresql":
        array = cast(bindparam(None, _literal(words), Text()), ARRAY(Text()))
        return select(func.unnest(array).label("word"))
    listed = func.json_each(json.dumps(words, ensure_ascii=False))
    return select(listed.table_valued(column("value", Text)).c.value.label("word"))


def among_days(tx: Connection, day: Column[date], first: date, last: date) -> ColumnElement[bool]:
    """Return the condition that a day lies between two, both included.

    PostgreSQL is told every day: under a key (day, customer) it then goes to the customers of each
    day, where for a range, before version 18, it read all customers of all those days.
    """
    span = day.between(first, last)
    count = (last - first).days + 1
    if tx.dialect.name != "postgresql" or not 0 < count <= MOST_DAYS:
        return span
    days = [first + timedelta(days=number) for number in range(count)]
    return day == func.any(bindparam(None, days, type_=ARRAY(Date)))


def among_pairs(
    tx: Connection,
    day: Column[date],
    owner: Column[int],
    pairs: Iterable[tuple[date, int]],
) -> ColumnElement[bool]:
    """Return the condition that a row is of one of these customers on one of their days."""
    listed = sorted(pairs)
    days, owners = [one for one, _ in listed], [number for _, number in listed]
    if tx.dialect.name == "postgresql":
        wanted = func.unnest(
            bindparam(None, days, type_=ARRAY(Date)),
            bindparam(None, owners, type_=ARRAY(BigInteger)),
        ).table_valued(column("day", Date), column("owner", BigInteger))
        return tuple_(day, owner).in_(select(wanted.render_derived()))
    text = json.dumps([(one.toordinal(), number) for one, number in listed])
    each = func.json_each(text).table_valued(column("value", Text))
    both = (func.json_extract(each.c.value, "$[0]"), func.json_extract(each.c.value, "$[1]"))
    return tuple_(day, owner).in_(select(*both))


def _member_of(
    tx: Connection, wanted: ColumnElement[Any], values: list[Any], kind: BigInteger | Text
) -> ColumnElement[bool]:
    if tx.dialect.name == "postgresql":
        # One literal: to read thousands of constants takes longer than to look them up.
        return wanted == func.any(cast(bindparam(None, _literal(values), Text()), ARRAY(kind)))
    listed = func.json_each(json.dumps(values, ensure_ascii=False)).table_valued(
        column("value", kind)
    )
    return wanted.in_(select(listed.c.value))


def _literal(values: Sequence[object]) -> str:
    """Spell an array as PostgreSQL reads it."""
    if not values or not isinstance(values[0], str):
        return f"{{{','.join(map(str, values))}}}"
    joined = "\0".join(map(str, values)).replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\0", '","') + '"}'


def insert_into(tx: Connection, table: Table) -> Insert:
    """Return the database's own INSERT, which knows ON CONFLICT."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def add_new(
    tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *returning: Column[Any]
) -> list[Row[Any]]:
    """Insert the rows that clash with none; return the given columns of those really inserted."""
    if not rows:
        return []
    statement, given = _filled(tx, table, rows)
    skipping = statement.on_conflict_do_nothing().returning(*returning)
    return list(tx.execute(skipping, given))


def _filled(
    tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> tuple[Insert, list[Mapping[str, Any]] | None]:
    """Return an INSERT of the rows, and what is still to be given to it."""
    statement = insert_into(tx, table)
    if not worth_copying(rows):
        return statement, list(rows)
    return statement.from_select(list(rows[0]), staged(tx, table, rows)), None


def put(
    tx: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    change: Mapping[str, ColumnElement[Any]] | None = None,
    only_if: ColumnElement[bool] | None = None,
    returning: Sequence[str] = (),
) -> list[Row[Any]]:
    """Insert the rows, or change those whose key is there; return the keys of what was written.

    `change` says what becomes of an existing row, by default every column is replaced. No two of
    the rows may have the same key. `returning` names more columns to return, as they now are.
    """
    if not rows:
        return []
    statement, given = _filled(tx, table, rows)
    replaced = change or {name: statement.excluded[name] for name in rows[0] if name not in key}
    upsert = statement.on_conflict_do_update(
        index_elements=list(key), set_=dict(replaced), where=only_if
    )
    written = upsert.returning(*(table.c[name] for name in (*key, *returning)))
    return list(tx.execute(written, given))


def excluded(tx: Connection, table: Table) -> Any:  # noqa: ANN401 - SQLAlchemy's column collection
    """Return the columns of the row that was to be inserted."""
    return insert_into(tx, table).excluded
