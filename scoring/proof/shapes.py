"""How a raw number becomes 0-100 in a tuned model: steps read from history, or a place among peers.

Steps are worth what history says: the numbers are cut into twentieths, each is worth the odds of
staying in it (drawn to the mean of all where it holds few), and neighbours are merged until worth
only rises, or only falls. So no step claims more than the data could tell.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal

from scoring.proof.alarms import quantile

Family = Literal["steps", "peers"]

PARTS = 20
# So many cases of the mean are added to each part before its odds are believed.
DRAWN = 50
FULL = 100.0
# A cut is written with so many digits; more would claim what no history can tell.
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """Steps from low to high: `worths[0]` below `cuts[0]`, `worths[n]` from `cuts[n - 1]` on.

    `reach` is how far apart the best and the worst step are, in log odds of staying.
    """

    cuts: tuple[float, ...]
    worths: tuple[float, ...]
    reach: float

    def worth(self, number: float) -> float:
        """Return what a number is worth, 0-100."""
        return self.worths[bisect_right(self.cuts, number)]

    def scale(self) -> dict[str, Any]:
        """Return the scale as a model file says it."""
        steps = zip(reversed(self.cuts), reversed(self.worths[1:]), strict=True)
        return {
            "kind": "steps",
            "steps": [{"at_least": _short(cut), "worth": round(worth)} for cut, worth in steps],
            "below": round(self.worths[0]),
        }


def shape(numbers: Sequence[float], churned: Sequence[bool]) -> Shape | None:
    """Return the steps these cases teach; None when they teach none."""
    ordered = sorted(numbers)
    cuts = sorted({_cut(ordered, at / PARTS) for at in range(1, PARTS)} - {ordered[0]})
    tallies = [[0, 0] for _ in range(len(cuts) + 1)]
    for number, gone in zip(numbers, churned, strict=True):
        tally = tallies[bisect_right(cuts, number)]
        tally[0] += 1
        tally[1] += gone
    odds = _odds(tallies, sum(churned) / len(churned))
    sizes = [size for size, _ in tallies]
    rising = _merged(odds, sizes)
    falling = [-each for each in _merged([-each for each in odds], sizes)]
    rises = rising[-1] - rising[0] >= falling[0] - falling[-1]
    return _shaped(cuts, rising if rises else falling)


def among(
    days: Sequence[int], numbers: Sequence[float | None], *, more: bool
) -> list[float | None]:
    """Return each number's place among those of the same day, 0-100, as `among_peers` gives it."""
    by_day: defaultdict[int, list[float]] = defaultdict(list)
    for day, number in zip(days, numbers, strict=True):
        if number is not None:
            by_day[day].append(number if more else -number)
    for peers in by_day.values():
        peers.sort()
    return [
        None if number is None else _place(by_day[day], number if more else -number)
        for day, number in zip(days, numbers, strict=True)
    ]


def _cut(ordered: Sequence[float], share: float) -> float:
    return _short(quantile(ordered, share) or 0.0)


def _short(number: float) -> float | int:
    """Write a cut as a person would: whole where it is large, few digits where it is small."""
    text = float(f"{number:.{DIGITS}g}")
    return int(text) if text == int(text) else text


def _odds(tallies: Sequence[Sequence[int]], base: float) -> list[float]:
    base = min(max(base, 1e-6), 1 - 1e-6)
    shares = [(gone + DRAWN * base) / (size + DRAWN) for size, gone in tallies]
    return [log((1 - share) / share) for share in shares]


def _merged(values: Sequence[float], sizes: Sequence[int]) -> list[float]:
    """Return the closest row that never falls: neighbours that do are given their mean."""
    blocks: list[tuple[float, int, int]] = []
    for value, size in zip(values, sizes, strict=True):
        blocks.append((value, max(size, 1), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (high, many, wide), (low, few, narrow) = blocks[-2], blocks[-1]
            mean = (high * many + low * few) / (many + few)
            blocks[-2:] = [(mean, many + few, wide + narrow)]
    return [value for value, _, wide in blocks for _ in range(wide)]


def _shaped(cuts: Sequence[float], odds: Sequence[float]) -> Shape | None:
    low, high = min(odds), max(odds)
    if high - low <= 0:
        return None
    kept = [at for at in range(1, len(odds)) if odds[at] != odds[at - 1]]
    worths = [odds[0], *(odds[at] for at in kept)]
    return Shape(
        cuts=tuple(cuts[at - 1] for at in kept),
        worths=tuple(FULL * ((each - low) / (high - low)) for each in worths),
        reach=high - low,
    )


def _place(peers: Sequence[float], number: float) -> float:
    below = bisect_right(peers, number)
    same = below - bisect_left(peers, number)
    return FULL * (below - same / 2) / len(peers)
