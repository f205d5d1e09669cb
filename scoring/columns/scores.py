"""Scores of many customers on a day: the columns' `Plan.score`.

Rows the columns are not sure of are scored by `Plan.score` itself and stand in the columns like
all others; a row whose data breaks the calculation breaks it there, alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from scoring.assembly import NOT_STARTED, STARTED, Shown
from scoring.columns.assembly import Sums, together
from scoring.columns.bands import band_codes, band_names, held_bands, raw_bands
from scoring.columns.block import Block
from scoring.columns.cells import Cells, raw_of
from scoring.columns.distinct import FAULTS
from scoring.columns.factors import assess
from scoring.columns.numbers import Aside, Codes, Flags, Index, Ints, Ratios
from scoring.columns.packed import Layout, Packed, Part, packed
from scoring.columns.worths import EXCLUDED, POLICIES, STATUSES, Worths
from scoring.model import HealthModel
from scoring.score import FactorScore, Plan, Score

MILLION = 10**6


@dataclass(frozen=True, slots=True)
class FactorColumns:
    """One factor of many scores: `FactorScore`, in millionths and hundredths.

    `weight` is the effective one; status and policy are places in `STATUSES` and `POLICIES`.
    """

    shown: Shown
    value: Ints
    status: Codes
    policy: Codes
    contribution: Ints
    weight: Ints
    raw: Cells
    words: tuple[str, ...]

    @property
    def left_out(self) -> Flags:
        """Tell of whom the factor does not count."""
        out: Flags = self.policy == np.int8(EXCLUDED)
        return out

    def at(self, row: int, places: int) -> FactorScore:
        """Return the factor of one score."""
        return FactorScore(
            name=self.shown.name,
            title=self.shown.title,
            value=Decimal(int(self.value[row])).scaleb(-6),
            status=STATUSES[self.status[row]],
            weight=self.shown.weight,
            effective_weight=Decimal(int(self.weight[row])).scaleb(-2),
            contribution=decimal(int(self.contribution[row]), places),
            raw=raw_of(self.raw, self.words, row),
            policy=POLICIES[self.policy[row]],
        )


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """The scores of a block: values, coverages and contributions are whole hundredths.

    `faults` are the rows that broke the calculation, and what broke; what stands in the columns
    of such a row means nothing.
    """

    model: HealthModel
    as_of: date
    value: Ints
    coverage: Ints
    band: Codes
    raw_band: Codes
    factors: tuple[FactorColumns, ...]
    faults: Mapping[int, Exception] = field(default_factory=dict)
    # What the columns could not tell, as the definition did.
    told: Mapping[int, Score] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return how many customers there are, those with faults included."""
        return len(self.value)

    def at(self, row: int) -> Score:
        """Return one customer's score, as `Plan.score` does."""
        if row in self.told:
            return self.told[row]
        names, places = band_names(self.model), self.model.decimals
        return Score(
            model=self.model.name,
            version=self.model.version,
            as_of=self.as_of,
            value=decimal(int(self.value[row]), places),
            coverage=decimal(int(self.coverage[row]), 2),
            band=names[self.band[row]],
            raw_band=names[self.raw_band[row]],
            factors=tuple([factor.at(row, places) for factor in self.factors]),
        )

    def packed(self, rows: Index | None = None) -> Packed:
        """Return the records of all rows, or of some, in few bytes each; None where none fits."""
        chosen = np.arange(self.size) if rows is None else rows
        return packed(self._layout(), chosen, self.told.keys() | self.faults.keys())

    def _layout(self) -> Layout:
        return Layout(
            model=self.model.name,
            version=self.model.version,
            places=self.model.decimals,
            bands=band_names(self.model),
            as_of=self.as_of,
            numbers=(self.value, self.coverage, self.band, self.raw_band),
            parts=[_part(factor) for factor in self.factors],
        )


def scores(plan: Plan, block: Block, previous: Codes) -> ScoreColumns:
    """Return the scores of a block; `previous` are the places of the last known bands (`bands`)."""
    aside = Aside.of(block.size)
    with np.errstate(all="ignore"):  # Rows put aside hold anything.
        worths = [assess(each, block, aside) for each in plan.measured]
        sums = together(plan.model, plan.assembly, worths, aside)
    columns = ScoreColumns(
        model=plan.model,
        as_of=plan.as_of,
        value=sums.value,
        coverage=sums.coverage,
        band=held_bands(plan.model, sums.value, sums.coverage, previous),
        raw_band=raw_bands(plan.model, sums.value),
        factors=tuple(_factors(plan, worths, sums)),
    )
    return _told(plan, block, previous, columns, aside.rows.nonzero()[0].tolist())


def decimal(hundredths: int, places: int) -> Decimal:
    """Return hundredths as a number of so many places."""
    return Decimal(hundredths // 10 ** (2 - places)).scaleb(-places)


def _factors(plan: Plan, worths: Sequence[Worths], sums: Sums) -> Iterable[FactorColumns]:
    for place, shown in enumerate(plan.assembly.shown):
        weight = sums.weights[place]
        worth = _begun(weight) if shown.measured is None else worths[shown.measured]
        yield FactorColumns(
            shown=shown,
            value=worth.shown,
            status=worth.status,
            policy=worth.policy,
            contribution=sums.contributions[place],
            weight=weight,
            raw=worth.raw,
            words=worth.words,
        )


def _begun(weight: Ints) -> Worths:
    """Return what a component begins with, as far as it takes part."""
    status = [STATUSES.index(each.status) for each in (NOT_STARTED, STARTED)]
    policy = [POLICIES.index(each.policy) for each in (NOT_STARTED, STARTED)]
    begun = (weight != 0).astype(np.intp)
    return Worths(
        value=Ratios.all_of(STARTED.value, len(weight)),
        shown=np.full(len(weight), int(STARTED.shown * MILLION), dtype=np.int64),
        status=np.array(status, dtype=np.int8)[begun],
        policy=np.array(policy, dtype=np.int8)[begun],
        raw=dict(STARTED.raw),
        words=(),
    )


def _told(
    plan: Plan, block: Block, previous: Codes, columns: ScoreColumns, rows: Sequence[int]
) -> ScoreColumns:
    """Have the definition score the rows put aside, and write what it says into the columns."""
    told: dict[int, Score] = {}
    faults: dict[int, Exception] = {}
    names = band_names(plan.model)
    for row in rows:
        before = names[previous[row]] if previous[row] >= 0 else None
        try:
            told[row] = plan.score(*block.at(row), before)
            _write(columns, row, told[row])
        except FAULTS as fault:
            faults[row] = fault
    return ScoreColumns(
        model=columns.model,
        as_of=columns.as_of,
        value=columns.value,
        coverage=columns.coverage,
        band=columns.band,
        raw_band=columns.raw_band,
        factors=columns.factors,
        faults=faults,
        told=told,
    )


def _write(columns: ScoreColumns, row: int, score: Score) -> None:
    codes = band_codes(columns.model)
    columns.value[row] = int(score.value.scaleb(2))
    columns.coverage[row] = int(score.coverage.scaleb(2))
    columns.band[row] = codes[score.band]
    columns.raw_band[row] = codes[score.raw_band]
    for own, factor in zip(columns.factors, score.factors, strict=True):
        own.value[row] = int(factor.value.scaleb(6))
        own.status[row] = STATUSES.index(factor.status)
        own.policy[row] = POLICIES.index(factor.policy)
        own.contribution[row] = int(factor.contribution.scaleb(2))
        own.weight[row] = int(factor.effective_weight.scaleb(2))


def _part(factor: FactorColumns) -> Part:
    shown = factor.shown
    return Part(
        name=shown.name,
        title=shown.title,
        weight=str(shown.weight),
        numbers=(factor.value, factor.status, factor.policy, factor.contribution, factor.weight),
        raw=factor.raw,
        words=factor.words,
    )
