"""A stint: one stretch of time in which a customer was with us, and how it ended.

Churn is what somebody dated, or, where nobody did, the last activity before a long silence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# Whoever came by once or twice was never a customer: a stint counts from this active day on.
SETTLED_AFTER = 5
DAY = timedelta(days=1)


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

    def holds(self, day: date) -> bool:
        """Tell whether the customer was with us, and watched, on that day."""
        ends = (end for end in (self.churned_on, self.until) if end is not None)
        return self.first <= day < min(ends, default=date.max)


def stints_of(customer: int, days: Sequence[date], silence: int, last: date) -> Iterator[Stint]:
    """Cut the active days of a customer (ascending) wherever over `silence` days were silent.

    A stint is watched from its fifth active day, and those with fewer are left out. `last` is the
    last day of all data: a silence that began less than `silence` days before it proves nothing.
    """
    run: list[date] = []
    for day in days:
        if run and (day - run[-1]).days > silence:
            yield from _ended(customer, run)
            run = []
        run.append(day)
    if run and (last - run[-1]).days > silence:
        yield from _ended(customer, run)
    elif len(run) >= SETTLED_AFTER:
        yield Stint(customer, run[SETTLED_AFTER - 1])


def known_until(last: date, silence: int) -> date:
    """Return the last day on which a churn by silence can have been seen."""
    return last - timedelta(days=silence)


def _ended(customer: int, run: Sequence[date]) -> Iterator[Stint]:
    if len(run) >= SETTLED_AFTER:
        yield Stint(customer, run[SETTLED_AFTER - 1], run[-1] + DAY)
