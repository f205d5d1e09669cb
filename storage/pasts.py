"""Which scores stood before a day, in columns: of whatever version, and however long ago."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, func, select

from storage.bulk import among
from storage.columnar import MISSING, Ints, int_columns, ordinal, whole
from storage.snapshots import DAYS_LATELY
from storage.standings import Series, cents, number_of, place_in
from storage.tables import customer, snapshot

A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pasts:
    """The newest scores of a model before a day, of customers ascending by id.

    Days are ordinals, points hundredths, words places in those of the series; MISSING where there
    is no such score. `today` is the version of the score of the day itself.
    """

    today: Ints
    as_of: Ints
    version: Ints
    score: Ints
    band: Ints
    trend: Ints


def pasts(tx: Connection, ids: Ints, series: Series, day: date) -> Pasts:
    """Read which scores these customers, given ascending, had before the day.

    Nearly everybody's is of the day before. Of the others some weeks are looked at, and only of
    who has none there all history, which for everybody would cost more with every year.
    """
    found = _rows(tx, ids, series, [day - A_DAY, day])
    own = found["as_of"] == day.toordinal()
    today = _beside(ids, {name: column[own] for name, column in found.items()})["version"]
    columns = _beside(ids, {name: column[~own] for name, column in found.items()})
    for since in (day - timedelta(days=DAYS_LATELY), date.min):
        left = np.flatnonzero(columns["as_of"] == MISSING)
        if len(left):
            older = _newest(tx, ids[left], series, since, day)
            for name, column in _beside(ids[left], older).items():
                columns[name][left] = column
    return Pasts(today, **columns)


def bands_said(
    tx: Connection, ids: Ints, series: Series, days: Iterable[date]
) -> dict[tuple[int, int], str]:
    """Return the bands of these customers' scores of these days, by customer and ordinal."""
    rows = snapshot.c
    statement = select(rows.customer_id, rows.as_of, rows.band).where(
        among(tx, rows.customer_id, ids.tolist()),
        rows.model_id == number_of(series),
        rows.as_of.in_(sorted(days)),
    )
    return {(row.customer_id, row.as_of.toordinal()): row.band for row in tx.execute(statement)}


def keys_of(tx: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the keys customers are known by outside."""
    who = customer.c
    return dict(tx.execute(select(who.id, who.key).where(among(tx, who.id, ids))).all())


def _newest(
    tx: Connection, ids: Ints, series: Series, since: date, before: date
) -> dict[str, Ints]:
    """Read each one's newest score of the days from `since` on, and before the other."""
    rows = snapshot.c
    last = int_columns(
        tx,
        select(whole(rows.customer_id, "owner"), whole(func.max(ordinal(tx, rows.as_of)), "as_of"))
        .where(
            among(tx, rows.customer_id, ids.tolist()),
            rows.model_id == number_of(series),
            rows.as_of >= since,
            rows.as_of < before,
        )
        .group_by(rows.customer_id),
    )
    order = np.argsort(last["owner"])
    owners, days = last["owner"][order], last["as_of"][order]
    if not len(owners):
        return {name: np.zeros(0, np.int64) for name in ("owner", *_NAMES)}
    found = _rows(tx, owners, series, [date.fromordinal(one) for one in set(days.tolist())])
    mine = found["as_of"] == days[np.searchsorted(owners, found["owner"])]
    return {name: column[mine] for name, column in found.items()}


def _rows(tx: Connection, ids: Ints, series: Series, days: Iterable[date]) -> dict[str, Ints]:
    rows = snapshot.c
    return int_columns(
        tx,
        select(
            whole(rows.customer_id, "owner"),
            whole(ordinal(tx, rows.as_of), "as_of"),
            whole(rows.version, "version"),
            whole(cents(tx, rows.score), "score"),
            whole(place_in(rows.band, series.bands), "band"),
            whole(place_in(rows.trend, series.trends), "trend"),
        ).where(
            among(tx, rows.customer_id, ids.tolist()),
            rows.model_id == number_of(series),
            rows.as_of.in_(sorted(days)),
        ),
    )


def _beside(ids: Ints, found: dict[str, Any]) -> dict[str, Ints]:
    """Answer the columns with a row for each of the ids, MISSING where nothing was found."""
    places = np.searchsorted(ids, found["owner"])
    beside = {name: np.full(len(ids), MISSING, np.int64) for name in _NAMES}
    for name, column in beside.items():
        column[places] = found[name]
    return beside


_NAMES: Final = tuple(each.name for each in fields(Pasts) if each.name != "today")
