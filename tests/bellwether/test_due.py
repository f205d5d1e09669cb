"""Due-ness: once per local date, through clock changes, downtime and clocks set back."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.due import Job, due, instant_on, next_instant

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = Job("digest", time(9))
NIGHT = Job("rescore", time(2, 30))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def runs(job: Job, zone: ZoneInfo, first: datetime, last: datetime) -> list[tuple[date, datetime]]:
    """Tick every quarter of an hour, as the scheduler would, and list what ran when."""
    done: list[tuple[date, datetime]] = []
    moment = first
    newest: date | None = None
    while moment <= last:
        found = due(job, moment, zone, newest)
        if found:
            done.append((found.day, moment))
            newest = found.day
        moment += timedelta(minutes=15)
    return done


@pytest.mark.parametrize("job", [MORNING, NIGHT])
@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-03-27T23:15Z", "2026-03-30T21:00Z"), ("2026-10-23T22:15Z", "2026-10-26T22:00Z")],
    ids=["spring", "autumn"],
)
def test_a_job_runs_once_per_local_date_through_both_clock_changes(
    job: Job, first: str, last: str
) -> None:
    done = runs(job, BERLIN, at(first), at(last))

    days = [day for day, _ in done]
    started = at(first).astimezone(BERLIN).date()
    wanted = [started + timedelta(days=n) for n in range(-1, 3)]
    assert days == wanted


def test_half_past_two_comes_first_in_the_repeated_hour_and_late_in_the_skipped_one() -> None:
    autumn = instant_on(NIGHT, date(2026, 10, 25), BERLIN)
    spring = instant_on(NIGHT, date(2026, 3, 29), BERLIN)

    assert autumn == at("2026-10-25T00:30Z")
    assert spring.astimezone(BERLIN).time() == time(3, 30)


def test_nine_o_clock_stays_nine_o_clock_on_the_wall() -> None:
    winter = instant_on(MORNING, date(2026, 3, 28), BERLIN)
    summer = instant_on(MORNING, date(2026, 3, 29), BERLIN)

    assert (winter.hour, summer.hour) == (8, 7)


def test_the_leap_day_is_a_day() -> None:
    found = due(MORNING, at("2028-02-29T10:00Z"), BERLIN, date(2028, 2, 28))

    assert found is not None
    assert found.day == date(2028, 2, 29)
    assert found.as_of == date(2028, 2, 28)


def test_nothing_is_due_before_its_time_nor_twice() -> None:
    before = due(MORNING, at("2026-11-20T07:59Z"), BERLIN, date(2026, 11, 19))
    after = due(MORNING, at("2026-11-20T08:00Z"), BERLIN, date(2026, 11, 19))
    again = due(MORNING, at("2026-11-20T08:01Z"), BERLIN, date(2026, 11, 20))

    assert before is None
    assert after is not None
    assert again is None


def test_three_days_down_is_one_run_that_knows_what_it_missed() -> None:
    found = due(MORNING, at("2026-11-20T12:00Z"), BERLIN, date(2026, 11, 16))

    assert found is not None
    assert found.day == date(2026, 11, 20)
    assert found.missed == (date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19))


def test_a_clock_set_back_runs_nothing_again() -> None:
    assert due(MORNING, at("2026-11-17T12:00Z"), BERLIN, date(2026, 11, 20)) is None


def test_the_first_start_is_one_run_and_misses_nothing() -> None:
    found = due(MORNING, at("2026-11-20T03:00Z"), BERLIN, None)

    assert found is not None
    assert found.day == date(2026, 11, 19)
    assert found.missed == ()


def test_a_weekly_job_keeps_to_its_weekday() -> None:
    weekly = Job("review", time(9), weekdays=(1,))

    found = due(weekly, at("2026-11-20T12:00Z"), BERLIN, date(2026, 11, 2))

    assert found is not None
    assert found.day == date(2026, 11, 16)
    assert found.missed == (date(2026, 11, 9),)
    assert next_instant(weekly, at("2026-11-20T12:00Z"), BERLIN) == at("2026-11-23T08:00Z")


def test_a_day_the_zone_left_out_is_not_run_on_its_own() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")

    done = runs(MORNING, apia, at("2011-12-29T00:00Z"), at("2012-01-01T00:00Z"))

    assert [day for day, _ in done][1:] == [
        date(2011, 12, 29),
        date(2011, 12, 31),
        date(2012, 1, 1),
    ]


@given(
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)),  # noqa: DTZ001
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Pacific/Apia", "UTC", "Africa/Cairo"]
    ),
)
def test_what_is_due_was_due_within_the_last_day_and_next_is_ahead(
    moment: datetime, hour: int, minute: int, zone: str
) -> None:
    now = moment.replace(tzinfo=UTC)
    job = Job("any", time(hour, minute))

    found = due(job, now, ZoneInfo(zone), None)

    assert found is not None
    assert timedelta(0) <= now - found.instant <= timedelta(hours=25)
    assert due(job, now, ZoneInfo(zone), found.day) is None
    assert now < next_instant(job, now, ZoneInfo(zone)) <= now + timedelta(hours=25)
