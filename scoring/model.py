"""The health model, as a person writes it: bands, what is measured, and what is missing data."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import Field, Tag, field_validator, model_validator

from scoring import measures
from scoring.figures import Source
from scoring.measures import Measure
from scoring.scales import Cost, OwnRhythm, Scale, dearest
from scoring.written import (
    BY_SHAPE,
    Feed,
    Name,
    Number,
    Positive,
    Region,
    Score,
    Title,
    Whole,
    Written,
)

# The band of a customer of whom too little is known; no model may use it as a name.
UNKNOWN_BAND: Final = "unknown"

Tone = Literal["good", "warning", "bad", "critical"]


class Neutral(Written):
    """Count the factor with this score, as if it had been measured."""

    neutral: Score


Policy = Annotated[
    Annotated[Literal["exclude", "zero"], Tag("plain")] | Annotated[Neutral, Tag("mapping")],
    BY_SHAPE,
]
StalePolicy = Annotated[
    Annotated[Literal["exclude", "zero", "freeze"], Tag("plain")]
    | Annotated[Neutral, Tag("mapping")],
    BY_SHAPE,
]


class Missing(Written):
    """What a factor does when there is nothing to measure.

    `no_data`: the customer is too young, or nobody ever sent such data. `not_applicable`: the
    customer has no such product. `stale`: the feed has stopped for everybody. `exclude` spreads
    the factor's weight over the others; `freeze` keeps the last known value.
    """

    no_data: Policy = "exclude"
    not_applicable: Policy = "exclude"
    stale: StalePolicy = "freeze"


class Measured(Written):
    """One measured aspect of a customer.

    `noun` is what is counted, as a sentence says it, and `one` a single one of it. `fed_by` names
    the feeds that show whether data still arrives, where silence of its own says nothing: a kind
    of event that is rare has not stopped because it did not happen. Customers and feeds younger
    than `minimum_age` days have no data yet.
    """

    name: Name
    title: Title
    noun: Title
    one: Title | None = None
    measure: Measure
    fed_by: Annotated[tuple[Feed, ...], Field(max_length=20)] = ()
    minimum_age: Annotated[Whole, Field(ge=0, le=3660)] = 0
    when: Missing = Missing()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return the feeds this aspect lives on."""
        return (*measures.sources(self.measure), *self.fed_by)


class Factor(Measured):
    """An aspect as 0-100, and how much it weighs beside the others."""

    weight: Positive
    scale: Scale

    @model_validator(mode="after")
    def _worth_fits(self) -> Self:
        return _fitting(self, self.scale, Decimal(100))


class Item(Measured):
    """An aspect that earns up to `max` points of its component."""

    max: Positive
    scale: Scale

    @model_validator(mode="after")
    def _worth_fits(self) -> Self:
        return _fitting(self, self.scale, self.max)


class Penalty(Measured):
    """An aspect that costs points of its component."""

    cost: Cost


class Component(Written):
    """A group of items that earn points and penalties that cost them.

    It begins with `start` points, is worth `max` at most however much is earned, and never less
    than nothing.
    """

    name: Name
    title: Title
    max: Positive
    start: Annotated[Number, Field(ge=0)] = Decimal(0)
    items: Annotated[tuple[Item, ...], Field(max_length=50)] = ()
    penalties: Annotated[tuple[Penalty, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not self.items and not (self.penalties and self.start):
            raise ValueError("items, or penalties and a start above 0 to take from")
        if self.start > self.max:
            raise ValueError(f"a start of at most max, which is {self.max}")
        for penalty in self.penalties:
            _fitting(penalty, penalty.cost, self.max)
        return self


class Band(Written):
    """A name for the scores from `at_least` up to the next better band."""

    name: Name
    at_least: Score
    tone: Tone


class HealthModel(Written):
    """How a customer's health is scored; bands best first, the last from 0.

    Either `factors`, whose weighted mean is the score, or `components`, whose points add up to it.
    `holidays` names the region whose holidays are no working days, as DE or DE-BY.
    """

    name: Name
    version: Annotated[Whole, Field(ge=1)]
    title: Title
    valid_from: date | None = None
    valid_until: date | None = None
    bands: Annotated[tuple[Band, ...], Field(min_length=2, max_length=12)]
    hysteresis: Annotated[Number, Field(ge=0, le=20)] = Decimal(3)
    trend_threshold: Annotated[Number, Field(ge=0, le=100)] = Decimal(5)
    minimum_coverage: Score = Decimal(40)
    holidays: Region | None = None
    decimals: Annotated[Whole, Field(ge=0, le=2)] = 2
    factors: Annotated[tuple[Factor, ...], Field(max_length=50)] = ()
    components: Annotated[tuple[Component, ...], Field(max_length=20)] = ()

    @field_validator("bands")
    @classmethod
    def _bands_cover_all(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        floors = [band.at_least for band in bands]
        if floors[-1] != 0:
            raise ValueError("bands of which the last begins at 0")
        if any(better <= worse for better, worse in pairwise(floors)):
            raise ValueError("bands from the best to the worst, each at_least lower than before")
        if repeated := _repeated(band.name for band in bands):
            raise ValueError(f"band names that differ, and '{repeated}' stands twice")
        if any(band.name == UNKNOWN_BAND for band in bands):
            raise ValueError(
                f"band names other than '{UNKNOWN_BAND}', which says: too little known"
            )
        return bands

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if bool(self.factors) == bool(self.components):
            raise ValueError("either factors or components")
        if repeated := _repeated(self._names()):
            raise ValueError(f"names that differ, and '{repeated}' stands twice")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until on or after valid_from")
        return self

    @property
    def identity(self) -> str:
        """Return name and version as one word, the way snapshots and logs name a model."""
        return f"{self.name}@{self.version}"

    def measured(self) -> Iterator[Measured]:
        """Yield everything that is measured, in the order a score shows it."""
        yield from self.factors
        for component in self.components:
            yield from component.items
            yield from component.penalties

    def sources(self) -> frozenset[Source]:
        """Return every feed something in the model lives on."""
        return frozenset(source for measured in self.measured() for source in measured.sources)

    def _names(self) -> Iterator[str]:
        yield from (component.name for component in self.components)
        yield from (measured.name for measured in self.measured())


M = TypeVar("M", bound=Measured)


def _fitting(measured: M, scale: Scale | Cost, full: Decimal) -> M:
    """Refuse a scale that speaks of more points than there are."""
    if any(points > full for points in dearest(scale)):
        raise ValueError(f"points of at most {full}")
    if isinstance(scale, OwnRhythm) and not isinstance(measured.measure, measures.COUNTED):
        raise ValueError(  # noqa: TRY004 - pydantic reports ValueError
            "own_rhythm with count, total, active_days, features or tickets"
        )
    return measured


def _repeated(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)
