"""How well a figure puts those who churn below those who stay: AUC and average precision.

Cases of one customer resemble each other, so intervals come from resampling customers. The cases
are sorted once; a resample only weighs them anew, by how often their customer was drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import ceil

from scoring.proof.draws import resamples

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


@dataclass(frozen=True, slots=True)
class Group:
    """Equal figures: where the churned and the stayed among them stand, riskiest first."""

    churned_from: int
    churned_to: int
    stayed_from: int
    stayed_to: int


class Ranking:
    """Cases in order of risk, ready to be weighed: lower figures are riskier.

    `figures` are higher the healthier, `churned` what came of it, `owners` whose case it is, as
    places 0 to `customers` - 1.
    """

    def __init__(
        self,
        figures: Sequence[float],
        churned: Sequence[bool],
        owners: Sequence[int],
        customers: int,
    ) -> None:
        self.cases = len(figures)
        self.customers = customers
        self.groups: list[Group] = []
        self._churned: list[int] = []
        self._stayed: list[int] = []
        order = sorted(range(len(figures)), key=figures.__getitem__)
        for _, places in groupby(order, key=figures.__getitem__):
            self._add(places, churned, owners)

    def _add(self, places: Iterator[int], churned: Sequence[bool], owners: Sequence[int]) -> None:
        before = len(self._churned), len(self._stayed)
        for place in places:
            (self._churned if churned[place] else self._stayed).append(owners[place])
        if len(self._churned) > before[0]:
            group = Group(before[0], len(self._churned), before[1], len(self._stayed))
            self.groups.append(group)

    @property
    def decides(self) -> bool:
        """Tell whether there is anything to tell apart."""
        return bool(self._churned and self._stayed)

    @property
    def churned(self) -> int:
        """Return how many cases were followed by churn."""
        return len(self._churned)

    def weighed(self, weights: Sequence[int]) -> tuple[float, float] | None:
        """Return AUC and average precision with each customer's cases counted so many times.

        None when nobody who churned, or nobody who stayed, is left. Ties count half, and are one
        threshold.
        """
        churned = (0, *accumulate(map(weights.__getitem__, self._churned)))
        stayed = (0, *accumulate(map(weights.__getitem__, self._stayed)))
        if not (churned[-1] and stayed[-1]):
            return None
        above = precise = 0.0
        for group in self.groups:
            here = churned[group.churned_to] - churned[group.churned_from]
            if here:
                riskier = stayed[group.stayed_from] + stayed[group.stayed_to]
                above += here * (stayed[-1] - riskier / 2)
                caught = churned[group.churned_to]
                precise += here * caught / (caught + stayed[group.stayed_to])
        return above / (churned[-1] * stayed[-1]), precise / churned[-1]

    def curve(self, points: int = 120) -> tuple[tuple[float, float], ...]:
        """Return the ROC curve: share of the stayed against share of the churned, riskiest on."""
        if not self.decides:
            return ()
        stayed, churned = len(self._stayed), len(self._churned)
        ends = [(each.stayed_from / stayed, each.churned_from / churned) for each in self.groups]
        ends += [(each.stayed_to / stayed, each.churned_to / churned) for each in self.groups]
        whole = [(0.0, 0.0), *sorted(set(ends)), (1.0, 1.0)]
        step = max(1, ceil(len(whole) / points))
        return (*whole[:-1:step], whole[-1])


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
