"""A stint: one stretch of time in which a customer was with us, and how it ended.

Churn is what somebody dated, or, where nobody did, the last activity before a long silence.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

# Whoever came by once or twice was never a customer: a stint counts from this active day on.
SETTLED_AFTER = 5


@dataclass(frozen=True, slots=True)
class Stint:
    """A customer's time with us, watched from `first` on.

    `churned_on` is the first day without the customer. `until` is the first day on which we no
    longer watch although nobody churned (a contract that simply ran out); both None: still here.
    """

    customer: int
    first: date
    churned_on: date | None = None
    until: date | None = None


def stints_of(owners: Ints, days: Ints, silence: int, last: date) -> list[Stint]:
    """Cut the active days of customers wherever over `silence` days were silent.

    `owners` and `days` are columns: each customer's active days, as ordinals, ascending by customer
    and day. A stint is watched from its fifth active day, and those with fewer are left out. `last`
    is the last day of all data: a silence that began less than `silence` days before it proves
    nothing.
    """
    begins = np.flatnonzero(_begin(owners, days, silence))
    ends = np.append(begins, len(days))[1:]
    settled = ends - begins >= SETTLED_AFTER
    begins, ends = begins[settled], ends[settled]
    # A stint after which the same customer comes again has ended, and so has one long ago.
    after = np.minimum(ends, len(days) - 1)
    again = (after == ends) & (owners[after] == owners[ends - 1])
    known = np.where(again, days[after], last.toordinal())
    gone = known - days[ends - 1] > silence
    columns = (owners[begins], days[begins + SETTLED_AFTER - 1], days[ends - 1], gone)
    return [
        Stint(owner, date.fromordinal(first), date.fromordinal(final + 1) if over else None)
        for owner, first, final, over in zip(*(each.tolist() for each in columns), strict=True)
    ]


def _begin(owners: Ints, days: Ints, silence: int) -> NDArray[np.bool_]:
    """Tell with which days a run begins: a customer's first, and those after a long silence."""
    first = np.ones(len(days), dtype=np.bool_)
    first[1:] = (owners[1:] != owners[:-1]) | (days[1:] - days[:-1] > silence)
    return first


def known_until(last: date, silence: int) -> date:
    """Return the last day on which a churn by silence can have been seen."""
    return last - timedelta(days=silence)
