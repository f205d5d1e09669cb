"""Rounding that adds up, in columns: `scoring.split.shares` over floats, and never in doubt.

A fraction is a whole number of its denominator's parts. So one whose denominator is at most
`MOST_PARTS` and that lies within `CLOSE` of a whole number IS that number, and two of them that
lie so close are equal. Floats that are surely within half of `CLOSE` of the truth therefore tell
everything about a rounding; where the denominators or the floats do not allow it, the row is put
aside.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scoring.columns.numbers import Aside, Flags, Floats, Index, Ints

CLOSE = 1e-8
MOST_PARTS = 4e7
# How far a float may be from the truth, in its own last places: a few steps of calculation each.
STEPS = 16
LAST_PLACE = 2.0**-52


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a whole, one row a part: floats, and a denominator that each is a multiple of.

    `together` returns for some customers a denominator of the sum of their parts; it may be
    smaller than that of any part. `size` is the sum of what was added up on the way.
    """

    values: Floats
    denominators: Floats
    together: Callable[[Index], Floats]
    size: Floats


def shares(parts: Parts, aside: Aside) -> tuple[Ints, Ints]:
    """Return the wholes, rounded half up, and the parts as whole numbers that sum to them.

    Every part is rounded down, then the units still missing go to the parts that lost most, the
    earlier one first when two lost the same.
    """
    aside.put(~(parts.size * (len(parts.values) + STEPS) * LAST_PLACE < CLOSE / 4))
    values = np.where(aside.rows, 0.0, parts.values)
    units, lost = _cut(values, parts.denominators, aside)
    whole = _half_up(values.sum(axis=0), parts.together, aside)
    missing = whole - units.sum(axis=0)
    rows = (missing > 0).nonzero()[0]
    if len(rows):
        rank = _ranks(lost[:, rows], parts.denominators[:, rows], rows, aside)
        units[:, rows] += rank < missing[rows]
    return whole, units


def _cut(values: Floats, denominators: Floats, aside: Aside) -> tuple[Ints, Floats]:
    """Return each part rounded down, and what that took away."""
    nearest = np.rint(values)
    near = np.abs(values - nearest) <= CLOSE
    aside.put((near & (values != 0.0) & (denominators > MOST_PARTS)).any(axis=0))
    units = np.where(near, nearest, np.floor(values))
    return units.astype(np.int64), np.where(near, 0.0, values - units)


def _half_up(sums: Floats, together: Callable[[Index], Floats], aside: Aside) -> Ints:
    raised = sums + 0.5
    nearest = np.rint(raised)
    near = (np.abs(raised - nearest) <= CLOSE).nonzero()[0]
    if len(near):
        # Half a unit more doubles the denominator at most.
        aside.rows[near[2 * together(near) > MOST_PARTS]] = True
    whole = np.floor(raised)
    whole[near] = nearest[near]
    counted: Ints = whole.astype(np.int64)
    return counted


def _ranks(lost: Floats, denominators: Floats, rows: Index, aside: Aside) -> Ints:
    """Return each part's place among those of its customer, the one that lost most first."""
    rank: Ints = np.zeros(lost.shape, dtype=np.int64)
    doubtful: Flags = np.zeros(len(rows), dtype=np.bool_)
    for one in range(len(lost)):
        for other in range(one):
            apart = lost[one] - lost[other]
            before = apart > CLOSE
            rank[other] += before
            rank[one] += ~before
            doubtful |= _doubt(apart, lost[one], denominators[one], denominators[other])
    aside.rows[rows[doubtful]] = True
    return rank


def _doubt(apart: Floats, lost: Floats, one: Floats, other: Floats) -> Flags:
    """Tell where two parts lost about the same, and might not have lost the same."""
    doubtful: Flags = (np.abs(apart) <= CLOSE) & (lost != 0.0) & (one * other > MOST_PARTS)
    return doubtful
