"""Why a play begins, in the words people read in the alert."""

from datetime import date
from typing import Final, assert_never

from playbooks.playbook import Playbook
from playbooks.situation import ANY_KIND, RecordKind, Situation
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
    days_in_band,
    fallen,
    fires,
)

RECORDS: Final = {
    "invoice_overdue": "An invoice is overdue",
    "nps_detractor": "They would not recommend us",
    "angry_ticket": "A support ticket was rated badly",
}


def why(playbook: Playbook, situation: Situation) -> str:  # noqa: C901, PLR0911 - an answer a kind
    """Return one sentence that says what happened, or still stands after a start was put off."""
    current = situation.current
    match playbook.when:
        case EntersBand() if situation.newcomer and situation.transition.kind == "unchanged":
            return f"In {current.band} since first seen, at {current.value}."
        case EntersBand() | LeavesBand():
            return _moved(situation)
        case Drops() as drop:
            fall = fallen(drop, situation) or drop
            return f"Lost {fall.points} points or more in {fall.days} days; now at {current.value}."
        case Crosses() as crossed:
            return f"The score {_side(crossed, playbook, situation)}, at {current.value}."
        case FactorCrosses() as crossed:
            now = situation.factor(crossed.factor)
            return f"{crossed.factor} {_side(crossed, playbook, situation)}, at {now}."
        case Stays():
            return f"In {current.band} for {days_in_band(situation)} days, at {current.value}."
        case TrendTurns():
            return f"The trend is {situation.trend}; now at {current.value}."
        case RenewalNear() as near:
            return _renewing(near, situation)
        case Silent(of=kind) as silent:
            found = situation.silences.get(kind)
            what = "activity" if kind == ANY_KIND else kind
            return f"No {what} for {found.days if found else silent.days} days, which is unusual."
        case RecordArrives(record=record):
            days = [one.on for one in situation.records if one.kind == record]
            since = _since(record, max(days)) if days else ""
            return f"{RECORDS[record]}{since}; {current.band} at {current.value}."
        case Schedule(every=every):
            return f"A new {every}; {current.band} at {current.value}."
        case _:
            assert_never(playbook.when)


def _moved(situation: Situation) -> str:
    moved, current = situation.transition, situation.current
    if moved.score_before is None:
        return f"Now in {current.band} at {current.value}."
    if moved.from_band == current.band:
        return f"Still in {current.band}, at {current.value}."
    return f"From {moved.from_band} to {current.band}: {moved.score_before} to {current.value}."


def _renewing(near: RenewalNear, situation: Situation) -> str:
    """Name the day, and the distance it came within: that stays true while people read it."""
    left, day, now = situation.renewal_in, situation.renewal_on, situation.current
    if left is None or day is None:
        return f"The renewal is near; {now.band} at {now.value}."
    within = min((each for each in near.within if left <= each), default=near.reach)
    return f"The renewal is on {_day(day)}, within {within} days; {now.band} at {now.value}."


def _since(record: RecordKind, on: date) -> str:
    """Say since when an invoice is overdue, or of which day another record is."""
    return f" since {_day(on)}" if record == "invoice_overdue" else f" ({_day(on)})"


def _day(on: date) -> str:
    return f"{on.day} {on:%b %Y}"


def _side(trigger: Crosses | FactorCrosses, playbook: Playbook, situation: Situation) -> str:
    new = fires(playbook.when, situation)
    if trigger.direction == "below":
        return f"fell under {trigger.at}" if new else f"is still under {trigger.at}"
    return f"reached {trigger.at}" if new else f"is still at {trigger.at} or more"
