"""Has an open play served its purpose, or lost it? Each kind of trigger has its own way out."""

from decimal import Decimal
from typing import Literal, assert_never

from playbooks.playbook import Playbook
from playbooks.situation import OpenPlay, Situation
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
)
from scoring.bands import is_worse
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.override import override_in

Exit = tuple[Literal["recovered", "over"], str]


def ended(
    play: OpenPlay, playbook: Playbook | None, situation: Situation, model: HealthModel
) -> Exit | None:
    """Return how and why an open play ends today, or None while it goes on.

    On a new baseline, as after a change of model, nothing compares with the day the play opened:
    what looks better then is no recovery, and is not called one. What a person said over the score
    is told as theirs.
    """
    found = _way_out(play, playbook, situation, model)
    if found is None or found[0] != "recovered":
        return found
    if situation.transition.kind != "baseline" or override_in(situation.current):
        return found
    now = situation.current
    stands = f"{now.identity} puts the customer in {now.band}, at {now.value}"
    return "over", f"A new baseline: {stands}."


def _way_out(  # noqa: C901, PLR0911, PLR0912 - an answer a kind
    play: OpenPlay, playbook: Playbook | None, situation: Situation, model: HealthModel
) -> Exit | None:
    """Return the way out of the playbook's trigger.

    A play opened for a band has recovered when the customer's band is better than that one. The
    band carries the model's hysteresis (50 is left at 53), so a score dancing on a threshold
    recovers nobody. It need not be the best band: a customer who was at 72, fell to 41 and is at
    72 again is where they were, and a churn-risk play is over for them. A play opened by a drop
    has recovered when the lost points are back. A play for something good is over, not recovered,
    when that is gone.
    """
    if situation.current.band == UNKNOWN_BAND:
        return None
    if playbook is None:
        return _above(play, situation, model)
    if not playbook.guards.exit_on_recovery:
        return None
    match playbook.when:
        case EntersBand() | LeavesBand():
            return _above(play, situation, model)
        case Drops() as drop:
            back = situation.current.value - play.score
            return ("recovered", f"{back} points are back.") if back >= drop.points else None
        case Crosses() | FactorCrosses() as crossed:
            return _back_over(crossed, situation, model)
        case Stays() as stay:
            return _left(stay, play, situation, model)
        case TrendTurns() as turned:
            return _turned_back(turned, situation)
        case RenewalNear() as near:
            gone = situation.current.band not in near.bands
            risen = _above(play, situation, model) if gone else None
            return _out_of_reach(near, situation) or risen
        case Silent() as silent:
            return _heard(silent, situation)
        case RecordArrives() as arrived:
            return _settled(arrived, situation)
        case Schedule():
            return None
        case _:
            assert_never(playbook.when)


def _above(play: OpenPlay, situation: Situation, model: HealthModel) -> Exit | None:
    now_in = situation.current.band
    if not is_worse(model, play.band, now_in):
        return None
    said = override_in(situation.current)
    by = f", for {said.author} said so: {said.reason.rstrip('.')}" if said else ""
    return "recovered", f"Back from {play.band} to {now_in}, at {situation.current.value}{by}."


def _back_over(
    trigger: Crosses | FactorCrosses, situation: Situation, model: HealthModel
) -> Exit | None:
    """Ask for the model's hysteresis beyond the number, so that dancing on it ends nothing."""
    what, value = _watched(trigger, situation)
    if value is None:
        return None
    if trigger.direction == "below" and value >= min(trigger.at + model.hysteresis, Decimal(100)):
        return "recovered", f"{what} is back over {trigger.at}, at {value}."
    if trigger.direction == "above" and value < trigger.at - model.hysteresis:
        return "over", f"{what} is under {trigger.at} again, at {value}."
    return None


def _watched(trigger: Crosses | FactorCrosses, situation: Situation) -> tuple[str, Decimal | None]:
    if isinstance(trigger, FactorCrosses):
        return trigger.factor, situation.factor(trigger.factor)
    return "The score", situation.current.value


def _left(trigger: Stays, play: OpenPlay, situation: Situation, model: HealthModel) -> Exit | None:
    now_in, value = situation.current.band, situation.current.value
    if now_in in trigger.bands:
        return None
    if is_worse(model, play.band, now_in):
        return "recovered", f"Back from {play.band} to {now_in}, at {value}."
    return "over", f"No longer in {play.band}: in {now_in}, at {value}."


def _turned_back(trigger: TrendTurns, situation: Situation) -> Exit | None:
    if situation.trend in {trigger.to, "stable"}:
        return None
    outcome: Literal["recovered", "over"] = "recovered" if trigger.to == "declining" else "over"
    return outcome, f"The trend is {situation.trend}, at {situation.current.value}."


def _heard(trigger: Silent, situation: Situation) -> Exit | None:
    """Tell when they are heard again; what nobody looked up says nothing."""
    silence = situation.silences.get(trigger.of)
    if silence is None or silence.days >= trigger.days:
        return None
    return "recovered", f"Heard from again, after {trigger.days} days of silence or more."


def _settled(trigger: RecordArrives, situation: Situation) -> Exit | None:
    """Tell when no invoice is overdue any more; an answer or a ticket stands as it was given."""
    looked_up = situation.records_known and trigger.record == "invoice_overdue"
    if not looked_up or any(one.kind == trigger.record for one in situation.records):
        return None
    return "recovered", "No invoice is overdue any more."


def _out_of_reach(trigger: RenewalNear, situation: Situation) -> Exit | None:
    left = situation.renewal_in
    if left is None:
        return "over", "The renewal date is not known any more."
    if left < 0:
        return "over", f"The renewal date, {situation.renewal_on}, is past."
    if left > trigger.reach:
        return "over", f"The renewal was moved to {situation.renewal_on}."
    return None
