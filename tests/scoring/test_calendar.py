"""Working days: counted right, and taken account of where a model says so."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scoring.calendar import Calendar
from scoring.errors import ModelInvalid
from scoring.figures import Answers
from scoring.load import parse
from scoring.model import HealthModel
from scoring.score import Score, prepare
from tests.scoring.test_standing import HEAD, words
from tests.scoring.worlds import World, customer, live_feeds, value_of

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(DAYS, st.integers(-3, 400), st.sets(st.integers(0, 400).map(timedelta), max_size=20))
def test_working_days_are_what_one_counts_on_the_fingers(
    first: date, length: int, off: set[timedelta]
) -> None:
    holidays = {first + days for days in off}
    last = first + timedelta(days=length)

    counted = Calendar.of(holidays).working_days(first, last)

    days = [first + timedelta(days=n) for n in range(length + 1)]
    assert counted == len([day for day in days if day.weekday() < 5 and day not in holidays])


def with_factor(measure: str, scale: str) -> HealthModel:
    factor = f"{{name: f, title: T, noun: logins, weight: 1, measure: {measure}, scale: {scale}}}"
    return parse(f"holidays: DE-BY\n{HEAD}  - {factor}\n", "calendar.yaml")


def scored_on(model: HealthModel, world: World, day: date, *holidays: date) -> Score:
    plan = prepare(model, day, live_feeds(model, day), holidays={"DE-BY": holidays})
    answers: Answers = world.answers(plan.figures)
    return plan.score(customer(), answers, None)


def every_working_day(last: date, *off: date) -> World:
    days = [last - timedelta(days=back) for back in range(60)]
    return World().event("login", *[day for day in days if day.weekday() < 5 and day not in off])


# Good Friday and Easter Monday.
EASTER = (date(2026, 4, 3), date(2026, 4, 6))
AFTER = date(2026, 4, 8)


def test_a_week_with_two_holidays_has_to_hold_less() -> None:
    measure = "{kind: count, events: login, days: 7}"
    plain = with_factor(measure, "{kind: own_rhythm, zero_at: -4}")
    aware = with_factor(measure, "{kind: own_rhythm, zero_at: -4, per_working_day: true}")
    world = every_working_day(AFTER, *EASTER)

    assert value_of(scored_on(plain, world, AFTER, *EASTER), "f") < 70
    assert value_of(scored_on(aware, world, AFTER, *EASTER), "f") == 100


def test_a_holiday_counts_only_where_it_is_one() -> None:
    measure = "{kind: count, events: login, days: 7}"
    aware = with_factor(measure, "{kind: own_rhythm, zero_at: -4, per_working_day: true}")

    assert value_of(scored_on(aware, every_working_day(AFTER, *EASTER), AFTER), "f") < 70


def test_silence_over_the_holidays_is_no_silence() -> None:
    scale = "{kind: linear, zero_at: 3, full_at: 1}"
    plain = with_factor("{kind: recency, events: login, days: 28}", scale)
    aware = with_factor("{kind: recency, events: login, days: 28, working_days: true}", scale)
    tuesday = date(2026, 4, 7)
    world = every_working_day(date(2026, 4, 2))

    without = scored_on(plain, world, tuesday, *EASTER)
    within = scored_on(aware, world, tuesday, *EASTER)

    assert value_of(without, "f") == 0
    assert value_of(within, "f") == 100
    assert words(within) == "1 working day since the last logins, usually every 1.06 working days"


def test_a_region_is_written_as_one() -> None:
    try:
        parse(f"holidays: bavaria\n{HEAD}", "calendar.yaml")
    except ModelInvalid as error:
        said = str(error)

    assert "line 1: holidays: found 'bavaria', allowed: a country such as DE" in said
