"""What alarms would have meant: how many, how many for nothing, and how long before the churn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.proof.cases import Cases, Flags

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


def by_band(cases: Cases, bands: Sequence[tuple[str, str]]) -> tuple[BandRow, ...]:
    """Return a row for each band, given worst first as (name, tone)."""
    rows: list[BandRow] = []
    size, churned = len(cases), int(cases.churned.sum())
    so_far = gone_so_far = 0
    for band, tone in bands:
        here = cases.among([band])
        inside, gone = int(here.sum()), int((here & cases.churned).sum())
        so_far, gone_so_far = so_far + inside, gone_so_far + gone
        rows.append(
            BandRow(
                band,
                tone,
                inside,
                gone,
                _share(inside, size) or 0.0,
                _share(gone, inside),
                _share(gone, churned) or 0.0,
                _share(so_far, size) or 0.0,
                _share(gone_so_far, so_far),
                _share(gone_so_far, churned) or 0.0,
            )
        )
    return tuple(rows)


def lead(cases: Cases, alarming: Sequence[str]) -> Lead:
    """Return how early the churns in view were foretold; `cases` in any order."""
    ended = np.unique(cases.stint[cases.churned])
    seen = by_stint(cases.take(np.isin(cases.stint, ended)))
    runs = np.split(np.arange(len(seen)), np.flatnonzero(np.diff(seen.stint)) + 1)
    alarms = seen.among(alarming)
    found = [_days_ahead(seen, alarms, run.tolist()) for run in runs if len(run)]
    days = tuple(sorted(one for one in found if one is not None))
    return Lead(
        churned=len(ended),
        caught=len(days),
        median=quantile(days, 0.5),
        lower=quantile(days, 0.25),
        upper=quantile(days, 0.75),
        days=days,
    )


def alerts(cases: Cases, alarming: Sequence[str]) -> Alerts:
    """Count each fall from a calm band into an alarming one; the first sight of a customer is none.

    This is what playbooks act on. An alert is false when no churn came within the horizon.
    """
    order = np.lexsort((cases.as_of, cases.stint))
    stint, alarm = cases.stint[order], cases.among(alarming)[order]
    fell = (stint[1:] == stint[:-1]) & alarm[1:] & ~alarm[:-1]
    raised, false = int(fell.sum()), int((~cases.churned[order][1:][fell]).sum())
    days = (int(cases.as_of.max()) - int(cases.as_of.min())) if len(cases) else 0
    weeks = (days + 1) / WEEK if days else 1.0
    return Alerts(tuple(alarming), raised, raised / weeks, false, _share(false, raised))


def by_stint(cases: Cases) -> Cases:
    """Return the cases stay by stay, the days of each ascending."""
    return cases.take(np.lexsort((cases.as_of, cases.stint)))


def quantile(ascending: Sequence[float], share: float) -> float | None:
    """Return the value below which that share lies, between neighbours where it falls between."""
    if not ascending:
        return None
    place = share * (len(ascending) - 1)
    low = int(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (ascending[high] - ascending[low]) * (place - low)


def _days_ahead(seen: Cases, alarms: Flags, run: Sequence[int]) -> int | None:
    """Return how long before the churn the stay in alarm began that reached into the horizon."""
    begun: int | None = None
    ends = int(seen.churned_on[run[-1]])
    for row in reversed(run):
        if alarms[row]:
            begun = int(seen.as_of[row])
        elif begun is not None or not seen.churned[row]:
            break
    return None if begun is None else min(ends - begun, LONGEST_LEAD)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
