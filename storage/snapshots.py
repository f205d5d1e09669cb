"""Scores as they were: one snapshot per customer, model and day; and each customer's newest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, type_coerce

from storage.bulk import Ids, add_new, among, excluded, put
from storage.database import Transaction
from storage.frames import opened
from storage.names import enrol
from storage.revisions import keep_revisions
from storage.tables import current, model, snapshot
from storage.tables_said import snapshot_revision

# A score this much older than the day asked for still stands in for it.
DAYS_NEAR = 3
# A customer scored every day, even after a month's pause, has a snapshot within so many days.
DAYS_LATELY = 35
KEY = ("customer_id", "model_id", "as_of")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A customer's score on a day. `record` is scoring's own account of it, None if not asked for.

    Score, coverage and changes are points with two decimals; changes are None without a past.
    """

    customer_id: int
    as_of: date
    model: str
    version: int
    score: Decimal
    band: str
    coverage: Decimal
    trend: str
    change_7: Decimal | None
    change_30: Decimal | None
    computed_at: datetime
    record: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Current:
    """A customer's newest score, with how long it has been in its band."""

    customer_id: int
    model: str
    version: int
    as_of: date
    score: Decimal
    band: str
    coverage: Decimal
    trend: str
    change_7: Decimal | None
    change_30: Decimal | None
    computed_at: datetime
    band_since: date
    previous_band: str | None


def add_snapshots(
    tx: Transaction, snapshots: Sequence[Snapshot], *, replace: bool = False
) -> set[int]:
    """Write the snapshots and return whose were written; what is there stays unless `replace`.

    Nothing is forgotten by replacing: what said otherwise becomes a revision. All snapshots of
    one call describe different customers.
    """
    models = enrol(tx, model, {one.model for one in snapshots})
    rows = [_row(one, models) for one in sorted(snapshots, key=lambda one: one.customer_id)]
    if replace:
        keep_revisions(tx, rows)
        return {row.customer_id for row in put(tx, snapshot, rows, key=KEY)}
    return {row.customer_id for row in add_new(tx, snapshot, rows, snapshot.c.customer_id)}


def latest_before(
    tx: Transaction, ids: Ids, model: str, as_of: date, *, records: bool = True
) -> dict[int, Snapshot]:
    """Return each customer's newest snapshot strictly before the day, of any version."""
    newest = _newest_days(tx, ids, model, as_of)
    if not newest:
        return {}
    wanted = (among(tx, snapshot.c.customer_id, sorted(newest)),)
    days = snapshot.c.as_of.in_(set(newest.values()))
    found = _found(tx, model, *wanted, days, records=records)
    return {one.customer_id: one for one in found if one.as_of == newest[one.customer_id]}


def first_said(tx: Transaction, snapshots: Mapping[int, Snapshot]) -> dict[int, Snapshot]:
    """Return what these snapshots, one a customer, said at first; who was never corrected is out.

    All are of one model.
    """
    if not snapshots:
        return {}
    said, name = snapshot_revision.c, next(iter(snapshots.values())).model
    statement = select(snapshot_revision).where(
        among(tx, said.customer_id, sorted(snapshots)),
        said.model_id == _number(name),
        said.as_of.in_({one.as_of for one in snapshots.values()}),
        said.revision == 1,
    )
    found = [_snapshot(row, name) for row in opened(tx, statement)]
    return {one.customer_id: one for one in found if one.as_of == snapshots[one.customer_id].as_of}


def scores_at(
    tx: Transaction, ids: Ids, model: str, day: date, version: int | None = None
) -> dict[int, Decimal]:
    """Return each customer's score on the day or up to three days before it."""
    near = snapshot.c.as_of.between(day - timedelta(days=DAYS_NEAR), day)
    wanted = near if version is None else near & (snapshot.c.version == version)
    rows = snapshot.c
    statement = select(rows.customer_id, rows.score).where(
        among(tx, rows.customer_id, ids), rows.model_id == _number(model), wanted
    )
    return dict(tx.execute(statement.order_by(rows.as_of)).all())


def snapshots_on(
    tx: Transaction, ids: Ids, model: str, days: Iterable[date]
) -> dict[tuple[int, date], Snapshot]:
    """Return the snapshots of exactly these days, by customer and day."""
    found = _found(
        tx, model, among(tx, snapshot.c.customer_id, ids), snapshot.c.as_of.in_(set(days))
    )
    return {(one.customer_id, one.as_of): one for one in found}


def history(
    tx: Transaction,
    customer_id: int,
    model: str,
    first: date,
    last: date,
    *,
    records: bool = False,
) -> tuple[Snapshot, ...]:
    """Return a customer's snapshots of these days, oldest first; with their records if asked."""
    return _found(
        tx,
        model,
        snapshot.c.customer_id == customer_id,
        snapshot.c.as_of.between(first, last),
        records=records,
    )


def every_history(
    tx: Transaction, customer_id: int, first: date, last: date
) -> tuple[Snapshot, ...]:
    """Return a customer's snapshots of these days by all models, by day, the first made first."""
    columns: list[ColumnElement[Any]] = [
        *(one for one in snapshot.c if one is not snapshot.c.model_id),
        model.c.name.label("model"),
    ]
    statement = (
        select(*columns)
        .join(model, model.c.id == snapshot.c.model_id)
        .where(snapshot.c.customer_id == customer_id, snapshot.c.as_of.between(first, last))
        .order_by(snapshot.c.as_of, snapshot.c.computed_at, model.c.name)
    )
    names = Snapshot.__slots__
    return tuple(Snapshot(**_picked(row, names)) for row in opened(tx, statement))


def latest_day(tx: Transaction, model: str | None = None) -> date | None:
    """Return the newest day any customer's current score describes, of this model or of any."""
    newest = select(type_coerce(func.max(current.c.as_of), current.c.as_of.type))
    if model is not None:
        newest = newest.where(current.c.model_id == _number(model))
    return tx.execute(newest).scalar()


def put_current(tx: Transaction, rows: Sequence[Current]) -> None:
    """Write the customers' newest scores; a row never moves to an earlier day."""
    models = enrol(tx, model, {one.model for one in rows})
    ordered = sorted(rows, key=lambda one: one.customer_id)
    newer = excluded(tx, current).as_of >= current.c.as_of
    put(tx, current, [_row(one, models) for one in ordered], key=("customer_id",), only_if=newer)


def currents(tx: Transaction, ids: Ids) -> dict[int, Current]:
    """Return the customers' newest scores; who was never scored is left out."""
    columns = [model.c.name if name == "model" else current.c[name] for name in Current.__slots__]
    statement = select(*columns).join_from(current, model, model.c.id == current.c.model_id)
    rows = tx.execute(statement.where(among(tx, current.c.customer_id, ids)))
    return {row[0]: Current(*row) for row in rows}


def _row(one: Snapshot | Current, models: Mapping[str, int]) -> dict[str, Any]:
    names = (name for name in type(one).__slots__ if name != "model")
    return {name: getattr(one, name) for name in names} | {"model_id": models[one.model]}


def _picked(row: Row[Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _number(name: str) -> ColumnElement[int]:
    return select(model.c.id).where(model.c.name == name).scalar_subquery()


def _found(
    tx: Transaction, name: str, *conditions: ColumnElement[bool], records: bool = True
) -> tuple[Snapshot, ...]:
    columns = [one for one in snapshot.c if records or one is not snapshot.c.record]
    statement = (
        select(*columns)
        .where(snapshot.c.model_id == _number(name), *conditions)
        .order_by(snapshot.c.customer_id, snapshot.c.as_of)
    )
    return tuple(_snapshot(row, name) for row in opened(tx, statement))


def _newest_days(tx: Transaction, ids: Ids, name: str, before: date) -> dict[int, date]:
    """Return the day of each customer's newest snapshot before a day.

    Nearly everybody's is some days old; only of the others all history is asked, which for
    everybody would cost more with every year.
    """
    lately = snapshot.c.as_of >= before - timedelta(days=DAYS_LATELY)
    found = _last_days(tx, ids, name, (snapshot.c.as_of < before) & lately)
    others = [one for one in ids if one not in found]
    return found | _last_days(tx, others, name, snapshot.c.as_of < before)


def _last_days(
    tx: Transaction, ids: Ids, name: str, wanted: ColumnElement[bool]
) -> dict[int, date]:
    rows = snapshot.c
    last = type_coerce(func.max(rows.as_of), rows.as_of.type)
    mine = (among(tx, rows.customer_id, ids), rows.model_id == _number(name), wanted)
    statement = select(rows.customer_id, last).where(*mine).group_by(rows.customer_id)
    return dict(tx.execute(statement).all())


def _snapshot(row: Row[Any], name: str) -> Snapshot:
    names = (field for field in Snapshot.__slots__ if field not in {"model", "record"})
    return Snapshot(**_picked(row, names), model=name, record=getattr(row, "record", None))
