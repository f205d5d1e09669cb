"""How well a figure puts those who churn below those who stay: AUC and average precision.

Cases of one customer resemble each other, so intervals come from resampling customers. The cases
are sorted once; a resample only weighs them anew, by how often their customer was drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.proof.draws import resamples

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Places among the churned and among the stayed, one of each a group.
Bounds = tuple[Ints, Ints]

SEED = 2026
# A resample in which nobody churned says nothing; with fewer useful ones there is no interval.
FEWEST_RESAMPLES = 20
COVERS = 0.95
COVERS_STRICTLY = 0.99


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the range that holds it with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Skill:
    """What a ranking is worth: area under the ROC curve and average precision.

    `strict` is the AUC with the range that holds it with 99 % confidence.
    """

    auc: Interval
    strict: Interval
    precision: Interval
    cases: int
    churned: int


class Ranking:
    """Cases in order of risk, ready to be weighed: lower figures are riskier.

    `figures` are higher the healthier, `churned` what came of it, `owners` whose case it is, as
    places 0 to `customers` - 1. Equal figures are a group; of each group in which somebody churned
    it is known where its churned and its stayed begin and end among all of them.
    """

    def __init__(
        self,
        figures: Sequence[float] | Floats,
        churned: Sequence[bool] | Flags,
        owners: Sequence[int] | NDArray[np.int32],
        customers: int,
    ) -> None:
        self.cases = len(figures)
        self.customers = customers
        numbers = np.asarray(figures, dtype=np.float64)
        order = np.argsort(numbers, kind="stable")
        gone = np.asarray(churned, dtype=np.bool_)[order]
        whose = np.asarray(owners, dtype=np.int32)[order]
        self._churned, self._stayed = whose[gone], whose[~gone]
        self._from, self._to = _groups(numbers[order], gone)

    @property
    def decides(self) -> bool:
        """Tell whether there is anything to tell apart."""
        return bool(len(self._churned) and len(self._stayed))

    @property
    def churned(self) -> int:
        """Return how many cases were followed by churn."""
        return len(self._churned)

    def weighed(self, weights: Sequence[int]) -> tuple[float, float] | None:
        """Return AUC and average precision with each customer's cases counted so many times.

        None when nobody who churned, or nobody who stayed, is left. Ties count half, and are one
        threshold.
        """
        often = _weights(weights)
        churned, stayed = _running(often[self._churned]), _running(often[self._stayed])
        if not (churned[-1] and stayed[-1]):
            return None
        caught, calm = churned[self._to[0]], stayed[self._to[1]]
        here = caught - churned[self._from[0]]
        riskier = stayed[self._from[1]] + calm
        above = float((here * (2 * stayed[-1] - riskier)).sum()) / 2
        # Added one after the other, lowest figure first, so that every machine gets the same.
        shares = np.where(here > 0, here * caught / np.maximum(caught + calm, 1), 0.0)
        precise = float(np.cumsum(shares)[-1])
        whole = int(churned[-1])
        return above / (whole * int(stayed[-1])), precise / whole

    def curve(self, points: int = 120) -> tuple[tuple[float, float], ...]:
        """Return the ROC curve: share of the stayed against share of the churned, riskiest on."""
        if not self.decides:
            return ()
        stayed, churned = len(self._stayed), len(self._churned)
        ends = [
            (there / stayed, gone / churned)
            for bounds in (self._from, self._to)
            for gone, there in zip(bounds[0].tolist(), bounds[1].tolist(), strict=True)
        ]
        whole = [(0.0, 0.0), *sorted(set(ends)), (1.0, 1.0)]
        step = max(1, ceil(len(whole) / points))
        return (*whole[:-1:step], whole[-1])


def _groups(figures: Floats, churned: Flags) -> tuple[Bounds, Bounds]:
    """Return where the churned and the stayed of each group with a churn begin, and end."""
    begins = np.flatnonzero(np.diff(figures, prepend=np.nan) != 0)
    ends = np.append(begins[1:], len(figures)) if len(begins) else begins
    gone = _running(churned)
    kept = gone[ends] > gone[begins]
    begins, ends = begins[kept], ends[kept]
    return (gone[begins], begins - gone[begins]), (gone[ends], ends - gone[ends])


def _weights(weights: Sequence[int]) -> NDArray[Any]:
    """Return the weights as narrow as they come: a million cases bear them."""
    return np.frombuffer(weights, np.uint8) if isinstance(weights, bytes) else np.asarray(weights)


def _running(counts: NDArray[Any]) -> Ints:
    """Return how many there are before each place, and in all."""
    running = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, dtype=np.int64, out=running[1:])
    return running


def skill(ranking: Ranking, times: int, seed: int = SEED) -> Skill | None:
    """Return what the ranking is worth with intervals from `times` resamples of customers.

    None when there is nothing to tell apart.
    """
    whole = ranking.weighed(bytes([1]) * ranking.customers)
    if whole is None:
        return None
    drawn = [ranking.weighed(w) for w in resamples(ranking.customers, times, seed)]
    useful = [one for one in drawn if one is not None]
    aucs = [auc for auc, _ in useful]
    return Skill(
        auc=_interval(whole[0], aucs),
        strict=_interval(whole[0], aucs, COVERS_STRICTLY),
        precision=_interval(whole[1], [precision for _, precision in useful]),
        cases=ranking.cases,
        churned=ranking.churned,
    )


def difference(ours: Ranking, theirs: Ranking, times: int, seed: int = SEED) -> Interval | None:
    """Return how much larger our AUC is, both rankings weighed by the same resamples.

    Both must be about the same customers in the same places; None when there is nothing to tell.
    """
    even = bytes([1]) * ours.customers
    whole = _apart(ours, theirs, even)
    drawn = (_apart(ours, theirs, w) for w in resamples(ours.customers, times, seed))
    return None if whole is None else _interval(whole, [one for one in drawn if one is not None])


def _apart(ours: Ranking, theirs: Ranking, weights: Sequence[int]) -> float | None:
    mine, other = ours.weighed(weights), theirs.weighed(weights)
    return None if mine is None or other is None else mine[0] - other[0]


def _interval(value: float, drawn: list[float], covers: float = COVERS) -> Interval:
    if len(drawn) < FEWEST_RESAMPLES:
        return Interval(value, 0.0, 1.0)
    drawn.sort()
    tail = (1 - covers) / 2
    last = len(drawn) - 1
    return Interval(value, drawn[int(tail * last)], drawn[ceil((1 - tail) * last)])
