"""Business time: what is Monday to Friday, nine to five, and no holiday. Pure sums of dates."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

SATURDAY: Final = 5
OPENS, CLOSES = time(9), time(17)
A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """When work is done somewhere: its zone, its holidays, and from when until when."""

    zone: tzinfo = UTC
    holidays: Collection[date] = field(default_factory=frozenset)
    opens: time = OPENS
    closes: time = CLOSES


def works(day: date, holidays: Collection[date] = ()) -> bool:
    """Return whether work is done on that day."""
    return day.weekday() < SATURDAY and day not in holidays


def business_days_after(day: date, days: int, holidays: Collection[date] = ()) -> date:
    """Return the day so many working days after `day`."""
    while days > 0:
        day += A_DAY
        days -= works(day, holidays)
    return day


def business_days_later(start: datetime, days: int, hours: Hours) -> datetime:
    """Return the same local time so many working days later, as UTC."""
    there = start.astimezone(hours.zone)
    day = business_days_after(there.date(), days, hours.holidays)
    return _instant(day, there.time(), hours.zone)


def days_later(start: datetime, days: int, hours: Hours) -> datetime:
    """Return the same local time so many days of the calendar later, as UTC."""
    there = start.astimezone(hours.zone)
    return _instant(there.date() + timedelta(days=days), there.time(), hours.zone)


def business_hours_later(start: datetime, amount: int, hours: Hours) -> datetime:
    """Return when so many hours of work have passed since, as UTC.

    What is left of a day when it closes goes on when the next working day opens. Time is counted as
    it passes, so that a clock change inside working hours takes an hour away or gives one.
    """
    left, now = timedelta(hours=amount), start.astimezone(UTC)
    day = now.astimezone(hours.zone).date()
    while True:
        opens, closes = (_instant(day, each, hours.zone) for each in (hours.opens, hours.closes))
        begins = max(now, opens)
        if works(day, hours.holidays) and begins < closes:
            if begins + left <= closes:
                return begins + left
            left -= closes - begins
        day += A_DAY


def _instant(day: date, clock: time, zone: tzinfo) -> datetime:
    """Return that time on that local date; of an hour that comes twice, its first coming."""
    return datetime.combine(day, clock.replace(fold=0), tzinfo=zone).astimezone(UTC)
