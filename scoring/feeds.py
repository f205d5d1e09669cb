"""Is a feed alive? Told from the days on which anybody at all was active through it.

A feed that stops for everybody must not turn every customer red: the factors that live on it are
frozen at its last day and called stale. A single customer who falls silent while the feed lives
is a true zero, which is the whole point of the product.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from scoring.figures import SURVEYS, Source

FeedStatus = Literal["live", "stopped", "never"]

# With fewer customers than this, silence of the feed and silence of its customers look the same.
CUSTOMERS_TO_JUDGE = 3
# A long weekend is no outage, whatever the rhythm before it was.
SHORTEST_OUTAGE_DAYS = 2
# Surveys are asked in waves, a month apart at most often: silence between two of them is no outage.
BETWEEN_WAVES_DAYS = 35
# The rhythm is judged by the eight weeks before the last day: long enough for monthly feeds.
RHYTHM_DAYS = 56


@dataclass(frozen=True, slots=True)
class FeedDays:
    """When a source spoke: customers active per day (days without any are left out).

    `days` covers the last 90 days or so up to the day asked about; `customers` counts the distinct
    customers in the 28 days up to the last day with data; `first_day` is the first day ever.
    """

    source: Source
    days: Mapping[date, int]
    customers: int
    first_day: date | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """Whether a source is live, has stopped, or never spoke; and its first and last day.

    A feed that stopped before the days we were given has no `last_day`: there is nothing left to
    freeze at, and its factors have no data.
    """

    source: Source
    status: FeedStatus
    last_day: date | None = None
    first_day: date | None = None


def feed_state(days: FeedDays, as_of: date) -> FeedState:
    """Judge a feed as it stood on `as_of`: later days are not looked at."""
    spoken = sorted(day for day, customers in days.days.items() if customers and day <= as_of)
    if not spoken:
        return _silent(days, as_of)
    first = min(days.first_day or spoken[0], spoken[0])
    stopped = days.customers >= CUSTOMERS_TO_JUDGE and _gap(spoken[-1], as_of) > _patience(
        days.source, spoken
    )
    return FeedState(days.source, "stopped" if stopped else "live", spoken[-1], first)


def _silent(days: FeedDays, as_of: date) -> FeedState:
    """Tell a feed that never spoke from one that spoke only before the days we were given."""
    if days.first_day is None or days.first_day > as_of:
        return FeedState(days.source, "never")
    return FeedState(days.source, "stopped", None, days.first_day)


def _gap(day: date, as_of: date) -> int:
    return (as_of - day).days


def _patience(source: Source, spoken: list[date]) -> int:
    """Return how many silent days this feed is allowed, twice its longest usual gap."""
    least = BETWEEN_WAVES_DAYS if source.startswith(f"{SURVEYS}:") else SHORTEST_OUTAGE_DAYS
    begin = spoken[-1] - timedelta(days=RHYTHM_DAYS)
    usual = [_gap(a, b) for a, b in pairwise(spoken) if a >= begin]
    return max(least, 2 * max(usual, default=0))
