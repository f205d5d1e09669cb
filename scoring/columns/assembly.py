"""How what was assessed becomes scores, in columns: the columns' `scoring.assembly`.

What depends only on which aspects are known or count is asked of the definition, once for each
combination of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

import numpy as np

from scoring import weigh
from scoring.assembly import Assembly, Flags
from scoring.columns import points
from scoring.columns.distinct import combinations
from scoring.columns.numbers import Aside, Floats, Index, Ints, Ratios, whole
from scoring.columns.numbers import Flags as Rows
from scoring.columns.shares import Parts, shares
from scoring.columns.worths import Worths
from scoring.model import HealthModel

# A column of a denominator beyond this is told by a float, which is enough to say: too many.
LARGE = 2.0**40
# Flags that fit one column.
BITS = 62


@dataclass(frozen=True, slots=True)
class Sums:
    """Columns of scores: all of them in hundredths, contributions and weights one row a factor."""

    value: Ints
    contributions: Ints
    weights: Ints
    coverage: Ints


def together(model: HealthModel, plan: Assembly, worths: Sequence[Worths], aside: Aside) -> Sums:
    """Return the scores, rounded once, and what each factor contributes."""
    parts = _mean(model, worths, aside) if model.factors else points.parts(model, worths, aside)
    value, contributions = shares(parts, aside)
    unit = 10 ** (2 - plan.places)
    return Sums(
        value * unit,
        contributions * unit,
        _asked(np.array([worth.counts for worth in worths]), plan.weights),
        _asked(np.array([w.known for w in worths]), lambda known: [plan.coverage(known)])[0],
    )


def _mean(model: HealthModel, worths: Sequence[Worths], aside: Aside) -> Parts:
    """Return the parts of the weighted mean, in units of the last place that is kept."""
    weights = weigh.whole_numbers([factor.weight for factor in model.factors])
    common = gcd(*weights)
    size = len(aside.rows)
    counted = np.array(
        [worth.counts * float(w // common) for w, worth in zip(weights, worths, strict=True)]
    )
    whole_weight = counted.sum(axis=0)
    divisor = np.where(whole_weight > 0, whole_weight, 1.0)
    values = np.array([worth.value.floats() for worth in worths])
    parts = 10**model.decimals * counted * values / divisor
    under = np.array([worth.value.under for worth in worths], dtype=np.float64)
    return Parts(
        parts,
        np.where(parts == 0.0, 1.0, under * divisor),
        lambda rows: divisor[rows] * _common([w.value.take(rows) for w in worths], rows),
        np.full(size, 100.0 * 10**model.decimals),
    )


def _common(values: Sequence[Ratios], rows: Index) -> Floats:
    """Return a common denominator of some customers' values; too large a one is only about so."""
    common: Ints = np.ones(len(rows), dtype=np.int64)
    size: Floats = np.ones(len(rows))
    for value in values:
        shared = np.gcd(common, value.under)
        size *= value.under / shared
        common = np.where(size < LARGE, common * (value.under // shared), common)
    return size


def _asked(flags: Rows, ask: Callable[[Flags], Sequence[Decimal]]) -> Ints:
    """Return what the definition says to each combination of flags, in hundredths."""
    first, place = combinations(_packed(flags))
    asked = [tuple(flags[:, row].tolist()) for row in first] or [(False,) * len(flags)]
    said = [whole([int(each.scaleb(2)) for each in ask(each_of)]) for each_of in asked]
    return np.array(said).T[:, place]


def _packed(flags: Rows) -> list[Ints]:
    """Return flags as few columns of whole numbers, one bit a flag."""
    packed: list[Ints] = []
    for begin in range(0, len(flags), BITS):
        column = np.zeros(flags.shape[1], dtype=np.int64)
        for bit, flag in enumerate(flags[begin : begin + BITS]):
            column |= flag.astype(np.int64) << bit
        packed.append(column)
    return packed
