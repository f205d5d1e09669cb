"""Snapshots of a day corrected in columns: what they said is put by, and they make room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    delete,
    func,
    literal,
    select,
    type_coerce,
)

from storage.bulk import among, insert_into
from storage.columnar import MISSING, Ints
from storage.frames import meet
from storage.packing import unpack
from storage.snapshot_columns import QuietScores
from storage.standings import Series, number_of
from storage.tables import snapshot
from storage.tables_said import snapshot_revision

KEPT: Final = tuple(column.name for column in snapshot.c)
HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class _Said:
    """What is stored of a day, a row for each customer asked about; places as in the series."""

    version: Ints
    score: Ints
    bands: Sequence[str]
    records: Sequence[bytes]


def make_room(
    tx: Connection, scores: QuietScores, series: Series, frame: Mapping[str, Any], *, as_of: date
) -> None:
    """Take out the day's snapshots of these customers, who all have one, for others to be written.

    Nothing is forgotten: what said otherwise becomes a revision (as in `revisions`).
    """
    if not len(scores.ids):
        return
    said = _said(tx, scores.ids, series, as_of)
    meet(tx, frame, said.records)
    otherwise = _otherwise(said, scores, series)
    if otherwise.any():
        _put_by(tx, scores.ids[otherwise], series, as_of)
    tx.execute(delete(snapshot).where(*_of(tx, scores.ids, series, as_of)))


def _of(tx: Connection, ids: Ints, series: Series, day: date) -> tuple[ColumnElement[bool], ...]:
    rows = snapshot.c
    of_them = among(tx, rows.customer_id, ids.tolist())
    return of_them, rows.model_id == number_of(series), rows.as_of == day


def _said(tx: Connection, ids: Ints, series: Series, day: date) -> _Said:
    rows = snapshot.c
    record = type_coerce(rows.record, LargeBinary).label("record")
    statement = select(rows.customer_id, rows.version, rows.score, rows.band, record)
    found = {row[0]: row for row in tx.execute(statement.where(*_of(tx, ids, series, day)))}
    several = [found[one] for one in ids.tolist()]
    return _Said(
        np.array([row.version for row in several], np.int64),
        np.array([int(row.score * HUNDRED) for row in several], np.int64),
        [row.band for row in several],
        [bytes(row.record) for row in several],
    )


def _otherwise(said: _Said, new: QuietScores, series: Series) -> NDArray[np.bool_]:
    """Tell whose snapshot said something else; when it was computed does not count."""
    bands = np.array(
        [series.bands.index(one) if one in series.bands else MISSING for one in said.bands],
        np.int64,
    )
    found: NDArray[np.bool_] = (
        (said.version != series.version) | (said.score != new.score) | (bands != new.band)
    )
    for place in np.flatnonzero(~found).tolist():
        old, now = said.records[place], new.records[place]
        # Two frames may tell the same; only then are both spelled out.
        found[place] = old != now and unpack(old) != unpack(now)
    return found


def _put_by(tx: Connection, ids: Ints, series: Series, day: date) -> None:
    """Write what is stored as revisions, numbered after those there are."""
    rows, said = snapshot.c, snapshot_revision.c
    there = (
        select(said.customer_id, func.count().label("revisions"))
        .where(
            among(tx, said.customer_id, ids.tolist()),
            said.model_id == number_of(series),
            said.as_of == day,
        )
        .group_by(said.customer_id)
        .subquery()
    )
    number = func.coalesce(there.c.revisions, 0) + literal(1)
    columns = [rows[name] for name in KEPT]
    chosen = (
        select(*columns, number)
        .join_from(snapshot, there, there.c.customer_id == rows.customer_id, isouter=True)
        .where(*_of(tx, ids, series, day))
    )
    tx.execute(insert_into(tx, snapshot_revision).from_select([*KEPT, "revision"], chosen))
