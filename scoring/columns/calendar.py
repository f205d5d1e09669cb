"""Working days in columns: how many lie between two columns of days."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.calendar import WEEK, WORKING, Calendar
from scoring.columns.numbers import Ints

# By the weekday a run begins on and the days it is longer than whole weeks: its working days.
ODD = np.array(
    [
        [sum((first + day) % WEEK < WORKING for day in range(rest)) for rest in range(WEEK)]
        for first in range(WEEK)
    ],
    dtype=np.int64,
)


def working_days(calendar: Calendar, first: NDArray[Any], last: NDArray[Any]) -> Ints:
    """Return what `Calendar.working_days` does, days given as ordinals."""
    weeks, rest = np.divmod(np.maximum(last - first + 1, 0), WEEK)
    holidays = np.array([day.toordinal() for day in calendar.holidays], dtype=np.int64)
    off = holidays.searchsorted(last, side="right") - holidays.searchsorted(first, side="left")
    # Day 1 was a Monday.
    counted = weeks * WORKING + ODD[(first - 1) % WEEK, rest] - off
    return np.where(last < first, 0, counted).astype(np.int64)
