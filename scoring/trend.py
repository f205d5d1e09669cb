"""Where a score is heading: against the snapshot before, and along a line of many."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from scoring import split
from scoring.model import HealthModel

Trend = Literal["improving", "declining", "stable"]

SLOPE_DECIMALS = 4
ZERO = Fraction(0)


def trend(model: HealthModel, current: Decimal, previous: Decimal | None) -> Trend:
    """Compare with the stored snapshot before, of the same model; without one it is stable."""
    if previous is None:
        return "stable"
    change = current - previous
    if change > model.trend_threshold:
        return "improving"
    return "declining" if change < -model.trend_threshold else "stable"


def slope(points: Sequence[tuple[date, Decimal]]) -> Decimal | None:
    """Return the least-squares slope in points a day, four decimals; None under two days."""
    if len({day for day, _ in points}) < 2:  # noqa: PLR2004 - two points make a line
        return None
    xs = [Fraction(day.toordinal()) for day, _ in points]
    ys = [Fraction(value) for _, value in points]
    middle_x, middle_y = sum(xs, ZERO) / len(xs), sum(ys, ZERO) / len(ys)
    rises = ((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    runs = ((x - middle_x) * (x - middle_x) for x in xs)
    return split.rounded(sum(rises, ZERO) / sum(runs, ZERO), SLOPE_DECIMALS)
