"""Working days: Monday to Friday, less the holidays that were handed in."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

WEEK = 7
WORKING = 5

# The holidays of regions, as ("DE", "DE-BY") to days. Whoever prepares a plan brings them along:
# looking them up means reading files, and this package reads none.
Holidays = Mapping[str, Iterable[date]]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A region's working days; `holidays` are those that fall on a Monday to Friday, sorted."""

    holidays: tuple[date, ...] = ()

    @classmethod
    def of(cls, days: Iterable[date]) -> "Calendar":
        """Return the calendar of a region with these holidays."""
        return cls(tuple(sorted({day for day in days if day.weekday() < WORKING})))

    def working_days(self, first: date, last: date) -> int:
        """Return how many days from `first` to `last`, both included, were working days."""
        if last < first:
            return 0
        weeks, rest = divmod((last - first).days + 1, WEEK)
        odd = sum((first.weekday() + day) % WEEK < WORKING for day in range(rest))
        off = bisect_right(self.holidays, last) - bisect_left(self.holidays, first)
        return weeks * WORKING + odd - off


WEEKENDS_ONLY = Calendar()
