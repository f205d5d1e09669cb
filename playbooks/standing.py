"""Where customers are that nothing compares with, in columns: `triggers.stands` for a whole day.

On a baseline no playbook begins anything. All that is left of it is the reason why, for those of
whom a playbook would have spoken: who is where its trigger leads.
"""

from typing import assert_never

from playbooks.playbook import Playbook
from playbooks.sieve import UNKNOWN, Mask, Quiet, beyond, fell
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
from scoring.model import UNKNOWN_BAND


def speaks(playbook: Playbook, quiet: Quiet, spoken: Mask) -> Mask:
    """Return whom a playbook has a word about on a baseline.

    `spoken` tells of whom the silence or the record stands that the playbook waits for. Of who is
    in no known band nothing is said, nor by playbooks that answer a recovery.
    """
    if isinstance(playbook.when, LeavesBand):
        return quiet.nobody
    return _standing(playbook, quiet, spoken) & ~quiet.inside([UNKNOWN_BAND])


def _standing(playbook: Playbook, quiet: Quiet, spoken: Mask) -> Mask:  # noqa: C901, PLR0911 - an answer a kind
    match playbook.when:
        case EntersBand() as entered:
            return quiet.inside(entered.bands)
        case LeavesBand():
            return quiet.nobody
        case Drops() as drop:
            return fell(drop, quiet)
        case Crosses() as crossed:
            return beyond(crossed, quiet.value, 2)
        case FactorCrosses() as crossed:
            value = quiet.factors.get(crossed.factor)
            known = quiet.nobody if value is None else value != UNKNOWN
            return known if value is None else known & beyond(crossed, value, 6)
        case Stays() as stay:
            stayed: Mask = quiet.as_of - quiet.band_since >= stay.days
            return stayed & quiet.inside(stay.bands)
        case TrendTurns() as turned:
            there: Mask = quiet.trend == quiet.trends.index(turned.to)
            return there
        case RenewalNear() as near:
            left = quiet.renewal_on - quiet.as_of
            ahead = (quiet.renewal_on != UNKNOWN) & (left >= 0) & (left <= near.reach)
            found: Mask = ahead & quiet.inside(near.bands)
            return found
        case Silent() | RecordArrives():
            return spoken
        case Schedule():
            return quiet.everybody
        case _:
            assert_never(playbook.when)
