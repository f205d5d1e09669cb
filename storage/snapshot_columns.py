"""Snapshots written in columns, and the newest scores moved after them, in few statements."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, null, select, update
from sqlalchemy.exc import IntegrityError

from storage.bulk import among, insert_into
from storage.cells import alike, blobs, numbers, points, words
from storage.columnar import Cells, Ints, copy_in
from storage.names import enrol
from storage.standings import Series, number_of
from storage.tables import current, model, snapshot

# What moves with every day; band, model and version stay, which is what makes a score quiet.
MOVED: Final = ("as_of", "score", "coverage", "trend", "change_7", "change_30", "computed_at")
# What a newest score says as its snapshot does; it also says since when, and what was before.
COMMON: Final = ("customer_id", "model_id", "version", "band", *MOVED)


@dataclass(frozen=True, slots=True)
class QuietScores:
    """Scores of a day, in columns: points are hundredths.

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
    number = enrol(tx, model, [series.model])[series.model]
    given: dict[str, Cells] = {
        "customer_id": numbers(tx, scores.ids),
        "model_id": alike(tx, snapshot.c.model_id, number),
        "as_of": alike(tx, snapshot.c.as_of, as_of),
        "version": alike(tx, snapshot.c.version, series.version),
        "score": points(tx, scores.score),
        "band": words(tx, series.bands, scores.band),
        "coverage": points(tx, scores.coverage),
        "trend": words(tx, series.trends, scores.trend),
        "change_7": points(tx, scores.change_7),
        "change_30": points(tx, scores.change_30),
        "computed_at": alike(tx, snapshot.c.computed_at, now),
        "record": blobs(tx, scores.records),
    }
    copy_in(tx, snapshot, given)


def move_quiet(tx: Connection, ids: Ints, series: Series, *, eve: date, as_of: date) -> int:
    """Let the newest scores of these customers follow their snapshots; return how many did."""
    new, old = snapshot.c, current.c
    number = number_of(series)
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


def put_newest(tx: Connection, ids: Ints, series: Series, *, as_of: date) -> None:
    """Let the snapshots of the day be the newest scores of these customers, whatever was before.

    Days in a band are counted within one version of a model.
    """
    new, old = snapshot.c, current.c
    statement = insert_into(tx, current)
    given = statement.excluded
    same = and_(old.model_id == given.model_id, old.version == given.version)
    stays = and_(same, old.band == given.band)
    change: dict[str, ColumnElement[Any]] = {
        **{name: given[name] for name in COMMON[1:]},
        "band_since": case((stays, old.band_since), else_=given.as_of),
        "previous_band": case((stays, old.previous_band), (same, old.band), else_=null()),
    }
    chosen = select(*(new[name] for name in COMMON), new.as_of).where(
        among(tx, new.customer_id, ids.tolist()),
        new.model_id == number_of(series),
        new.as_of == as_of,
    )
    filled = statement.from_select([*COMMON, "band_since"], chosen)
    tx.execute(
        filled.on_conflict_do_update(
            index_elements=["customer_id"], set_=change, where=given.as_of >= old.as_of
        )
    )
