"""A case: one customer on one past day, what was said then and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scoring.proof.stints import Stint


@dataclass(frozen=True, slots=True)
class Case:
    """A score of the past held against what followed.

    Every figure is a float that is higher the healthier it claims the customer to be, None where
    nothing was known: `value` the score, `factors` its factors in the model's order, `rivals` the
    naive measures. `churned_on` is the churn that ended this stint, whenever that was; `churned`
    whether it came within the horizon.
    """

    customer: int
    stint: int
    as_of: date
    value: float
    band: str
    factors: tuple[float | None, ...]
    rivals: tuple[float | None, ...]
    churned_on: date | None
    churned: bool


def watched(stints: Iterable[Stint], day: date) -> dict[int, int]:
    """Return whom a past day is asked about: each customer with the place of its stint."""
    return {stint.customer: at for at, stint in enumerate(stints) if stint.holds(day)}


def churns_within(stint: Stint, day: date, horizon: int) -> bool:
    """Tell whether the churn came after that day and within the next `horizon` days."""
    end = stint.churned_on
    return end is not None and day < end <= day + timedelta(days=horizon)


def days_between(first: date, last: date, every: int) -> tuple[date, ...]:
    """Return every so many days from the first to the last, both included where they fall."""
    return tuple(first + timedelta(days=n) for n in range(0, (last - first).days + 1, every))


def churns(cases: Iterable[Case]) -> int:
    """Count the churns in view: a churn seen from several days counts once."""
    return len({case.stint for case in cases if case.churned})


def base_rate(cases: Sequence[Case]) -> float:
    """Return the share of cases that were followed by churn, 0 to 1."""
    return sum(case.churned for case in cases) / len(cases) if cases else 0.0
