"""Why a play begins, in the words people read in the alert."""

from typing import assert_never

from playbooks.playbook import Playbook
from playbooks.situation import Situation
from playbooks.triggers import (
    Crosses,
    Drops,
    EntersBand,
    FactorCrosses,
    LeavesBand,
    RenewalNear,
    Stays,
    TrendTurns,
    days_in_band,
    fires,
)


def why(playbook: Playbook, situation: Situation) -> str:  # noqa: PLR0911 - an answer a kind
    """Return one sentence that says what happened, or still stands after a start was put off."""
    current = situation.current
    match playbook.when:
        case EntersBand() | LeavesBand():
            return _moved(situation)
        case Drops(points=lost, days=days):
            return f"Lost {lost} points or more in {days} days; now at {current.value}."
        case Crosses() as crossed:
            return f"The score {_side(crossed, playbook, situation)}, at {current.value}."
        case FactorCrosses() as crossed:
            now = situation.factor(crossed.factor)
            return f"{crossed.factor} {_side(crossed, playbook, situation)}, at {now}."
        case Stays():
            return f"In {current.band} for {days_in_band(situation)} days, at {current.value}."
        case TrendTurns():
            return f"The trend is {situation.trend}; now at {current.value}."
        case RenewalNear():
            left, day = situation.renewal_in, situation.renewal_on
            return f"The renewal is in {left} days, on {day}; in {current.band} at {current.value}."
        case _:
            assert_never(playbook.when)


def _moved(situation: Situation) -> str:
    moved, current = situation.transition, situation.current
    if moved.score_before is None:
        return f"Now in {current.band} at {current.value}."
    if moved.from_band == current.band:
        return f"Still in {current.band}, at {current.value}."
    return f"From {moved.from_band} to {current.band}: {moved.score_before} to {current.value}."


def _side(trigger: Crosses | FactorCrosses, playbook: Playbook, situation: Situation) -> str:
    new = fires(playbook.when, situation)
    if trigger.direction == "below":
        return f"fell under {trigger.at}" if new else f"is still under {trigger.at}"
    return f"reached {trigger.at}" if new else f"is still at {trigger.at} or more"
