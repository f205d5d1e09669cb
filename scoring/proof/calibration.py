"""Does a lower score mean more churn all the way? Churn by tenths of the scores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.proof.cases import Cases, Flags, Floats

TENTHS = 10


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the cases by score, the lowest first: its scores, and the share that churned."""

    low: float
    high: float
    mean: float
    cases: int
    churned: int
    rate: float


def by_tenth(cases: Cases) -> tuple[Tenth, ...]:
    """Return the tenths; equal scores are never parted, so there may be fewer than ten."""
    order = np.argsort(cases.value, kind="stable")
    values, churned = cases.value[order], cases.churned[order]
    rows: list[Tenth] = []
    start = 0
    for tenth in range(1, TENTHS + 1):
        end = max(start, len(values) * tenth // TENTHS)
        if end:
            end = int(values.searchsorted(values[end - 1], side="right"))
        if end > start:
            rows.append(_tenth(values[start:end], churned[start:end]))
        start = end
    return tuple(rows)


def falls_steadily(rows: Sequence[Tenth]) -> bool:
    """Tell whether the lower half of the tenths churned more than the upper half, pair by pair."""
    half = len(rows) // 2
    pairs = zip(rows[:half], reversed(rows[-half:]), strict=True) if half else ()
    return bool(half) and all(low.rate > high.rate for low, high in pairs)


def _tenth(values: Floats, churned: Flags) -> Tenth:
    size, gone = len(values), int(churned.sum())
    mean = sum(values.tolist()) / size
    return Tenth(float(values[0]), float(values[-1]), mean, size, gone, gone / size)
