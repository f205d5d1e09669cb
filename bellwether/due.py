"""What is due: a pure question about a job, a moment, a zone and the last run.

A job's run is known by its local date, never by its instant. So a clock change, a changed time
of day or a clock set back cannot make one date run twice.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# A week is the longest cycle a job may have; the newest due date lies within it.
_CYCLE = 8


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done once per local date, at or soon after a wall-clock time.

    `weekdays` are ISO weekdays (Monday is 1); none means every day.
    """

    name: str
    at: time
    weekdays: tuple[int, ...] = ()

    def falls_on(self, day: date) -> bool:
        """Say whether the job is done on this local date at all."""
        return not self.weekdays or day.isoweekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Due:
    """One run that should happen now: the newest one; older missed ones are not made up.

    `first`: the store has not seen a run of this job yet, so nothing of what it holds is news.
    """

    job: str
    day: date
    instant: datetime
    missed: tuple[date, ...]
    first: bool = False

    @property
    def as_of(self) -> date:
        """The day this run describes: the last complete UTC day at its scheduled instant."""
        return self.instant.date() - timedelta(days=1)


def instant_on(job: Job, day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which the job falls due on a local date.

    A wall time that occurs twice means its first occurrence; one that is skipped in spring
    means as much later as the clock jumped (02:30 becomes 03:30).
    """
    return datetime.combine(day, job.at, tzinfo=zone).astimezone(UTC)


def newest_date(job: Job, now: datetime, zone: ZoneInfo) -> date | None:
    """Return the newest local date whose run lies at or before `now`."""
    today = now.astimezone(zone).date()
    for back in range(-1, _CYCLE + 1):
        day = today - timedelta(days=back)
        if job.falls_on(day) and instant_on(job, day, zone) <= now:
            return day
    return None


def due(job: Job, now: datetime, zone: ZoneInfo, last: date | None) -> Due | None:
    """Return the run that should happen now, or None.

    `last` is the local date of the newest run there was, None when there never was one: then
    only the newest date is due and nothing was missed.
    """
    day = newest_date(job, now, zone)
    if day is None or (last is not None and day <= last):
        return None
    missed = _missed(job, last, day)
    return Due(job.name, day, instant_on(job, day, zone), missed, first=last is None)


def next_instant(job: Job, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the job falls due next, after `now`."""
    today = now.astimezone(zone).date()
    for ahead in range(-1, _CYCLE + 1):
        day = today + timedelta(days=ahead)
        instant = instant_on(job, day, zone)
        if job.falls_on(day) and instant > now:
            return instant
    raise ValueError(f"the job {job.name} falls on no weekday")


def _missed(job: Job, last: date | None, day: date) -> tuple[date, ...]:
    if last is None:
        return ()
    between = (last + timedelta(days=n) for n in range(1, (day - last).days))
    return tuple(one for one in between if job.falls_on(one))
