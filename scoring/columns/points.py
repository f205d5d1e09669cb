"""Points that add up, in columns: the columns' `scoring.weigh.added`.

Points are kept as floats beside a denominator they are surely a multiple of, which is all that
rounding them needs (`shares`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np

from scoring.columns.numbers import Aside, Flags, Floats, Ratios
from scoring.columns.shares import CLOSE, MOST_PARTS, Parts
from scoring.columns.worths import Worths
from scoring.model import Component, HealthModel
from scoring.weigh import grouped

HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Group:
    """One component's points: each part, their sum, and what both are multiples of."""

    parts: Floats
    denominator: Floats
    total: Floats
    total_denominator: Floats
    counts: Flags
    size: Floats


def parts(model: HealthModel, worths: Sequence[Worths], aside: Aside) -> Parts:
    """Return the parts of the sum of all components, in units of the last place that is kept."""
    groups = [
        _group(component, own, aside)
        for component, own in zip(model.components, grouped(model.components, worths), strict=True)
    ]
    total = np.sum([group.total for group in groups], axis=0)
    under = np.prod([group.total_denominator for group in groups], axis=0)
    stretch, stretched, all_under = _stretch(model.components, groups, total, under, aside)
    unit = 10**model.decimals
    return Parts(
        np.concatenate([group.parts for group in groups]) * stretch * unit,
        np.concatenate([np.broadcast_to(g.denominator * stretched, g.parts.shape) for g in groups]),
        lambda rows: all_under[rows],
        np.sum([group.size for group in groups], axis=0) * stretch * unit,
    )


def _stretch(
    components: Sequence[Component],
    groups: Sequence[Group],
    total: Floats,
    under: Floats,
    aside: Aside,
) -> tuple[Floats, Floats, Floats]:
    """Return what all parts are multiplied by, and what that does to both denominators."""
    unit = lcm(*(Fraction(component.max).denominator for component in components))
    most = [float(component.max) for component in components]
    whole = sum(most)
    known = np.sum([m * group.counts for m, group in zip(most, groups, strict=True)], axis=0)
    known = np.where(known > 0, known, 1.0)
    nothing = np.abs(total) <= CLOSE
    aside.put(nothing & (under > MOST_PARTS))
    divisor = np.where(nothing, 1.0, total)
    cut = ~nothing & (HUNDRED / divisor < whole / known)
    stretch = np.where(cut, HUNDRED / divisor, whole / known)
    stretch = np.where(nothing, 1.0, stretch)
    all_known = np.logical_and.reduce([group.counts for group in groups])
    spread = np.where(cut, under * divisor, np.where(all_known, 1.0, known * unit))
    return stretch, spread, np.where(cut, 1.0, under * spread)


def _group(component: Component, worths: Sequence[Worths], aside: Aside) -> Group:
    """Put one component together, capped at its maximum and never below nothing."""
    full, start = float(component.max), float(component.start)
    items = worths[: len(component.items)]
    earned = _earned(component, items, aside)
    costs = [_cost(component, worth, aside) for worth in worths[len(items) :]]
    counts = np.logical_or.reduce([worth.counts for worth in items or worths])
    gained = start + np.sum([each.floats() for each in earned], axis=0)
    lost = np.sum([each.floats() for each in costs], axis=0) + np.zeros(len(aside.rows))
    under = _common(component, [*earned, *costs])
    over_full, under_nothing = gained - lost > full + CLOSE, lost > gained + CLOSE
    near = (np.abs(gained - lost - full) <= CLOSE) | (np.abs(lost - gained) <= CLOSE)
    aside.put(near & (under > MOST_PARTS))
    kept = np.where(over_full, (full + lost) / np.where(over_full, gained, 1.0), 1.0)
    due = np.where(under_nothing, gained / np.where(under_nothing, lost, 1.0), 1.0)
    begun = [np.full(len(counts), start)] if component.start else []
    rows = [each * kept for each in [*begun, *(each.floats() for each in earned)]]
    rows += [-each * due for each in (cost.floats() for cost in costs)]
    total = np.where(over_full, full, np.where(under_nothing, 0.0, gained - lost))
    ended = np.where(over_full, gained, np.where(under_nothing, lost, 0.0))
    return Group(
        np.array(rows) * counts,
        under * np.maximum(1.0, under * ended),
        total * counts,
        np.where(over_full | under_nothing, float(_under(component)), under),
        counts,
        gained + lost,
    )


def _under(component: Component) -> int:
    return lcm(Fraction(component.max).denominator, Fraction(component.start).denominator)


def _common(component: Component, points: Sequence[Ratios]) -> Floats:
    """Return a common denominator of all points of a component, told by a float."""
    common: Floats = np.ones(len(points[0].under)) * _under(component)
    for each in points:
        if not bool((each.under == 1).all()):
            common = _lcm(common, each)
    return common


def _lcm(common: Floats, points: Ratios) -> Floats:
    """Multiply by what is not in the denominator yet; beyond `MOST_PARTS` it does not matter."""
    small = np.where(common <= MOST_PARTS, common, 1.0).astype(np.int64)
    product: Floats = common * (points.under / np.gcd(small, points.under))
    return product


def _earned(component: Component, worths: Sequence[Worths], aside: Aside) -> list[Ratios]:
    """Return what the items earn, those that count standing for those that do not."""
    maxima = [Fraction(item.max) for item in component.items]
    unit = lcm(1, *(each.denominator for each in maxima))
    whole = int(sum(maxima) * unit)
    most = [int(each * unit) for each in maxima]
    known = np.zeros(len(aside.rows), dtype=np.int64)
    for each, worth in zip(most, worths, strict=True):
        known += worth.counts * each
    known = np.where(known > 0, known, 1)
    return [
        Ratios(
            aside.times(worth.value.over, worth.counts.astype(np.int64), each, whole),
            aside.times(worth.value.under, known, unit * HUNDRED),
        ).reduced()
        for each, worth in zip(most, worths, strict=True)
    ]


def _cost(component: Component, worth: Worths, aside: Aside) -> Ratios:
    """Return what a penalty takes; one of which nothing is known costs nothing."""
    full = Fraction(component.max)
    gone = HUNDRED * worth.value.under - worth.value.over
    return Ratios(
        aside.times(gone, worth.counts.astype(np.int64), full.numerator),
        aside.times(worth.value.under, full.denominator * HUNDRED),
    ).reduced()
