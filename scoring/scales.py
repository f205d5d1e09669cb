"""How a measured number becomes 0-100: one class a kind, as a person writes it in a model file.

`scaled` says for every kind what a number is worth. Where a scale speaks of points, they are points
of `full`: 100 for a weighted factor, the item's maximum or the component's for points.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, Self, assert_never

from pydantic import Field, Tag, field_validator, model_validator

from scoring.written import BY_SHAPE, Number, Positive, Score, Whole, Word, Written

FULL = Fraction(100)
NONE = Fraction(0)


class Target(Written):
    """A figure to reach that is not the same for everybody.

    `segments` gives some segments a figure of their own; `per_seat` multiplies it by the
    customer's seats.
    """

    default: Positive
    segments: dict[Word, Positive] = Field(default_factory=dict)
    per_seat: bool = False


Stated = Annotated[
    Annotated[Positive, Tag("plain")] | Annotated[Target, Tag("mapping")],
    BY_SHAPE,
    Field(description="A number, or a mapping with `default`, `segments` and `per_seat`."),
]


class UpTo(Written):
    """Rises evenly from nothing at 0 to full at the target, and stays there."""

    kind: Literal["up_to"]
    target: Stated


class Inverse(Written):
    """Falls evenly from full at 0 to nothing at the limit, and stays there."""

    kind: Literal["inverse"]
    limit: Stated


class Linear(Written):
    """Runs evenly from nothing at `zero_at` to full at `full_at`, and stops at both ends."""

    kind: Literal["linear"]
    zero_at: Number
    full_at: Number

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.zero_at == self.full_at:
            raise ValueError("zero_at and full_at that differ")
        return self


class Share(Written):
    """Takes a share as it is: 0 is nothing, 1 is full."""

    kind: Literal["share"]


class Step(Written):
    """What a number of at least `at_least` is worth, in points."""

    at_least: Number
    worth: Score


class Steps(Written):
    """Is worth what the highest step reached says, in points; `below` under the lowest."""

    kind: Literal["steps"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=50)]
    below: Score = Decimal(0)

    @field_validator("steps")
    @classmethod
    def _descend(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if any(above.at_least <= under.at_least for above, under in pairwise(steps)):
            raise ValueError("steps from the highest to the lowest at_least, none twice")
        return steps


class OwnRhythm(Written):
    """Holds a number against the customer's own: how far from the median of the windows before.

    The distance is counted in the customer's own robust spreads (the median distance from that
    median, times 1.4826; at least a quarter of the median and at least 1, so that months that
    happen to be alike do not make an alarm of every trifle). It runs evenly from nothing at
    `zero_at` spreads to full at `full_at`. `windows` windows of the same length are looked at,
    of which the customer must have been there for three. With `same_weekdays` they begin whole
    weeks earlier, so that a Monday is held against Mondays; with `per_working_day` a window of
    fewer working days (Monday to Friday, without the holidays of the model's region) has to hold
    less. For `count`, `total`, `active_days`,
    `features` and `tickets`.
    """

    kind: Literal["own_rhythm"]
    windows: Annotated[Whole, Field(ge=3, le=12)] = 6
    zero_at: Number = Decimal(-3)
    full_at: Number = Decimal(0)
    same_weekdays: bool = False
    per_working_day: bool = False

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.zero_at == self.full_at:
            raise ValueError("zero_at and full_at that differ")
        return self


class AmongPeers(Written):
    """Places a number among those of all customers on the same day: the share that has less.

    Of customers with the same number half count as less. Nothing is the least, full the most; with
    `better: fewer` the other way round. `within` compares inside the customer's segment or plan;
    a small group leans on the whole base, and a small base on the middle, as if each held ten
    customers more.
    """

    kind: Literal["among_peers"]
    within: Literal["all", "segment", "plan"] = "all"
    better: Literal["more", "fewer"] = "more"


class Each(Written):
    """Costs so many points for each one counted."""

    kind: Literal["each"]
    points: Positive


class Once(Written):
    """Costs so many points when the number is at least `at_least`, or at most `at_most`."""

    kind: Literal["once"]
    points: Positive
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _has_one_limit(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("either at_least or at_most")
        return self


Scale = Annotated[
    UpTo | Inverse | Linear | Share | Steps | OwnRhythm | AmongPeers, Field(discriminator="kind")
]
Cost = Annotated[Each | Once, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Who:
    """What a target may depend on."""

    segment: str | None = None
    seats: int | None = None
    plan: str | None = None

    def group(self, scale: AmongPeers) -> str:
        """Return the name of the peers the scale compares with; "" are all customers."""
        match scale.within:
            case "segment":
                return self.segment or ""
            case "plan":
                return self.plan or ""
            case "all":
                return ""


ANYBODY = Who()


def is_personal(scale: Scale | Cost) -> bool:
    """Tell whether the figure depends on who the customer is."""
    match scale:
        case UpTo():
            return isinstance(scale.target, Target)
        case Inverse():
            return isinstance(scale.limit, Target)
        case AmongPeers():
            return scale.within != "all"
        case Linear() | Share() | Steps() | OwnRhythm() | Each() | Once():
            return False
        case _:
            assert_never(scale)


def target(scale: Scale | Cost, who: Who) -> Fraction | None:
    """Return the figure this customer is held against; None when it needs seats nobody gave."""
    match scale:
        case UpTo():
            return _figure(scale.target, who)
        case Inverse():
            return _figure(scale.limit, who)
        case Linear() | Share() | Steps() | OwnRhythm() | AmongPeers() | Each() | Once():
            return FULL
        case _:
            assert_never(scale)


def held_against(scale: Scale | Cost) -> Literal["target", "limit"] | None:
    """Return what the figure customers are held against is called, if it is worth showing."""
    match scale:
        case UpTo():
            return "target"
        case Inverse():
            return "limit"
        case Linear() | Share() | Steps() | OwnRhythm() | AmongPeers() | Each() | Once():
            return None
        case _:
            assert_never(scale)


def scaled(  # noqa: PLR0911 - one return a kind
    scale: Scale | Cost, value: Fraction, figure: Fraction, full: Fraction
) -> Fraction:
    """Return what the value is worth as 0-100, held against the figure `target` gave.

    For `own_rhythm` the value is a distance in spreads, for `among_peers` a share (standing.py).
    """
    match scale:
        case UpTo():
            return _clamped(FULL * value / figure)
        case Inverse():
            return _clamped(FULL - FULL * value / figure)
        case Linear() | OwnRhythm():
            zero, end = Fraction(scale.zero_at), Fraction(scale.full_at)
            return _clamped(FULL * (value - zero) / (end - zero))
        case Share():
            return _clamped(FULL * value)
        case AmongPeers():
            return _clamped(FULL * (value if scale.better == "more" else 1 - value))
        case Steps():
            return _clamped(FULL * _step(scale, value) / full)
        case Each():
            return _clamped(FULL - FULL * value * Fraction(scale.points) / full)
        case Once():
            return FULL - _crossed(scale, value) * FULL * Fraction(scale.points) / full
        case _:
            assert_never(scale)


def dearest(scale: Scale | Cost) -> Iterator[Decimal]:
    """Yield the points a scale speaks of, none of which may exceed what is full."""
    match scale:
        case Steps():
            yield from (step.worth for step in scale.steps)
            yield scale.below
        case Each() | Once():
            yield scale.points
        case UpTo() | Inverse() | Linear() | Share() | OwnRhythm() | AmongPeers():
            return
        case _:
            assert_never(scale)


def _figure(stated: Decimal | Target, who: Who) -> Fraction | None:
    if isinstance(stated, Decimal):
        return Fraction(stated)
    figure = Fraction(stated.segments.get(who.segment or "", stated.default))
    if not stated.per_seat:
        return figure
    return figure * who.seats if who.seats else None


def _step(scale: Steps, value: Fraction) -> Fraction:
    reached = (step.worth for step in scale.steps if value >= step.at_least)
    return Fraction(next(reached, scale.below))


def _crossed(scale: Once, value: Fraction) -> bool:
    if scale.at_least is not None:
        return value >= scale.at_least
    return scale.at_most is not None and value <= scale.at_most


def _clamped(value: Fraction) -> Fraction:
    return min(FULL, max(NONE, value))
