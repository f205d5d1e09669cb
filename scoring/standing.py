"""Where a number stands: against the customer's own usual, and among the customers of a day."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from statistics import median
from typing import Any

# Makes the median distance from the median the standard deviation, where that means something.
AS_DEVIATION = Fraction(14826, 10000)
# The least a spread is taken for, as a share of the median, and at all.
LEAST_SHARE = Fraction(1, 4)
LEAST_SPREAD = Fraction(1)
# How many customers a group leans with: one of ten is half itself and half the whole base.
LEANING = 10
# More different numbers than this are thinned out: a place among a thousand is exact enough.
KEPT = 1000


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a customer: the median of the windows before, and how far they spread."""

    median: Fraction
    spread: Fraction

    @classmethod
    def of(cls, before: Sequence[Fraction]) -> "Usual":
        """Return what is usual, given at least one window."""
        middle = Fraction(median(before))
        apart = Fraction(median([abs(value - middle) for value in before]))
        return cls(middle, max(AS_DEVIATION * apart, LEAST_SHARE * middle, LEAST_SPREAD))

    def distance(self, value: Fraction) -> Fraction:
        """Return how many spreads the value lies above the median."""
        return (value - self.median) / self.spread


@dataclass(frozen=True, slots=True)
class Ranks:
    """The numbers of some customers: each different one, lowest first, and the running count."""

    values: tuple[Fraction, ...]
    upto: tuple[int, ...]

    @classmethod
    def of(cls, counted: Mapping[Fraction, int]) -> "Ranks":
        """Rank numbers, given how many customers have each; at most `KEPT` are told apart."""
        values = sorted(counted)
        upto = list(accumulate(counted[value] for value in values))
        if len(values) > KEPT:
            chosen = sorted({(index + 1) * len(values) // KEPT - 1 for index in range(KEPT)})
            values, upto = [values[i] for i in chosen], [upto[i] for i in chosen]
        return cls(tuple(values), tuple(upto))

    @property
    def size(self) -> int:
        """Return how many customers there are."""
        return self.upto[-1] if self.upto else 0

    def share(self, value: Fraction, leaning: Fraction) -> Fraction:
        """Return the share that has less, half of the equals counted, leaning a bit."""
        under, up_to = bisect_left(self.values, value), bisect_right(self.values, value)
        less = self.upto[under - 1] if under else 0
        no_more = self.upto[up_to - 1] if up_to else 0
        return (Fraction(less + no_more, 2) + leaning * LEANING) / (self.size + LEANING)


@dataclass(frozen=True, slots=True)
class Peers:
    """One factor's numbers on a day: of all customers under "", of each segment or plan by name."""

    groups: Mapping[str, Ranks]

    @classmethod
    def of(cls, counted: Iterable[tuple[str, Fraction, int]]) -> "Peers":
        """Rank what was counted, given as group, number, and how many customers have it there."""
        tallies: dict[str, Counter[Fraction]] = {"": Counter()}
        for group, value, times in counted:
            tallies[""][value] += times
            if group:
                tallies.setdefault(group, Counter())[value] += times
        return cls({group: Ranks.of(tally) for group, tally in tallies.items()})

    @property
    def size(self) -> int:
        """Return how many customers were counted in all."""
        return self.groups[""].size

    def share(self, value: Fraction, group: str) -> Fraction | None:
        """Return the share of peers that has less; None when there is nobody to compare with."""
        if not self.size:
            return None
        among_all = self.groups[""].share(value, Fraction(1, 2))
        own = self.groups.get(group) if group else None
        return own.share(value, among_all) if own else among_all


# The numbers of a day by factor, for the scales that need them.
Population = Mapping[str, Peers]


def to_record(population: Population) -> dict[str, Any]:
    """Return the population as plain data, numbers as text."""
    return {
        name: {
            group: [[str(value), upto] for value, upto in zip(r.values, r.upto, strict=True)]
            for group, r in peers.groups.items()
        }
        for name, peers in population.items()
    }


def from_record(record: Mapping[str, Any]) -> Population:
    """Return the population `to_record` was given; raises KeyError or ValueError on other data."""
    return {
        name: Peers({group: _ranks(pairs) for group, pairs in groups.items()})
        for name, groups in record.items()
    }


def _ranks(pairs: Sequence[tuple[str, int]]) -> Ranks:
    return Ranks(tuple(Fraction(value) for value, _ in pairs), tuple(upto for _, upto in pairs))
