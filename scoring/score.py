"""A customer's score on a day: the factors, put together exactly and rounded once.

`prepare` does what is the same for every customer of a day; `Plan.score` does the rest and is
what a run over many customers calls. `score` is both, for one customer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from scoring.assembly import Assembly, assembly, together
from scoring.bands import held_band, raw_band
from scoring.calendar import Calendar, Holidays
from scoring.factors import (
    FactorPlan,
    FactorScore,
    Status,
    among,
    assess,
    factor_plan,
    surveyed,
)
from scoring.feeds import FeedState
from scoring.figures import Answers, CustomerFacts, Figure, Source
from scoring.model import UNKNOWN_BAND, HealthModel, Measured
from scoring.scales import AmongPeers, Cost, Scale
from scoring.standing import Population

__all__ = ["UNKNOWN_BAND", "FactorScore", "Plan", "Score", "Status", "prepare", "score"]

HUNDRED = Decimal(100)
NO_HOLIDAYS: Final[Holidays] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Score:
    """A customer's health on a day; `value` is 0-100, rounded as the model says, and so shown.

    `coverage` is the share of weight that is known, 0-100. `band` is held by hysteresis and is
    "unknown" under the model's minimum coverage; `raw_band` is what the value alone says.
    """

    model: str
    version: int
    as_of: date
    value: Decimal
    coverage: Decimal
    band: str
    raw_band: str
    factors: tuple[FactorScore, ...]

    @property
    def identity(self) -> str:
        """Return the model's name and version as one word."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A model on a day, ready to score any number of customers; `figures` is what it asks."""

    model: HealthModel
    as_of: date
    measured: tuple[FactorPlan, ...]
    figures: frozenset[Figure[Any]]
    assembly: Assembly

    @property
    def needs_peers(self) -> bool:
        """Tell whether customers are compared with each other, so that all are needed first."""
        return any(isinstance(plan.scale, AmongPeers) for plan in self.measured)

    @property
    def peer_figures(self) -> frozenset[Figure[Any]]:
        """Return what a survey of the population asks of storage."""
        asked = (plan for plan in self.measured if isinstance(plan.scale, AmongPeers))
        return frozenset(figure for plan in asked for figure in plan.figures)

    def survey(self, people: Iterable[tuple[CustomerFacts, Answers]]) -> Population:
        """Return the numbers of a day's customers, read once and kept as numbers only."""
        return surveyed(self.measured, people)

    @property
    def population(self) -> Population:
        """Return the numbers customers are compared with, by factor; nothing before a survey."""
        found = {plan.measured.name: plan.peers for plan in self.measured}
        return {name: peers for name, peers in found.items() if peers is not None}

    def among(self, population: Population) -> "Plan":
        """Return the plan with the population its customers are compared with."""
        return replace(self, measured=tuple(among(plan, population) for plan in self.measured))

    def surveyed(self, people: Iterable[tuple[CustomerFacts, Answers]]) -> "Plan":
        """Return the plan with these customers as the population: `survey`, then `among`."""
        return self.among(self.survey(people)) if self.needs_peers else self

    def score(self, facts: CustomerFacts, answers: Answers, previous_band: str | None) -> Score:
        """Return the customer's score; `previous_band` is the last known band on this model."""
        worths = [assess(plan, facts, answers) for plan in self.measured]
        value, factors = together(self.assembly, worths)
        coverage = self.assembly.coverage(tuple([worth.status == "known" for worth in worths]))
        return Score(
            model=self.model.name,
            version=self.model.version,
            as_of=self.as_of,
            value=value,
            coverage=coverage,
            band=self._band(value, coverage, previous_band),
            raw_band=raw_band(self.model, value).name,
            factors=factors,
        )

    def _band(self, value: Decimal, coverage: Decimal, previous: str | None) -> str:
        if not coverage or coverage < self.model.minimum_coverage:
            return UNKNOWN_BAND
        return held_band(self.model, value, previous).name


def prepare(
    model: HealthModel,
    as_of: date,
    feeds: Mapping[Source, FeedState],
    population: Population | None = None,
    holidays: Holidays = NO_HOLIDAYS,
) -> Plan:
    """Return the plan of a day; a source missing from `feeds` is taken as one that never spoke.

    Without a population, factors that place customers among their peers have no data; give it, or
    have the plan survey the day's customers (`Plan.surveyed`). `holidays` are those of the model's
    region; without them only weekends are free.
    """
    calendar = Calendar.of(holidays.get(model.holidays or "", ()))
    measured = tuple(
        factor_plan(
            each, scale, Fraction(full), as_of, feeds, population=population, calendar=calendar
        )
        for each, scale, full in _all(model)
    )
    asked = frozenset(figure for plan in measured for figure in plan.figures)
    return Plan(model, as_of, measured, asked, assembly(model))


def score(  # noqa: PLR0917 - everything a score depends on, and nothing else
    model: HealthModel,
    facts: CustomerFacts,
    answers: Answers,
    feeds: Mapping[Source, FeedState],
    as_of: date,
    previous_band: str | None,
) -> Score:
    """Return one customer's score on `as_of`; for many customers, `prepare` once."""
    return prepare(model, as_of, feeds).score(facts, answers, previous_band)


def _all(model: HealthModel) -> Iterator[tuple[Measured, Scale | Cost, Decimal]]:
    """Yield what is measured with its scale and what the scale's points are points of."""
    yield from ((factor, factor.scale, HUNDRED) for factor in model.factors)
    for component in model.components:
        yield from ((item, item.scale, item.max) for item in component.items)
        yield from ((penalty, penalty.cost, component.max) for penalty in component.penalties)
