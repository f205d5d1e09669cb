"""Figures counted from the roll-ups, in columns: one pass for all of them.

Features and days are told apart by a bit each on PostgreSQL, where counting distinct ones sorts
and is never parallel; SQLite counts them faster than it groups twice.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, cast

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, and_, func, literal, or_, select
from sqlalchemy.types import Integer

from scoring.columns.block import Column
from scoring.figures import ActiveDays, EventCount, EventTotal, FeaturesUsed, Figure
from storage.asked import Asked, Condition
from storage.bulk import MOST_DAYS
from storage.columnar import Ints, int_columns, whole
from storage.sums import summed
from storage.tables import activity_day

Rolled = EventCount | EventTotal | FeaturesUsed | ActiveDays

ROLLED: Final = (EventCount, EventTotal, FeaturesUsed, ActiveDays)
# Bits of a whole number that are safe from its sign.
BITS: Final = 62
# More features, or longer windows, than this many numbers hold are answered the other way.
MOST_NUMBERS: Final = 6


def fits(asked: Asked, figure: Rolled) -> bool:
    """Tell whether the bits of a figure fit into a few numbers."""
    if not asked.bitwise:
        return True
    match figure:
        case FeaturesUsed():
            return asked.features[""] < BITS * MOST_NUMBERS
        case ActiveDays():
            days = (figure.window.last - figure.window.first).days + 1
            return days <= BITS * MOST_NUMBERS
        case _:
            return True


def rolled_columns(asked: Asked, figures: Sequence[Rolled]) -> dict[Figure[Any], Column]:
    """Count, add up, tell features and days, in one pass over the roll-ups of all windows."""
    parts = {figure: _parts(asked, figure) for figure in figures}
    named = {
        (figure, place): f"f{n}_{place}"
        for n, figure in enumerate(figures)
        for place in range(len(parts[figure]))
    }
    rows = activity_day.c
    first = min(figure.window.first for figure in figures)
    last = max(figure.window.last for figure in figures)
    found = int_columns(
        asked.tx,
        select(
            whole(rows.customer_id, "owner"),
            *(
                func.coalesce(parts[figure][place], 0).cast(BigInteger).label(name)
                for (figure, place), name in named.items()
            ),
        )
        .where(
            asked.concerns(rows.customer_id),
            _days(asked, first, last),
            or_(*(_concerns(asked, figure) for figure in figures)),
        )
        .group_by(rows.customer_id),
    )
    return {
        figure: asked.spread(
            found["owner"],
            _told(asked, figure, [found[named[figure, n]] for n in range(len(parts[figure]))]),
        )
        for figure in figures
    }


def _days(asked: Asked, first: date, last: date) -> Condition:
    """Return the condition on the days; PostgreSQL is told each, see `storage.bulk.among_days`."""
    day, count = activity_day.c.day, (last - first).days + 1
    if not asked.bitwise or not 0 < count <= MOST_DAYS:
        return day.between(first, last)
    return day.in_([first + timedelta(days=number) for number in range(count)])


def _concerns(asked: Asked, figure: Rolled) -> Condition:
    if isinstance(figure, FeaturesUsed):
        return asked.of_features(figure.features)
    return asked.of_kinds(figure.kinds)


def _parts(asked: Asked, figure: Rolled) -> list[ColumnElement[Any]]:
    """Return the numbers a figure is told by: one, or several of bits."""
    rows, window = activity_day.c, figure.window
    holds = and_(rows.day.between(window.first, window.last), _concerns(asked, figure))
    match figure:
        case EventCount():
            return [func.sum(rows.count).filter(holds)]
        case EventTotal():
            return [summed(asked.tx, rows.total, holds)]
        case FeaturesUsed() if asked.bitwise:
            return bits_of(rows.feature_id, asked.features[""] + 1, holds)
        case ActiveDays() if asked.bitwise:
            since = rows.day - literal(window.first)
            return bits_of(since, (window.last - window.first).days + 1, holds)
        case FeaturesUsed():
            return [func.count(rows.feature_id.distinct()).filter(holds)]
        case ActiveDays():
            return [func.count(rows.day.distinct()).filter(holds)]


def bits_of(place: ColumnElement[Any], size: int, holds: Condition) -> list[ColumnElement[Any]]:
    """Return the numbers whose bits tell which of so many places there were."""
    one = literal(1).cast(BigInteger)
    return [
        func.bit_or(one.op("<<")((place - begin).cast(Integer))).filter(
            and_(holds, place.between(begin, begin + BITS - 1))
        )
        for begin in range(0, size, BITS)
    ]


def _told(asked: Asked, figure: Rolled, found: Sequence[Ints]) -> Ints:
    if asked.bitwise and isinstance(figure, FeaturesUsed | ActiveDays):
        counts = [np.bitwise_count(bits.astype(np.uint64)).astype(np.int64) for bits in found]
        return cast("Ints", np.sum(counts, axis=0))
    return found[0]
