"""Which plays of quiet customers might end today: a coarse sieve, like `playbooks.sieve`.

A play that it holds back goes on for sure. Where it does not know, the play might end.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from playbooks.playbook import Playbook
from playbooks.sieve import Ints, Mask, Quiet, beyond, hundredths
from playbooks.triggers import (
    Crosses,
    Drops,
    EntersBand,
    LeavesBand,
    RecordArrives,
    Schedule,
    Stays,
    TrendTurns,
)

# A band the model does not have.
STRANGE: Final = -2


@dataclass(frozen=True, slots=True)
class Lasting:
    """Open plays of one playbook; None where nobody knows it any more.

    `owners` are the places of their customers among the quiet ones; `band` and `score`, in
    hundredths, are the customers' when the plays opened.
    """

    playbook: Playbook | None
    owners: Ints
    band: Ints
    score: Ints


def may_end(plays: Lasting, quiet: Quiet) -> Mask:  # noqa: PLR0911 - an answer a kind
    """Return which of the plays might end today."""
    band = quiet.band[plays.owners]
    better: Mask = (plays.band == STRANGE) | (band < plays.band)
    match plays.playbook.when if plays.playbook is not None else None:
        case None | EntersBand() | LeavesBand():
            return better
        case Drops() as drop:
            back = quiet.value[plays.owners] - plays.score
            regained: Mask = back >= hundredths(drop.points)
            return regained
        case Crosses() as crossed:
            return ~beyond(crossed, quiet.value, 2)[plays.owners]
        case Stays() as stay:
            return ~quiet.inside(stay.bands)[plays.owners]
        case TrendTurns() as turned:
            stands = [quiet.trends.index(turned.to), quiet.trends.index("stable")]
            away: Mask = ~np.isin(quiet.trend[plays.owners], stands)
            return away
        case RecordArrives(record="invoice_overdue") if quiet.overdue is not None:
            return ~quiet.overdue[plays.owners]
        case Schedule():
            return np.zeros(len(plays.owners), np.bool_)
        case _:
            return np.ones(len(plays.owners), np.bool_)
