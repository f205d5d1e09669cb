"""Why a score moved: points that add up, and sentences a CSM would say."""

import json
from dataclasses import replace
from decimal import Decimal

from scoring.explain import Driver, drivers, factor_words
from scoring.feeds import FeedState
from scoring.record import from_record, to_record
from tests.scoring.worlds import (
    FIVE,
    LONG_AGO,
    World,
    ago,
    customer,
    live_feeds,
    scored,
)


def sentence_of(found: tuple[Driver, ...], factor: str) -> str:
    return next(driver.sentence for driver in found if driver.factor == factor)


def test_a_fall_in_logins_is_told_with_both_figures_and_its_points() -> None:
    before = scored(World().logins(17).features(5))
    now = scored(World().logins(5).features(5))

    (driver,) = drivers(now, before)

    assert driver.sentence == "Logins fell from 17 to 5 (−71 %) in 30 days: −15 points."  # noqa: RUF001 - a true minus
    assert driver.points == now.value - before.value
    assert driver.cause == "behaviour"


def test_every_kind_of_measure_has_its_sentence() -> None:
    before = scored(World().features(4).opened(2).api_calls(100, 100).invoice(ago(5), ago(5)))
    now = scored(
        World()
        .features(1)
        .opened(7)
        .api_calls(40, 100)
        .invoice(ago(5), ago(5))
        .invoice(ago(3), None)
    )

    found = drivers(now, before)

    assert sentence_of(found, "feature_adoption").startswith("Key features used fell from 4 to 1")
    assert sentence_of(found, "support_load").startswith("Support tickets rose from 2 to 7")
    assert sentence_of(found, "invoice_timeliness").startswith(
        "1 of the last 2 invoices paid on time, 1 of 1 before"
    )
    assert sentence_of(found, "api_trend").startswith(
        "40 API calls in 30 days, 100 in the 30 before"
    )


def test_the_strongest_driver_comes_first_and_what_moved_nothing_is_left_out() -> None:
    before = scored(World().logins(20).features(5).opened(1))
    now = scored(World().logins(18).features(0).opened(1))

    found = drivers(now, before)

    assert [driver.factor for driver in found] == ["feature_adoption", "login_frequency"]


def test_without_an_earlier_score_drivers_are_the_points_not_earned() -> None:
    now = scored(World().logins(12).features(5))

    found = drivers(now, None)

    assert {driver.factor: driver.points for driver in found} == {
        "login_frequency": Decimal("-10.00"),
        "invoice_timeliness": Decimal("-10.00"),
        "api_trend": Decimal("-5.00"),
    }
    assert sentence_of(found, "login_frequency") == (
        "12 of 20 logins in 30 days: 10 of 25 points lost."
    )


def test_a_feed_that_stopped_is_a_change_of_coverage_not_of_behaviour() -> None:
    stopped = FeedState("features", "stopped", ago(40), LONG_AGO)
    world = World().logins(20).features(5, ago(20))
    before = scored(world)

    now = scored(world, feeds=live_feeds(FIVE, features=stopped))

    assert {driver.cause for driver in drivers(now, before)} == {"coverage"}


def test_a_factor_that_only_weighs_differently_says_so() -> None:
    facts = customer(created_on=ago(7))
    world = World().logins(10, ago(5)).opened(5, ago(5))
    before = scored(world, facts=facts, as_of=ago(1))
    now = scored(world, facts=facts)

    found = {driver.factor: driver for driver in drivers(now, before)}

    assert found["support_load"].cause == "coverage"
    assert "The weight of Support tickets changed" in found["support_load"].sentence


def test_a_factor_that_changed_and_weighs_differently_has_a_driver_for_each() -> None:
    facts = customer(created_on=ago(7))
    world = World().logins(10, ago(5)).opened(5, ago(5)).opened(1)
    before = scored(world, facts=facts, as_of=ago(1))
    now = scored(world, facts=facts)

    found = drivers(now, before)
    tickets = {driver.cause: driver.points for driver in found if driver.factor == "support_load"}

    assert set(tickets) == {"behaviour", "coverage"}
    assert sum(driver.points for driver in found) == now.value - before.value


def test_data_that_arrived_late_is_told_apart_from_behaviour() -> None:
    stored = scored(World().logins(4, ago(5)), as_of=ago(1))
    world = World().logins(8, ago(5)).logins(2)
    replayed = scored(world, as_of=ago(1))
    now = scored(world)

    found = drivers(now, stored, replayed)

    assert [(driver.cause, driver.points) for driver in found] == [
        ("late_data", Decimal("5.00")),
        ("behaviour", Decimal("2.50")),
    ]
    assert (
        found[0].sentence == "Logins: corrected from 4 to 8 by data that arrived late: +5 points."
    )


def test_what_rounding_alone_moved_is_never_told_as_a_change() -> None:
    before = scored(World().logins(7).opened(1).invoice(ago(9), None).invoice(ago(8), ago(8)))
    now = scored(World().logins(8).opened(1).invoice(ago(9), None).invoice(ago(8), ago(8)))

    found = drivers(now, before)

    assert [driver.factor for driver in found] == ["login_frequency"]
    assert found[0].points == now.value - before.value


def test_a_change_of_model_is_never_shown_as_a_change_of_behaviour() -> None:
    before = scored(World().logins(20).features(5))
    other = replace(scored(World().logins(3).features(5)), version=2)

    found = drivers(other, before)

    assert {driver.cause for driver in found} == {"model"}
    assert sum(driver.points for driver in found) == other.value - before.value


def test_what_another_model_makes_of_the_same_day_is_parted_from_what_they_did_since() -> None:
    before = scored(World().logins(20).features(5))
    same_day = replace(scored(World().logins(16).features(5)), version=2)
    now = replace(scored(World().logins(8).features(5)), version=2)

    found = drivers(now, before, same_day)

    assert [(driver.cause, driver.points) for driver in found] == [
        ("behaviour", Decimal("-10.00")),
        ("model", Decimal("-5.00")),
    ]
    assert found[1].sentence == (
        "The same day by saas-five-factor@2 instead of saas-five-factor@1: −5 points."  # noqa: RUF001 - a true minus
    )
    assert sum(driver.points for driver in found) == now.value - before.value


def test_words_for_a_factor_say_what_was_measured_or_why_not() -> None:
    score = scored(World().logins(12).opened(3), facts=customer())
    young = scored(World(), facts=customer(created_on=ago(1)))
    words = [factor_words(factor) for factor in score.factors]

    assert words[0] == "12 of 20 logins in 30 days"
    assert words[2] == "3 tickets in 90 days (limit 10)"
    assert words[3] == "no invoices to measure"
    assert factor_words(young.factors[0]) == "no data yet on logins"


def test_words_for_a_stale_factor_name_the_day_it_stands_at() -> None:
    stopped = FeedState("events:login", "stopped", ago(10), LONG_AGO)

    score = scored(World().logins(8, ago(12)), feeds=live_feeds(FIVE, login=stopped))

    assert factor_words(score.factors[0]) == (
        f"8 of 20 logins in 30 days, as of {ago(10)}: the feed has stopped"
    )


def test_a_stored_score_reads_as_it_was() -> None:
    score = scored(World().logins(7).features(2).opened(1).invoice(ago(5), None))

    again = from_record(json.loads(json.dumps(to_record(score))))

    assert again == score
    assert drivers(again, None) == drivers(score, None)
