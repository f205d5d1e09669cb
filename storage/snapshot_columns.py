"""Snapshots written in columns, and the newest scores moved after them, all in two statements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Column, Connection, select, update
from sqlalchemy.exc import IntegrityError

from storage.columnar import MISSING, Cells, Ints, copy_in
from storage.copying import NOTHING, escaped
from storage.standings import Series
from storage.tables import current, model, snapshot

# What moves with every day; band, model and version stay, which is what makes a score quiet.
MOVED: Final = ("as_of", "score", "coverage", "trend", "change_7", "change_30", "computed_at")
# Points are between 0 and 100, and changes between -100 and 100, in hundredths.
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class QuietScores:
    """Scores of a day whose bands did not move, in columns: points are hundredths.

    `band` and `trend` are places in the series' words; changes may be MISSING; `records` are as
    they are stored.
    """

    ids: Ints
    score: Ints
    coverage: Ints
    band: Ints
    trend: Ints
    change_7: Ints
    change_30: Ints
    records: Sequence[bytes]


class AlreadyScored(Exception):  # noqa: N818 - an outcome that ends the block
    """Raised where one of the scores of a day is there already; nothing of it was written."""


@contextmanager
def unless_scored(tx: Connection) -> Iterator[None]:
    """Write all that the block writes, or nothing of it. Raises AlreadyScored."""
    try:
        with tx.begin_nested():
            yield
    except IntegrityError:
        raise AlreadyScored from None


def add_quiet(
    tx: Connection, scores: QuietScores, series: Series, *, as_of: date, now: datetime
) -> None:
    """Write the snapshots. Raises where one is there already; see `unless_scored`."""
    number = tx.execute(select(model.c.id).where(model.c.name == series.model)).scalar_one()
    given: dict[str, Cells] = {
        "customer_id": _numbers(tx, scores.ids),
        "model_id": _cell(tx, snapshot.c.model_id, number),
        "as_of": _cell(tx, snapshot.c.as_of, as_of),
        "version": _cell(tx, snapshot.c.version, series.version),
        "score": _points(tx, scores.score),
        "band": _words(tx, series.bands, scores.band),
        "coverage": _points(tx, scores.coverage),
        "trend": _words(tx, series.trends, scores.trend),
        "change_7": _points(tx, scores.change_7),
        "change_30": _points(tx, scores.change_30),
        "computed_at": _cell(tx, snapshot.c.computed_at, now),
        "record": _bytes(tx, scores.records),
    }
    copy_in(tx, snapshot, given)


def move_quiet(tx: Connection, ids: Ints, series: Series, *, eve: date, as_of: date) -> int:
    """Let the newest scores of these customers follow their snapshots; return how many did."""
    new, old = snapshot.c, current.c
    number = select(model.c.id).where(model.c.name == series.model).scalar_subquery()
    moved = (
        update(current)
        .values({name: new[name] for name in MOVED})
        .where(
            old.customer_id == new.customer_id,
            new.customer_id.between(int(ids[0]), int(ids[-1])),
            new.model_id == number,
            new.as_of == as_of,
            old.model_id == number,
            old.as_of == eve,
        )
    )
    return tx.execute(moved).rowcount


def _is_postgres(tx: Connection) -> bool:
    return tx.dialect.name == "postgresql"


def _numbers(tx: Connection, numbers: Ints) -> list[Any]:
    plain = numbers.tolist()
    return list(map(str, plain)) if _is_postgres(tx) else plain


def _points(tx: Connection, hundredths: Ints) -> list[Any]:
    """Return points as the database keeps them: SQLite whole hundredths, PostgreSQL decimals."""
    if not _is_postgres(tx):
        return [None if one == MISSING else one for one in hundredths.tolist()]
    places = np.where(hundredths == MISSING, _MOST + 1, hundredths)
    spelled: list[str] = _SPELLED[places + _MOST].tolist()
    return spelled


def _words(tx: Connection, words: Sequence[str], places: Ints) -> list[str]:
    spelled = escaped(words) if _is_postgres(tx) else words
    chosen: list[str] = np.array([*spelled], np.object_)[places].tolist()
    return chosen


def _bytes(tx: Connection, records: Sequence[bytes]) -> list[Any]:
    return ["\\\\x" + one.hex() for one in records] if _is_postgres(tx) else list(records)


def _cell(tx: Connection, column: Column[Any], value: object) -> str | int:
    """Return a value that is the same in all rows as the driver takes it."""
    fit = column.type.dialect_impl(tx.dialect).bind_processor(tx.dialect)
    fitted = fit(value) if fit else value
    if _is_postgres(tx):
        return str(fitted)
    return fitted if isinstance(fitted, int) else str(fitted)


# Every score and change there can be, and last what stands for none.
_SPELLED: Final = np.array(
    [*(f"{one / 100:.2f}" for one in range(-_MOST, _MOST + 1)), NOTHING], np.object_
)
