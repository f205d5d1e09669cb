"""Who need not be asked about one by one: a coarse sieve over a whole day's quiet customers.

Quiet is who stands in the band of the day before, under the same version of the model, with no play
open and no start put off. Of them a playbook has nothing to say unless its trigger fires. The sieve
lets through everybody for whom it might, and some for whom it does not; it never holds back one for
whom it does. A trigger, or a field of one, that it does not know lets everybody through.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from typing import Any, Final, assert_never

import numpy as np
from numpy.typing import NDArray

from playbooks.conditions import (
    AllOf,
    Always,
    AnyOf,
    Condition,
    FactorIs,
    HasTrend,
    InBand,
    Not,
    ScoreIs,
)
from playbooks.playbook import Playbook
from playbooks.triggers import (
    Crosses,
    Drops,
    EntersBand,
    FactorCrosses,
    LeavesBand,
    RecordArrives,
    RenewalNear,
    Schedule,
    Silent,
    Stays,
    TrendTurns,
    Trigger,
    period,
)

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

# A change that is not known, a renewal nobody set.
UNKNOWN: Final = -(2**62)
# The fields of each kind that `_passes` looks at; another that is set makes the trigger unknown.
LOOKED_AT: Final = {
    EntersBand: {"kind", "bands", "at_first_sight"},
    LeavesBand: {"kind", "bands"},
    Drops: {"kind", "points", "days", "or_"},
    Crosses: {"kind", "at", "direction"},
    FactorCrosses: {"kind", "factor", "at", "direction"},
    Stays: {"kind", "bands", "days", "again"},
    TrendTurns: {"kind", "to"},
    RenewalNear: {"kind", "within", "bands"},
    Silent: {"kind", "days", "of", "usually"},
    RecordArrives: {"kind", "record", "for_days"},
    Schedule: {"kind", "every"},
}


COLUMNS: Final = (
    "value", "before", "change_7", "change_30", "band", "trend", "trend_before", "band_since",
    "renewal_on", "occasions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quiet:
    """A day's quiet customers in columns: points are hundredths, days ordinals, words places.

    `eve` is the day they were scored before. `factors` are today's values by name, in millionths,
    UNKNOWN where not really known. `occasions` tells of whom a silence or a record speaks;
    `overdue` who has an invoice overdue, where that is known.
    """

    as_of: int
    eve: int
    value: Ints
    before: Ints
    change_7: Ints
    change_30: Ints
    band: Ints
    bands: Sequence[str]
    trend: Ints
    trend_before: Ints
    trends: Sequence[str]
    band_since: Ints
    renewal_on: Ints
    factors: dict[str, Ints]
    occasions: Mask
    overdue: Mask | None = None

    @property
    def everybody(self) -> Mask:
        """Return a mask of all."""
        return np.ones(len(self.value), np.bool_)

    @property
    def nobody(self) -> Mask:
        """Return a mask of none."""
        return np.zeros(len(self.value), np.bool_)

    def some(self, places: NDArray[np.intp]) -> "Quiet":
        """Return the customers at these places."""
        columns = {name: getattr(self, name)[places] for name in COLUMNS}
        factors = {name: values[places] for name, values in self.factors.items()}
        overdue = None if self.overdue is None else self.overdue[places]
        return replace(self, **columns, factors=factors, overdue=overdue)

    def inside(self, bands: Sequence[str]) -> Mask:
        """Return who is in one of these bands."""
        places = [place for place, one in enumerate(self.bands) if one in bands]
        found: Mask = np.isin(self.band, places)
        return found


def may_fire(playbooks: Sequence[Playbook], quiet: Quiet) -> Mask:
    """Return for whom one of the playbooks might have something to say."""
    found = quiet.nobody
    for playbook in playbooks:
        found |= _passes(playbook.when, quiet)
    return found


def tells(condition: Condition) -> bool:
    """Tell whether columns know all that a condition asks."""
    match condition:
        case AllOf() | AnyOf():
            return all(tells(each) for each in condition.of)
        case Not():
            return tells(condition.of)
        case _:
            return isinstance(condition, Always | InBand | HasTrend | ScoreIs | FactorIs)


def holding(condition: Condition, quiet: Quiet) -> Mask:  # noqa: PLR0911 - an answer a kind
    """Return of whom a condition is true, as `playbooks.conditions.holds` does; one it `tells`."""
    match condition:
        case Always():
            return quiet.everybody
        case InBand():
            return quiet.inside(condition.is_)
        case HasTrend():
            turned: Mask = np.isin(quiet.trend, [quiet.trends.index(one) for one in condition.is_])
            return turned
        case ScoreIs():
            return _within(condition, quiet.value, 2)
        case FactorIs():
            value = quiet.factors.get(condition.factor)
            known = quiet.nobody if value is None else value != UNKNOWN
            return known if value is None else known & _within(condition, value, 6)
        case AllOf():
            return reduce(np.logical_and, (holding(each, quiet) for each in condition.of))
        case AnyOf():
            return reduce(np.logical_or, (holding(each, quiet) for each in condition.of))
        case Not():
            return ~holding(condition.of, quiet)
        case _:
            raise TypeError(condition.kind)


def _within(bounds: ScoreIs | FactorIs, values: Ints, places: int) -> Mask:
    found = np.ones(len(values), np.bool_)
    if bounds.at_least is not None:
        found &= values >= _whole(bounds.at_least, places, ROUND_CEILING)
    if bounds.at_most is not None:
        found &= values <= _whole(bounds.at_most, places, ROUND_FLOOR)
    return found


def _passes(trigger: Trigger, quiet: Quiet) -> Mask:  # noqa: C901, PLR0911 - an answer a kind
    if not foreseen(trigger):
        return quiet.everybody
    match trigger:
        case EntersBand():
            newcomers: Mask = (quiet.band_since == quiet.eve) & quiet.inside(trigger.bands)
            return newcomers if trigger.at_first_sight else quiet.nobody
        case LeavesBand():
            return quiet.nobody
        case Drops():
            return fell(trigger, quiet)
        case Crosses():
            now, before = beyond(trigger, quiet.value, 2), beyond(trigger, quiet.before, 2)
            return now & ~before
        case FactorCrosses():
            value = quiet.factors.get(trigger.factor)
            known = quiet.nobody if value is None else value != UNKNOWN
            return known if value is None else known & beyond(trigger, value, 6)
        case Stays():
            days = quiet.as_of - quiet.band_since
            stayed = quiet.inside(trigger.bands) & (days >= trigger.days)
            return stayed & _reached(trigger, days, quiet.as_of - quiet.eve)
        case TrendTurns():
            new = quiet.trends.index(trigger.to)
            turned: Mask = (quiet.trend == new) & (quiet.trend_before != new)
            return turned
        case RenewalNear():
            return _came_near(trigger, quiet)
        case Silent() | RecordArrives():
            return quiet.occasions
        case Schedule():
            days_of = (date.fromordinal(day) for day in (quiet.eve, quiet.as_of))
            begun = len({period(trigger, day) for day in days_of}) > 1
            return quiet.everybody if begun else quiet.nobody
        case _:
            assert_never(trigger)


def foreseen(trigger: Trigger) -> bool:
    """Tell whether columns know the kind of trigger, and each of its fields that is set."""
    given = {name for name, _ in trigger if _is_set(trigger, name)}
    return given <= LOOKED_AT.get(type(trigger), set())


def _is_set(trigger: Trigger, name: str) -> bool:
    field = type(trigger).model_fields[name]
    return field.is_required() or getattr(trigger, name) != field.default


def fell(trigger: Drops, quiet: Quiet) -> Mask:
    """Return who lost as many points as the trigger asks for."""
    found = quiet.nobody
    fall: Any
    for fall in (trigger, getattr(trigger, "or_", None)):
        if fall is not None:
            change = quiet.change_7 if fall.days == 7 else quiet.change_30  # noqa: PLR2004 - the field says days
            found |= (change != UNKNOWN) & (change <= _whole(-fall.points, 2, ROUND_FLOOR))
    return found


def hundredths(points: Decimal) -> int:
    """Return the least whole number of hundredths that reaches so many points."""
    return _whole(points, 2, ROUND_CEILING)


def beyond(trigger: Crosses | FactorCrosses, values: Ints, places: int) -> Mask:
    """Return which values are on the side the trigger waits for."""
    at = _whole(trigger.at, places, ROUND_CEILING)
    found: Mask = values < at if trigger.direction == "below" else values >= at
    return found


def _reached(trigger: Stays, days: Ints, passed: int) -> Mask:
    """Tell who reached the days since the eve; `again`, any multiple of them."""
    before = days - passed
    found: Mask = before < trigger.days
    if trigger.again:
        found = days // trigger.days > np.maximum(before, 0) // trigger.days
    return found


def _came_near(trigger: RenewalNear, quiet: Quiet) -> Mask:
    left = quiet.renewal_on - quiet.as_of
    ahead = (quiet.renewal_on != UNKNOWN) & (left >= 0) & quiet.inside(trigger.bands)
    before = quiet.renewal_on - quiet.eve
    reached = quiet.nobody
    for days in trigger.within:
        reached |= (left <= days) & (before > days)
    found: Mask = ahead & reached
    return found


def _whole(number: Decimal, places: int, rounding: str) -> int:
    """Return the number in units of its last place, rounded so that comparing stays exact."""
    return int(number.scaleb(places).to_integral_value(rounding))
