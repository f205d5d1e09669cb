"""Rule 28 on stored runs: once a local date through clock changes and leap days."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bellwether.clock import ReplayClock
from bellwether.due import Job
from bellwether.schedule import DIGEST, RESCORE, run_due
from service.ports import House
from storage.tables_acts import tick

# Half past two comes twice in autumn and not at all in spring.
TIMETABLE = (Job(RESCORE, time(2, 30)), Job(DIGEST, time(9)))
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("first", "dates"),
    [
        (date(2026, 10, 24), ["2026-10-24", "2026-10-25", "2026-10-26"]),
        (date(2026, 3, 28), ["2026-03-28", "2026-03-29", "2026-03-30"]),
        (date(2028, 2, 28), ["2028-02-28", "2028-02-29", "2028-03-01"]),
    ],
    ids=["autumn", "spring", "leap"],
)
def test_rule_28_nine_and_half_past_two_are_once_a_local_date(
    house: House, first: date, dates: list[str]
) -> None:
    clock = ReplayClock(datetime.combine(first, time(0), house.zone).astimezone(UTC))
    end = datetime.combine(first + timedelta(days=2), time(23), house.zone).astimezone(UTC)
    ran: Counter[tuple[str, str]] = Counter()

    while clock.now() <= end:
        for each in run_due(house, TIMETABLE, clock):
            ran[each.job, each.day.isoformat()] += 1
        clock.set(clock.now() + HALF_AN_HOUR)

    with house.database.reading() as tx:
        stored = tx.execute(select(tick.c.job, tick.c.scheduled_for, tick.c.state)).all()
    wanted = {(job.name, day): 1 for job in TIMETABLE for day in dates}
    # The first tick also finds the run of the day before the first.
    assert {key: count for key, count in ran.items() if key[1] >= dates[0]} == wanted
    assert {(job, at.date().isoformat()) for job, at, state in stored if state == "done"} >= set(
        wanted
    )
    assert set(ran.values()) == {1}
