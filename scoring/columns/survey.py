"""The numbers of a day's customers, block by block: the columns' `Plan.survey`."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from scoring.columns.block import Block
from scoring.columns.distinct import FAULTS, combinations
from scoring.columns.factors import are_young
from scoring.columns.numbers import Aside
from scoring.columns.readings import readings
from scoring.columns.standing import grouped, peer_words
from scoring.factors import FactorPlan, surveyed
from scoring.scales import AmongPeers
from scoring.score import Plan
from scoring.standing import Peers, Population

Counted = tuple[str, Fraction]


class Survey:
    """Counts the customers of a day by what was measured of them, and keeps numbers only."""

    def __init__(self, plan: Plan) -> None:
        asked = [each for each in plan.measured if isinstance(each.scale, AmongPeers)]
        self._counted: list[tuple[FactorPlan, Counter[Counted]]] = [
            (each, Counter()) for each in asked
        ]

    def add(self, block: Block) -> None:
        """Count a block's customers; one whose data breaks a calculation is nobody's peer."""
        for plan, counted in self._counted:
            for key, times in _counts(plan, block):
                counted[key] += times

    def population(self) -> Population:
        """Return the numbers customers are compared with, by factor."""
        return {
            plan.measured.name: Peers.of(
                (group, value, times) for (group, value), times in counted.items()
            )
            for plan, counted in self._counted
        }


def _counts(plan: FactorPlan, block: Block) -> Iterator[tuple[Counted, int]]:
    aside = Aside.of(block.size)
    old = ~are_young(plan, block)
    with np.errstate(all="ignore"):  # Rows put aside hold anything.
        read = readings(plan, block, aside)
    if read is None:
        yield from _told(plan, block, old)
        return
    yield from _told(plan, block, old & aside.rows)
    rows = (old & ~aside.rows & ~read.missing).nonzero()[0]
    keys = [grouped(plan, block)[rows], read.value.over[rows], read.value.under[rows]]
    first, place = combinations(keys)
    times = np.bincount(place, minlength=len(first))
    names = peer_words(plan, block)
    groups, over, under = (key[first].tolist() for key in keys)
    for group, above, below, many in zip(groups, over, under, times.tolist(), strict=True):
        yield (names[group] if group >= 0 else "", Fraction(above, below)), many


def _told(plan: FactorPlan, block: Block, rows: np.ndarray) -> Iterator[tuple[Counted, int]]:
    """Have the definition count these rows, one at a time."""
    for row in rows.nonzero()[0].tolist():
        try:
            peers = surveyed([plan], [block.at(row)])[plan.measured.name]
        except FAULTS:
            continue
        for group, ranks in peers.groups.items():
            if group or len(peers.groups) == 1:
                yield from (((group, value), 1) for value in ranks.values)
