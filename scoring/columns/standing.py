"""Where numbers stand, in columns: against each customer's own usual, and among peers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.columns.block import Block, Words
from scoring.columns.cells import absent_where, none_where, number_cells, whole_cells, word_cells
from scoring.columns.numbers import Aside, Flags, Floats, Ints, Ratios
from scoring.columns.readings import PEERS, Readings, amounts
from scoring.factors import LEAST_WINDOWS, FactorPlan, as_long
from scoring.scales import AmongPeers
from scoring.standing import AS_DEVIATION, LEANING, LEAST_SHARE, Ranks

__all__ = ["against_usual", "among_peers", "grouped", "peer_words"]

HALF = 2
# Half a median's distance from a half is told in quarters.
QUARTER = 4
# Beyond this, what a spread is told in fits no column.
MOST_COMMON = 2**40


@dataclass(frozen=True, slots=True)
class Windows:
    """The number now and those of the windows before, all whole numbers of a `common`th."""

    now: Ints
    before: Ints
    common: int


def against_usual(
    plan: FactorPlan, read: Readings, block: Block, seen: Ints, aside: Aside
) -> Readings | None:
    """Return how many of its own spreads each number lies above the customer's own median."""
    windows = _windows(plan, block, aside)
    return None if windows is None else _placed(read, windows, seen, aside)


def _windows(plan: FactorPlan, block: Block, aside: Aside) -> Windows | None:
    found = amounts(plan.figures, block, aside)
    if found is None:
        return None
    per = [as_long(plan, back) for back in range(1, len(found))]
    common = lcm(*(each.denominator for each in per)) * max(each.unit for each in found)
    if common >= MOST_COMMON:
        return None
    before = [
        aside.times(each.many, int(long * common / each.unit))
        for each, long in zip(found[1:], per, strict=True)
    ]
    now = aside.times(found[0].many, common // found[0].unit)
    return Windows(now, np.array(before), common)


def _placed(read: Readings, windows: Windows, seen: Ints, aside: Aside) -> Readings:
    size, before, common = len(windows.now), windows.before, windows.common
    twice = np.zeros(size, dtype=np.int64)
    spread = np.ones(size, dtype=np.int64)
    for many in range(LEAST_WINDOWS, len(before) + 1):
        rows = (seen == many).nonzero()[0]
        known = before[:many, rows]
        middle = _twice_median(known)
        twice[rows] = middle
        spread[rows] = _twice_median(np.abs(HALF * known - middle))
    few = seen < LEAST_WINDOWS
    distance = _distances(windows.now, twice, spread, common, aside)
    usual = number_cells(
        Ratios(twice, np.full(size, HALF * common, dtype=np.int64)).reduced(), aside
    )
    raw = dict(read.raw)
    raw["usual"] = absent_where(read.missing, none_where(few, usual))
    return Readings(distance, read.missing | few, raw)


def _distances(now: Ints, twice: Ints, apart: Ints, common: int, aside: Aside) -> Ratios:
    """Return (value - median) / spread; `apart` is four times the median distance."""
    unit = QUARTER * common * AS_DEVIATION.denominator
    spread = np.maximum(aside.times(apart, AS_DEVIATION.numerator), unit)
    share = LEAST_SHARE * QUARTER * AS_DEVIATION.denominator / HALF
    spread = np.maximum(spread, aside.times(twice, int(share)))
    over = aside.times(HALF * now - twice, unit // (HALF * common))
    return Ratios(over, spread).reduced()


def _twice_median(columns: Ints) -> Ints:
    """Return twice the median of each column of a table."""
    ordered = np.sort(columns, axis=0)
    middle = len(columns) // 2
    twice: Ints = ordered[middle] + ordered[middle - 1 + len(columns) % 2]
    return twice


def peer_words(plan: FactorPlan, block: Block) -> tuple[str, ...]:
    """Return the names of all peers a block can be compared with, sorted."""
    if not isinstance(plan.scale, AmongPeers) or plan.scale.within == "all":
        return ()
    known = set(plan.peers.groups) if plan.peers else set()
    words = _own_words(plan.scale, block)
    return tuple(sorted((known | {word or "" for word in (words.words if words else ())}) - {""}))


def grouped(plan: FactorPlan, block: Block) -> Ints:
    """Return each customer's peers as places in `peer_words`; -1 are all customers."""
    words = _own_words(plan.scale, block) if isinstance(plan.scale, AmongPeers) else None
    if words is None:
        return np.full(block.size, -1, dtype=np.int64)
    names = {name: place for place, name in enumerate(peer_words(plan, block))}
    places = np.array([names.get(word or "", -1) for word in words.words], dtype=np.int64)
    found: Ints = places[words.codes]
    return found


def _own_words(scale: AmongPeers, block: Block) -> Words | None:
    match scale.within:
        case "segment":
            return block.facts.segment
        case "plan":
            return block.facts.plan
        case "all":
            return None


def among_peers(plan: FactorPlan, read: Readings, block: Block, aside: Aside) -> Readings:
    """Return which share of the peers has less, half of the equals counted."""
    group = grouped(plan, block)
    raw = dict(read.raw)
    raw["percentile"], raw["peers"] = (
        _none(read),
        absent_where(read.missing, none_where(group < 0, word_cells(group + PEERS))),
    )
    if plan.peers is None or not plan.peers.size:
        return Readings(read.value, np.ones_like(read.missing), raw)
    share = _shares(plan, read.value, group, peer_words(plan, block), aside)
    percentile = share.half_up(100, aside)
    raw["percentile"] = absent_where(read.missing, whole_cells(percentile))
    return Readings(share, read.missing, raw)


def _none(read: Readings) -> Ints:
    nobody = np.ones_like(read.missing)
    return absent_where(read.missing, none_where(nobody, np.zeros_like(read.value.over)))


def _shares(
    plan: FactorPlan, value: Ratios, group: Ints, names: Sequence[str], aside: Aside
) -> Ratios:
    """Return `Peers.share`; leaning is the whole base's share, or a half for the base itself."""
    groups = plan.peers.groups if plan.peers else {}
    share = _within(groups[""], value, Ratios.all_of(Fraction(1, 2), len(group)), aside)
    for place, name in enumerate(names):
        rows = (group == place).nonzero()[0]
        if len(rows) and name in groups:
            apart = Aside.of(len(rows))
            own = _within(groups[name], value.take(rows), share.take(rows), apart)
            share.over[rows], share.under[rows] = own.over, own.under
            aside.rows[rows] |= apart.rows
    return share


def _within(ranks: Ranks, value: Ratios, leaning: Ratios, aside: Aside) -> Ratios:
    large = Aside.of(len(ranks.values))
    numbers = Ratios.of(ranks.values, large)
    aside.put(_blurred(value, numbers) | large.rows.any())
    ordered, sought = numbers.floats(), value.floats()
    upto = np.array([0, *ranks.upto], dtype=np.int64)
    less = upto[ordered.searchsorted(sought, side="left")]
    both = less + upto[ordered.searchsorted(sought, side="right")]
    over = aside.times(both, leaning.under) + aside.times(leaning.over, HALF * LEANING)
    return Ratios(over, aside.times(leaning.under, HALF * (ranks.size + LEANING))).reduced()


def _blurred(value: Ratios, numbers: Ratios) -> Flags:
    """Tell where two different fractions might be the same float.

    They differ by one over the product of what is under them at least, and floats of their size
    by far less than a 2**50th of it.
    """
    widest = float(numbers.under.max(initial=1))
    largest = float(np.abs(numbers.floats()).max(initial=1.0))
    size: Floats = np.maximum(np.abs(value.floats()), largest)
    blurred: NDArray[Any] = value.under * widest * size >= 2.0**50
    return blurred.astype(np.bool_)
