"""Business time: working hours pass, nights, weekends and holidays do not."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.business import (
    Hours,
    business_days_after,
    business_days_later,
    business_hours_later,
    days_later,
    works,
)

BERLIN = Hours(ZoneInfo("Europe/Berlin"))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
HOLIDAYS = st.sets(st.dates(date(2026, 1, 1), date(2028, 12, 31)), max_size=20)


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-20T10:00", 4, "2026-11-20T14:00"),
        ("2026-11-20T13:00", 4, "2026-11-20T17:00"),
        # A Friday's last hour, and three on Monday.
        ("2026-11-20T16:00", 4, "2026-11-23T12:00"),
        ("2026-11-20T06:00", 4, "2026-11-20T13:00"),
        ("2026-11-21T12:00", 1, "2026-11-23T10:00"),
        ("2026-11-20T17:00", 8, "2026-11-23T17:00"),
        ("2026-11-20T09:00", 16, "2026-11-23T17:00"),
    ],
)
def test_hours_are_counted_from_nine_to_five_on_working_days(
    start: str, hours: int, end: str
) -> None:
    assert business_hours_later(at(start), hours, BERLIN) == at(end)


def test_a_holiday_is_no_working_day() -> None:
    closed = Hours(BERLIN.zone, {date(2026, 12, 25)})

    assert business_days_later(at("2026-12-24T10:00"), 1, closed) == at("2026-12-28T10:00")
    assert business_hours_later(at("2026-12-24T16:00"), 2, closed) == at("2026-12-28T10:00")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-27T10:00", "2026-03-30T10:00"),  # The clocks go forward in between.
        ("2026-10-23T10:00", "2026-10-26T10:00"),  # And back.
        ("2028-02-28T10:00", "2028-02-29T10:00"),
    ],
)
def test_a_day_later_is_the_same_time_on_the_clock_there(start: str, end: str) -> None:
    assert business_days_later(at(start), 1, BERLIN) == at(end)


def test_days_of_the_calendar_pass_over_weekends_too() -> None:
    assert days_later(at("2026-11-20T10:00"), 7, BERLIN) == at("2026-11-27T10:00")


@given(MOMENTS, st.integers(1, 80), ZONES, HOLIDAYS)
def test_hours_end_within_working_time_and_never_early(
    start: datetime, hours: int, zone: str, holidays: set[date]
) -> None:
    there = Hours(ZoneInfo(zone), holidays)

    end = business_hours_later(start, hours, there)

    local = end.astimezone(there.zone)
    assert end - start >= timedelta(hours=hours)
    assert works(local.date(), holidays)
    assert time(9) < local.time() <= time(17)


@given(MOMENTS, st.integers(1, 30), st.integers(1, 30), ZONES, HOLIDAYS)
def test_waiting_twice_is_waiting_for_the_sum(
    start: datetime, first: int, second: int, zone: str, holidays: set[date]
) -> None:
    there = Hours(ZoneInfo(zone), holidays)

    once = business_hours_later(start, first + second, there)

    assert business_hours_later(business_hours_later(start, first, there), second, there) == once


@given(st.dates(date(2026, 1, 1), date(2028, 12, 31)), st.integers(1, 60), HOLIDAYS)
def test_so_many_working_days_lie_between(day: date, days: int, holidays: set[date]) -> None:
    end = business_days_after(day, days, holidays)

    between = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(works(one, holidays) for one in between) == days
    assert works(end, holidays)
