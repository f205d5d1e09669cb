"""Worlds of cases with a known answer, and what is said of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from scoring.load import shipped
from scoring.proof.alarms import alerts, by_band, lead
from scoring.proof.calibration import by_tenth, falls_steadily
from scoring.proof.cases import base_rate, churns
from scoring.proof.evidence import (
    Evidence,
    Study,
    TooLittle,
    Verdict,
    alarming_bands,
    evidence,
    worst_first,
)
from scoring.proof.words import headline, sentences
from tests.scoring.proof.rows import Case, cases_of

START = date(2025, 1, 6)
MODEL = shipped()
STUDY = Study(MODEL.name, 1, START, START + timedelta(days=350), 7, 30, "a list", 0, 0)
RIVALS = (("silence", "Time since the last login"), ("tenure", "Tenure"))


def case(customer: int, week: int, value: float, *, ends: int | None = None) -> Case:
    """Return a case of a customer who leaves after so many days from the start, or stays."""
    day = START + timedelta(days=7 * week)
    end = None if ends is None else START + timedelta(days=ends)
    churned = end is not None and day < end <= day + timedelta(days=30)
    band = "healthy" if value >= 75 else "at-risk" if value >= 50 else "churn-risk"
    factors = (value, None, None, None, None)
    rivals = (-value, float(week))
    return Case(customer, customer, day, value, band, factors, rivals, end, churned)


def world(value: Callable[[int, int, bool], float], customers: int = 60) -> list[Case]:
    """Return weeks of customers of whom every other one leaves after about ten weeks.

    `value` is told customer, week and whether the customer leaves within a month.
    """
    found = []
    for customer in range(customers):
        ends = 60 + customer if customer % 2 else None
        for week in range(20):
            if ends is None or 7 * week < ends:
                near = ends is not None and 0 < ends - 7 * week <= 30
                found.append(case(customer, week, value(customer, week, near), ends=ends))
    return found


def judged(cases: list[Case]) -> Verdict:
    return evidence(STUDY, MODEL, cases_of(cases), RIVALS, times=100)


def scattered(customer: int, week: int, _near: object) -> float:
    return float((customer * 37 + week * 53) % 101)


def test_a_score_that_falls_before_every_churn_foretells_it() -> None:
    found = judged(world(lambda customer, _week, near: 20.0 if near else 60 + customer % 30))

    assert isinstance(found, Evidence)
    assert found.signal == "signal"
    assert found.score.auc.value == 1
    assert "foretells churn well" in headline(found)


def test_a_score_that_knows_nothing_is_said_to_know_nothing() -> None:
    found = judged(world(scattered))

    assert isinstance(found, Evidence)
    assert found.signal == "no signal"
    assert headline(found) == "No signal."
    assert "do not act on it" in " ".join(sentences(found))


def test_a_score_that_rises_before_churn_is_said_to_point_the_wrong_way() -> None:
    found = judged(world(lambda customer, _week, near: 90.0 if near else 30.0 + customer % 9))

    assert isinstance(found, Evidence)
    assert found.signal == "inverted"
    assert "wrong way" in headline(found)


def test_below_twenty_churns_nothing_is_said_but_what_is_missing() -> None:
    found = judged(world(scattered, customers=38))

    assert isinstance(found, TooLittle)
    assert (found.churns, found.needed) == (19, 20)
    assert "at least 20 are needed" in " ".join(sentences(found))
    assert "more month" in " ".join(sentences(found))


def test_where_nobody_churned_it_says_how_to_name_churns() -> None:
    found = judged([case(1, week, 50.0) for week in range(9)])

    assert "--labels" in " ".join(sentences(found))


def test_a_factor_never_known_is_named_and_not_judged() -> None:
    found = judged(world(scattered))

    assert isinstance(found, Evidence)
    assert [told.skill is None for told in found.factors] == [False, True, True, True, True]
    assert "Without data to judge: Key features used" in sentences(found)[-1]


def test_a_rival_that_does_better_is_named_with_what_to_do() -> None:
    cases = [replace(one, rivals=(float(not one.churned), 0.0)) for one in world(scattered)]

    found = judged(cases)

    assert "Time since the last login alone does better (1.000)" in " ".join(sentences(found))
    assert "bellwether tune" in " ".join(sentences(found))


def test_bands_add_up_to_all_cases_and_all_churn() -> None:
    cases = cases_of(world(scattered))

    rows = by_band(cases, worst_first(MODEL))

    assert sum(row.cases for row in rows) == len(cases)
    assert abs(sum(row.recall for row in rows) - 1) < 1e-9
    assert abs(rows[-1].share_or_worse - 1) < 1e-9
    assert rows[-1].precision_or_worse == base_rate(cases)


def test_a_churn_seen_from_several_days_counts_once() -> None:
    cases = [case(1, week, 50.0, ends=60) for week in range(8)]

    assert sum(one.churned for one in cases) == 3
    assert churns(cases_of(cases)) == 1


def test_lead_is_counted_from_the_beginning_of_the_last_unbroken_stay_in_alarm() -> None:
    values = [30.0, 90.0, 90.0, 40.0, 40.0, 40.0, 40.0, 40.0]
    cases = [case(1, week, value, ends=60) for week, value in enumerate(values)]

    found = lead(cases_of(cases), ["churn-risk"])

    assert (found.churned, found.caught, found.days) == (1, 1, (60 - 3 * 7,))


def test_an_alarm_that_ended_before_the_horizon_caught_nobody() -> None:
    values = [30.0, 30.0, 90.0, 90.0, 90.0, 90.0, 90.0, 90.0]
    cases = [case(1, week, value, ends=60) for week, value in enumerate(values)]

    assert lead(cases_of(cases), ["churn-risk"]).caught == 0


def test_an_alert_is_a_fall_and_the_first_sight_of_a_customer_is_none() -> None:
    falls = [case(1, week, value, ends=30) for week, value in enumerate([80.0, 30.0, 30.0, 30.0])]
    red_from_the_start = [case(2, week, 30.0) for week in range(4)]
    recovers = [case(3, week, value) for week, value in enumerate([80.0, 30.0, 80.0, 30.0])]

    found = alerts(cases_of([*falls, *red_from_the_start, *recovers]), ["churn-risk"])

    assert (found.alerts, found.false) == (3, 2)


def test_tenths_never_part_equal_scores_and_lose_nobody() -> None:
    cases = [case(at, 0, float(at % 3)) for at in range(100)]

    rows = by_tenth(cases_of(cases))

    assert sum(row.cases for row in rows) == 100
    assert [row.low for row in rows] == [0, 1, 2]


def test_a_score_whose_low_tenths_churn_most_falls_steadily() -> None:
    foretold = world(lambda customer, _week, near: 20.0 + customer if near else 40.0 + customer)

    assert falls_steadily(by_tenth(cases_of(foretold)))
    assert not falls_steadily(by_tenth(cases_of([case(at, 0, float(at)) for at in range(50)])))


def test_bands_of_a_bad_tone_alarm() -> None:
    assert alarming_bands(MODEL) == ("churn-risk",)
    assert alarming_bands(shipped("six-signal")) == ("at-risk", "critical")
