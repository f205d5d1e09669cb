"""When a playbook begins: one class a kind of trigger, its docstring is its manual."""

from decimal import Decimal
from typing import Annotated, Final, Literal, assert_never

from pydantic import BeforeValidator, Field

from playbooks.happenings import (
    RecordArrives,
    Schedule,
    Silent,
    arrived,
    began,
    fell_silent,
    period,
    unusual,
)
from playbooks.situation import Situation
from playbooks.written import Several, Written, as_several
from scoring.model import UNKNOWN_BAND, HealthModel

__all__ = [
    "LOOKING_BACK",
    "Crosses",
    "Days",
    "Direction",
    "Drops",
    "EntersBand",
    "FactorCrosses",
    "Fall",
    "LeavesBand",
    "Level",
    "RecordArrives",
    "RenewalNear",
    "Schedule",
    "Silent",
    "Stays",
    "TrendTurns",
    "Trigger",
    "bands_named",
    "beyond",
    "days_in_band",
    "fallen",
    "fires",
    "looks_back",
    "period",
    "rank",
    "stands",
    "unusual",
]


class EntersBand(Written):
    """The customer falls into one of `bands` from a better one.

    A fall through several bands at once is one crossing, into the band it ends in. With
    `at_first_sight` it also fires for somebody who was in one of them when first seen, and still
    is on the next day: never for the first sight itself, and not after a change of model.
    """

    kind: Literal["enters_band"]
    bands: Several
    at_first_sight: bool = False


class LeavesBand(Written):
    """The customer rises out of one of `bands` for good.

    For good means past the model's hysteresis: a score that only touches the threshold has not
    left. What is open for a band the customer has left is closed.
    """

    kind: Literal["leaves_band"]
    bands: Several


class Fall(Written):
    """So many points lost within so many days."""

    points: Annotated[Decimal, Field(gt=0, le=100)]
    days: Literal[7, 30]


class Drops(Fall):
    """The score fell by `points` or more within `days` (7 or 30), whatever the band.

    `or` names a second fall that does as well, so that a slow one is caught too.
    """

    kind: Literal["drops"]
    or_: Fall | None = Field(None, alias="or")

    @property
    def falls(self) -> tuple[Fall, ...]:
        """Return the falls, any of which fires."""
        return (self, self.or_) if self.or_ else (self,)


Direction = Literal["below", "above"]
Level = Annotated[Decimal, Field(gt=0, le=100)]
Days = Annotated[int, Field(ge=1, le=730)]


class Crosses(Written):
    """The score crosses the number `at`, to `below` it unless `direction` is `above`.

    Compared are two days in a row under one model. Below means under the number; above means at
    it or over it. The play closes when the score is back on the other side by the model's
    hysteresis.
    """

    kind: Literal["crosses"]
    at: Level
    direction: Direction = "below"


class FactorCrosses(Written):
    """One factor of the model crosses the number `at`, to `below` it unless said otherwise.

    It must be known on both days: a feed that stops or starts crosses nothing.
    """

    kind: Literal["factor_crosses"]
    factor: Annotated[str, Field(min_length=1, max_length=100)]
    at: Level
    direction: Direction = "below"


class Stays(Written):
    """The customer has been in one of `bands` for `days` days without leaving it.

    It fires once for each stay, on the day the number is reached. Days before the first sight, or
    under another version of the model, do not count. The play closes when the band is left. With
    `again` it fires anew after every so many days more.
    """

    kind: Literal["stays"]
    bands: Several
    days: Days
    again: bool = False


class TrendTurns(Written):
    """The trend turns `to` improving or declining from anything else; closes when it turns back."""

    kind: Literal["trend_turns"]
    to: Literal["improving", "declining"] = "declining"


class RenewalNear(Written):
    """The renewal is `within` so many days, and the customer is in one of `bands`.

    `within` may list several numbers, as 90, 60, 30: each fires anew. So does falling into one of
    the bands inside the widest. The play closes when the band is left for a better one, and when
    the renewal is past or was moved out of reach.
    """

    kind: Literal["renewal_near"]
    within: Annotated[
        tuple[Days, ...],
        BeforeValidator(as_several, json_schema_input_type=int | list[int]),
        Field(min_length=1, max_length=10),
    ]
    bands: Several

    @property
    def reach(self) -> int:
        """Return the widest of the distances, in days."""
        return max(self.within)


# What asks for more of the past than a transition tells; see Situation.day_before and band_since.
LOOKING_BACK: Final = (
    FactorCrosses, Stays, TrendTurns, RenewalNear, Silent, RecordArrives, Schedule,
)  # fmt: skip

Trigger = Annotated[
    EntersBand
    | LeavesBand
    | Drops
    | Crosses
    | FactorCrosses
    | Stays
    | TrendTurns
    | RenewalNear
    | Silent
    | RecordArrives
    | Schedule,
    Field(discriminator="kind"),
]


def looks_back(trigger: Trigger) -> bool:
    """Return whether the trigger asks for the day before, and since when the band is held."""
    first_sight = isinstance(trigger, EntersBand) and trigger.at_first_sight
    return first_sight or isinstance(trigger, LOOKING_BACK)


def fires(trigger: Trigger, situation: Situation) -> bool:  # noqa: C901, PLR0911 - an answer a kind
    """Return whether what happened to this customer today is what the trigger waits for."""
    moved = situation.transition
    match trigger:
        case EntersBand():
            fell = moved.kind == "worsened" and moved.to_band in trigger.bands
            return fell or (trigger.at_first_sight and _newcomer(trigger, situation))
        case LeavesBand():
            return moved.kind == "improved" and moved.from_band in trigger.bands
        case Drops():
            return moved.kind != "baseline" and _fell(trigger, situation)
        case Crosses():
            return _compared(situation) and _newly(trigger, moved.score_before, moved.score_after)
        case FactorCrosses():
            return _compared(situation) and _factor_crossed(trigger, situation)
        case Stays():
            return _compared(situation) and _stayed(trigger, situation)
        case TrendTurns():
            return _compared(situation) and _turned(trigger, situation)
        case RenewalNear():
            return _compared(situation) and _came_near(trigger, situation)
        case Silent():
            return _compared(situation) and fell_silent(trigger, situation)
        case RecordArrives():
            return moved.kind != "baseline" and arrived(trigger, situation)
        case Schedule():
            return _compared(situation) and began(trigger, situation)
        case _:
            assert_never(trigger)


def stands(trigger: Trigger, situation: Situation) -> bool:  # noqa: C901, PLR0911 - an answer a kind
    """Return whether the customer is where the trigger leads, however they came there."""
    band = situation.transition.to_band
    match trigger:
        case EntersBand():
            return band in trigger.bands
        case LeavesBand():
            return False
        case Drops():
            return _fell(trigger, situation)
        case Crosses():
            return band != UNKNOWN_BAND and beyond(trigger, situation.current.value)
        case FactorCrosses():
            return beyond(trigger, situation.factor(trigger.factor))
        case Stays():
            return band in trigger.bands and (days_in_band(situation) or 0) >= trigger.days
        case TrendTurns():
            return band != UNKNOWN_BAND and situation.trend == trigger.to
        case RenewalNear():
            return band in trigger.bands and _milestones(trigger, situation.renewal_in) > 0
        case Silent():
            silence = situation.silences.get(trigger.of)
            return silence is not None and silence.days >= trigger.days
        case RecordArrives():
            return any(one.kind == trigger.record for one in situation.records)
        case Schedule():
            return band != UNKNOWN_BAND
        case _:
            assert_never(trigger)


def bands_named(trigger: Trigger) -> tuple[str, ...]:
    """Return the bands a trigger speaks of, in the author's order."""
    match trigger:
        case EntersBand() | LeavesBand() | Stays() | RenewalNear():
            return trigger.bands
        case _:
            return ()


def beyond(trigger: Crosses | FactorCrosses, value: Decimal | None) -> bool:
    """Return whether a value is on the side the trigger waits for; an unknown one is on none."""
    if value is None:
        return False
    return value < trigger.at if trigger.direction == "below" else value >= trigger.at


def days_in_band(situation: Situation) -> int | None:
    """Return for how many days the customer has been in today's band, None when nobody knows."""
    if situation.band_since is None:
        return None
    return (situation.current.as_of - situation.band_since).days


def rank(model: HealthModel, band: str | None) -> int | None:
    """Return how bad a band is: 0 is the best; None is a band the model does not have."""
    names = [each.name for each in model.bands]
    return names.index(band) if band in names else None


def fallen(trigger: Drops, situation: Situation) -> Fall | None:
    """Return the first of the trigger's falls that happened, or None."""
    changes = {7: situation.change_7, 30: situation.change_30}
    for fall in trigger.falls:
        change = changes[fall.days]
        if change is not None and change <= -fall.points:
            return fall
    return None


def _fell(trigger: Drops, situation: Situation) -> bool:
    return fallen(trigger, situation) is not None


def _newcomer(trigger: EntersBand, situation: Situation) -> bool:
    """Return whether they are where they were when first seen, the day before."""
    stayed = situation.newcomer and situation.transition.kind == "unchanged"
    return stayed and situation.current.band in trigger.bands


def _compared(situation: Situation) -> bool:
    """Return whether there is a day before that today compares with (rules 3 and 4)."""
    known = situation.transition.to_band != UNKNOWN_BAND
    return known and situation.transition.kind != "baseline"


def _newly(trigger: Crosses | FactorCrosses, before: Decimal | None, now: Decimal | None) -> bool:
    return before is not None and beyond(trigger, now) and not beyond(trigger, before)


def _factor_crossed(trigger: FactorCrosses, situation: Situation) -> bool:
    before = situation.day_before.factors.get(trigger.factor) if situation.day_before else None
    return _newly(trigger, before, situation.factor(trigger.factor))


def _stayed(trigger: Stays, situation: Situation) -> bool:
    """Return whether the last of the days was reached since the day before, however long ago."""
    days, before = days_in_band(situation), situation.day_before
    if days is None or before is None or situation.current.band not in trigger.bands:
        return False
    passed = (situation.current.as_of - before.as_of).days
    if trigger.again:
        return days // trigger.days > max(days - passed, 0) // trigger.days
    return days - passed < trigger.days <= days


def _turned(trigger: TrendTurns, situation: Situation) -> bool:
    before = situation.day_before
    return before is not None and situation.trend == trigger.to != before.trend


def _came_near(trigger: RenewalNear, situation: Situation) -> bool:
    before, left = situation.day_before, situation.renewal_in
    if before is None or left is None or situation.current.band not in trigger.bands:
        return False
    now = _milestones(trigger, left)
    had = _milestones(trigger, left + (situation.current.as_of - before.as_of).days)
    fell = situation.transition.kind == "worsened"
    return now > had or (now > 0 and fell and situation.transition.from_band not in trigger.bands)


def _milestones(trigger: RenewalNear, left: int | None) -> int:
    """Return how many of the distances the renewal has come within; none once it is past."""
    if left is None or left < 0:
        return 0
    return sum(left <= days for days in trigger.within)
