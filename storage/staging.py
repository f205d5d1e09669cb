"""Many events at once, a column at a time, to a staging table of the connection's own.

For each event Python does as little as it can: texts are looked at joined, times and numbers are
spelled by functions in C. What is refused elsewhere is refused here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from storage.bulk import among_texts, insert_into
from storage.columns import Day, Document, Exact, Serial, UtcTime, Words, dump_json, fit_texts
from storage.copying import NOTHING, copy_lines, escaped, execute_many
from storage.tables import event, event_key

_PLACES: Final = 6
_STEP: Final = Decimal(1).scaleb(-_PLACES)
_POSTGRES: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's.
_SQLITE: Final[Dialect] = sqlite.dialect()
_MOMENT: Final = UtcTime()
_AMOUNT: Final = Exact(_PLACES, packed=True)
_own: Final = MetaData()

stage: Final = Table(
    "stage_event",
    _own,
    Column("feed_id", Integer),
    Column("event_id", Words),
    Column("customer_id", Serial),
    Column("kind_id", Integer),
    Column("feature_id", Integer),
    Column("occurred_at", _MOMENT),
    Column("day", Day),
    Column("value", _AMOUNT),
    Column("user", Words),
    Column("properties", Document),
    Column("stamp", LargeBinary),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DELETE ROWS",
)
# What the staged events add to the roll-up; then which of these rows were not there before.
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


class Columns(NamedTuple):
    """Events column by column; the small numbers are those of feed, kind and feature."""

    feed_id: Sequence[int]
    event_id: Sequence[str]
    customer_id: Sequence[int]
    kind_id: Sequence[int]
    feature_id: Sequence[int]
    occurred_at: Sequence[datetime]
    value: Sequence[Decimal]
    user: Sequence[str | None]
    properties: Sequence[dict[str, Any] | None]
    stamp: Sequence[bytes]


def lay_out(tx: Connection, given: Columns) -> None:
    """Put the events on the staging table, in place of whatever was there."""
    names = ", ".join(tx.dialect.identifier_preparer.quote(one) for one in stage.c.keys())  # noqa: SIM118 - columns are no dict
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_made("postgresql"))
        copy_lines(tx, f"COPY {stage.name} ({names}) FROM STDIN", _lines(given))
        return
    marks = ", ".join("?" * len(stage.c))
    insert = f"INSERT INTO {stage.name} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    execute_many(tx, _made("sqlite").split(";"), insert, _rows(given))


def keep_ids(tx: Connection) -> set[tuple[int, str]]:
    """Insert the ids of the staged events that are free; return feed and id of those inserted.

    In the order of Python's `sorted`, in which few ids go in, whatever language the database sorts
    by: two writers with the same ids would else wait crosswise.
    """
    rows = stage.c
    name = rows.event_id.collate("C") if tx.dialect.name == "postgresql" else rows.event_id
    keys = (rows.feed_id, rows.event_id, rows.customer_id, rows.stamp, rows.day)
    ordered = select(*keys).where(true()).order_by(rows.feed_id, name)
    statement = insert_into(tx, event_key).from_select(list(event_key.c.keys()), ordered)
    kept = statement.on_conflict_do_nothing().returning(event_key.c.feed_id, event_key.c.event_id)
    return set(map(tuple, tx.execute(kept).all()))


def keep_staged(tx: Connection, received_at: datetime) -> None:
    """Insert the staged events, whose ids are ours by now."""
    names = [one for one in event.c.keys() if one != "received_at"]  # noqa: SIM118 - columns are no dict
    came = literal(received_at, event.c.received_at.type)
    rows = select(*(stage.c[name] for name in names), came).where(true())
    ordered = rows.order_by(stage.c.customer_id, stage.c.occurred_at)
    tx.execute(insert_into(tx, event).from_select([*names, "received_at"], ordered))


def leave_out(tx: Connection, feed_id: int, event_ids: Iterable[str]) -> None:
    """Take events off the staging table."""
    column = stage.c.event_id
    tx.execute(delete(stage).where(stage.c.feed_id == feed_id, among_texts(tx, column, event_ids)))


@cache
def _made(name: str) -> str:
    """Return what makes the staging tables and empties them, as one text.

    It also keeps PostgreSQL to the indexes: of a staging table it knows nothing, and reading a
    large table whole for some thousand rows is what it then tends to.
    """
    dialect = _POSTGRES if name == "postgresql" else _SQLITE
    tables = (stage, gained, fresh)
    made = [str(CreateTable(one, if_not_exists=True).compile(dialect=dialect)) for one in tables]
    if name == "sqlite":
        return ";".join([*made, *(f"DELETE FROM {one.name}" for one in tables)])  # noqa: S608 - our own names
    plain = [f"SET LOCAL {what} = off" for what in ("enable_hashjoin", "enable_mergejoin", "jit")]
    return ";".join([*made, f"TRUNCATE {', '.join(one.name for one in tables)}", *plain])


def _lines(given: Columns) -> Iterable[str]:
    """Spell the events as COPY reads them."""
    moments = [moment.isoformat() for moment in _utc(given.occurred_at)]
    return map(
        "\t".join,
        zip(
            map(str, given.feed_id),
            escaped(fit_texts(given.event_id)),
            map(str, given.customer_id),
            map(str, given.kind_id),
            map(str, given.feature_id),
            moments,
            [moment[:10] for moment in moments],
            map(str, _micros(given.value)),
            _maybe(fit_texts, given.user),
            _maybe(_documents, given.properties),
            ["\\\\x" + stamp.hex() for stamp in given.stamp],
            strict=True,
        ),
    )


def _maybe(fit: Any, values: Sequence[Any]) -> Sequence[str]:  # noqa: ANN401 - as its two callers give it
    """Spell a column in which most may be nothing."""
    there = [value for value in values if value is not None]
    if not there:
        return [NOTHING] * len(values)
    spelled = iter(escaped(fit(there)))
    return [NOTHING if value is None else next(spelled) for value in values]


def _documents(values: Sequence[dict[str, Any]]) -> Sequence[str]:
    return list(map(dump_json, values))


def _rows(given: Columns) -> list[tuple[Any, ...]]:
    """Return the events as SQLite keeps them."""
    moments = _utc(given.occurred_at)
    fit_texts([user for user in given.user if user is not None])
    return list(
        zip(
            given.feed_id,
            fit_texts(given.event_id),
            given.customer_id,
            given.kind_id,
            given.feature_id,
            [one.replace(tzinfo=None).isoformat(" ", "microseconds") for one in moments],
            map(date.toordinal, moments),
            _micros(given.value),
            given.user,
            [None if one is None else dump_json(one) for one in given.properties],
            given.stamp,
            strict=True,
        )
    )


def _utc(moments: Sequence[datetime]) -> Sequence[datetime]:
    """Return the instants in UTC; one without a zone is refused by the column's own type."""
    if {moment.tzinfo for moment in moments} == {UTC}:
        return moments
    instants = [_MOMENT.process_bind_param(moment, _POSTGRES) for moment in moments]
    return [instant for instant in instants if instant is not None]


def _micros(values: Sequence[Decimal]) -> list[Decimal | int | None]:
    """Return the values in millionths; the column's own type refuses what does not fit."""
    known = {value: _micro(value) for value in set(values)}
    return [known[value] for value in values]


def _micro(value: Decimal) -> Decimal | int | None:
    rounded = value.quantize(_STEP, ROUND_HALF_EVEN) if value.is_finite() else value
    return _AMOUNT.process_bind_param(rounded, _POSTGRES)
