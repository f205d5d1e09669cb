"""Does a lower score mean more churn all the way? Churn by tenths of the scores."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.proof.cases import Case

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


def by_tenth(cases: Sequence[Case]) -> tuple[Tenth, ...]:
    """Return the tenths; equal scores are never parted, so there may be fewer than ten."""
    ordered = sorted(cases, key=lambda case: case.value)
    rows: list[Tenth] = []
    start = 0
    for tenth in range(1, TENTHS + 1):
        end = max(start, len(ordered) * tenth // TENTHS)
        while 0 < end < len(ordered) and ordered[end].value == ordered[end - 1].value:
            end += 1
        if end > start:
            rows.append(_tenth(ordered[start:end]))
        start = end
    return tuple(rows)


def falls_steadily(rows: Sequence[Tenth]) -> bool:
    """Tell whether the lower half of the tenths churned more than the upper half, pair by pair."""
    half = len(rows) // 2
    pairs = zip(rows[:half], reversed(rows[-half:]), strict=True) if half else ()
    return bool(half) and all(low.rate > high.rate for low, high in pairs)


def _tenth(cases: Sequence[Case]) -> Tenth:
    churned = sum(case.churned for case in cases)
    mean = sum(case.value for case in cases) / len(cases)
    size = len(cases)
    return Tenth(cases[0].value, cases[-1].value, mean, size, churned, churned / size)
