"""The one place that speaks scikit-learn: weights that are never below nothing."""

from collections.abc import Sequence
from typing import Any, Final

from service.errors import NeedsExtra

# Fewer, heavier factors are easier to explain, and lose next to nothing.
MOST_FACTORS: Final = 8
LIGHTEST: Final = 0.03
# Two columns more alike than this say the same thing twice; one of them is enough.
ALIKE: Final = 0.9
ROUNDS: Final = 2000


def fitted(
    columns: Sequence[Sequence[float]], churned: Sequence[bool], strength: float
) -> dict[int, float]:
    """Return the weight of each column that helps, by its place; they sum to 1.

    `columns` hold worths of 0-100, higher for the healthier, one per case; `strength` is how
    little the weights are held back (the C of a logistic regression with an L2 penalty). Columns
    that would speak for churn where they should speak against it are left out one by one, then
    the lightest until few are left. Raises NeedsExtra where scikit-learn is not installed.
    """
    kept = _unlike(columns, churned)
    while kept:
        slopes = _slopes([columns[at] for at in kept], churned, strength)
        wrong = [(slope, at) for slope, at in zip(slopes, kept, strict=True) if slope <= 0]
        whole = sum(slope for slope in slopes if slope > 0)
        light = [(slope, at) for slope, at in zip(slopes, kept, strict=True)]
        if wrong:
            kept.remove(min(wrong)[1])
        elif len(kept) > MOST_FACTORS or min(light)[0] < LIGHTEST * whole:
            kept.remove(min(light)[1])
        else:
            return {at: slope / whole for slope, at in light}
    return {}


def _unlike(columns: Sequence[Sequence[float]], churned: Sequence[bool]) -> list[int]:
    """Return the places of columns that differ, of those alike the one that tells most."""
    numpy, _ = _extra()
    stays = 1.0 - numpy.asarray(churned, dtype=float)
    varied = [at for at, column in enumerate(columns) if len(set(column)) > 1]
    if not varied or not 0 < stays.mean() < 1:
        return []
    table = numpy.asarray([columns[at] for at in varied], dtype=float)
    alike = numpy.atleast_2d(numpy.corrcoef(table))
    tells = [float(numpy.corrcoef(row, stays)[0, 1]) for row in table]
    kept: list[int] = []
    for at in sorted(range(len(varied)), key=lambda place: -tells[place]):
        if all(alike[at, other] < ALIKE for other in kept):
            kept.append(at)
    return sorted(varied[at] for at in kept)


def _slopes(
    columns: Sequence[Sequence[float]], churned: Sequence[bool], strength: float
) -> list[float]:
    """Return how much each column speaks for staying, per point."""
    numpy, regression = _extra()
    table = numpy.asarray(columns, dtype=float).T
    spread = table.std(axis=0)
    model = regression(C=strength, max_iter=ROUNDS)
    model.fit(table / spread, [not gone for gone in churned])
    return [float(slope) for slope in model.coef_[0] / spread]


def _extra() -> tuple[Any, Any]:
    try:
        import numpy  # noqa: PLC0415, ICN001 - an extra not everybody installs
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above
    except ImportError as error:
        raise NeedsExtra("scikit-learn", "tune") from error
    return numpy, LogisticRegression
