"""What alarms would have meant: how many, how many for nothing, and how long before the churn."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from operator import attrgetter

from scoring.proof.cases import Case, base_rate

# A customer who has been red for years was not foretold to leave: no lead counts for more.
LONGEST_LEAD = 180
WEEK = 7


@dataclass(frozen=True, slots=True)
class BandRow:
    """A band in the past. All figures but the counts are shares, 0 to 1.

    `share` of all cases is in the band, `precision` of those churned within the horizon, `recall`
    of all churned cases was here; the `_or_worse` figures take the worse bands in.
    """

    band: str
    tone: str
    cases: int
    churned: int
    share: float
    precision: float | None
    recall: float
    share_or_worse: float
    precision_or_worse: float | None
    recall_or_worse: float


@dataclass(frozen=True, slots=True)
class Lead:
    """How long before their churn customers stood in the alarming bands.

    `caught` of `churned` stints did so within the horizon; days are counted from the beginning of
    that unbroken stay, at most 180. Median and quartiles are None when nobody was caught.
    """

    churned: int
    caught: int
    median: float | None
    lower: float | None
    upper: float | None
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alerts:
    """Falls into the alarming bands: how many, and how many were followed by no churn in time."""

    bands: tuple[str, ...]
    alerts: int
    per_week: float
    false: int
    false_share: float | None


def by_band(cases: Sequence[Case], bands: Sequence[tuple[str, str]]) -> tuple[BandRow, ...]:
    """Return a row for each band, given worst first as (name, tone)."""
    rows: list[BandRow] = []
    so_far: list[Case] = []
    churned = sum(case.churned for case in cases)
    for band, tone in bands:
        here = [case for case in cases if case.band == band]
        so_far += here
        rows.append(
            BandRow(
                band,
                tone,
                len(here),
                sum(case.churned for case in here),
                _share(len(here), len(cases)) or 0.0,
                base_rate(here) if here else None,
                _share(sum(case.churned for case in here), churned) or 0.0,
                _share(len(so_far), len(cases)) or 0.0,
                base_rate(so_far) if so_far else None,
                _share(sum(case.churned for case in so_far), churned) or 0.0,
            )
        )
    return tuple(rows)


def lead(cases: Iterable[Case], alarming: Collection[str]) -> Lead:
    """Return how early the churns in view were foretold; `cases` in any order."""
    ended = [run for run in _by_stint(cases) if any(case.churned for case in run)]
    found = [_days_ahead(run, alarming) for run in ended]
    days = tuple(sorted(one for one in found if one is not None))
    return Lead(
        churned=len(ended),
        caught=len(days),
        median=quantile(days, 0.5),
        lower=quantile(days, 0.25),
        upper=quantile(days, 0.75),
        days=days,
    )


def alerts(cases: Sequence[Case], alarming: Sequence[str]) -> Alerts:
    """Count each fall from a calm band into an alarming one; the first sight of a customer is none.

    This is what playbooks act on. An alert is false when no churn came within the horizon.
    """
    raised = [
        now
        for run in _by_stint(cases)
        for before, now in pairwise(run)
        if now.band in alarming and before.band not in alarming
    ]
    days = sorted({case.as_of for case in cases})
    weeks = ((days[-1] - days[0]).days + 1) / WEEK if len(days) > 1 else 1.0
    false = sum(not case.churned for case in raised)
    return Alerts(
        tuple(alarming), len(raised), len(raised) / weeks, false, _share(false, len(raised))
    )


def quantile(ascending: Sequence[float], share: float) -> float | None:
    """Return the value below which that share lies, between neighbours where it falls between."""
    if not ascending:
        return None
    place = share * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (ascending[high] - ascending[low]) * (place - low)


def _by_stint(cases: Iterable[Case]) -> list[list[Case]]:
    ordered = sorted(cases, key=attrgetter("stint", "as_of"))
    return [list(run) for _, run in groupby(ordered, key=attrgetter("stint"))]


def _days_ahead(run: Sequence[Case], alarming: Collection[str]) -> int | None:
    """Return how long before the churn the stay in alarm began that reached into the horizon."""
    begun: date | None = None
    ends = run[-1].churned_on
    for case in reversed(run):
        if case.band in alarming:
            begun = case.as_of
        elif begun is not None or not case.churned:
            break
    return None if begun is None or ends is None else min((ends - begun).days, LONGEST_LEAD)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
