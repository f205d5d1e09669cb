"""The default model, to the number of shared/models.md."""

from datetime import date
from decimal import Decimal

import pytest

from tests.scoring.worlds import TODAY, World, ago, scored, value_of


def late(world: World, on_time: int, late: int) -> World:
    for number in range(on_time):
        world.invoice(ago(20 + number), ago(25))
    for number in range(late):
        world.invoice(ago(40 + number), None)
    return world


def test_the_worked_example_scores_56_83_and_is_at_risk() -> None:
    world = late(World().logins(10).features(3).opened(4).api_calls(80, 100), 2, 1)

    score = scored(world)

    assert score.value == Decimal("56.83")
    assert score.band == "at-risk"
    assert [str(factor.contribution) for factor in score.factors] == [
        "12.50",
        "15.00",
        "12.00",
        "13.33",
        "4.00",
    ]


@pytest.mark.parametrize(("logins", "worth"), [(0, 0), (10, 50), (20, 100), (40, 100)])
def test_logins_rise_to_100_at_twenty(logins: int, worth: int) -> None:
    score = scored(World().logins(logins))

    assert value_of(score, "login_frequency") == worth


@pytest.mark.parametrize(("tickets", "worth"), [(0, 100), (5, 50), (10, 0), (25, 0)])
def test_tickets_fall_to_0_at_ten(tickets: int, worth: int) -> None:
    score = scored(World().opened(tickets))

    assert value_of(score, "support_load") == worth


@pytest.mark.parametrize(("features", "worth"), [(0, 0), (3, 60), (5, 100), (9, 100)])
def test_features_rise_to_100_at_five(features: int, worth: int) -> None:
    score = scored(World().features(features))

    assert value_of(score, "feature_adoption") == worth


@pytest.mark.parametrize(
    ("on_time", "late_ones", "worth"),
    [(2, 1, "66.67"), (3, 0, "100.00"), (0, 3, "0.00"), (1, 0, "100.00"), (0, 0, "50.00")],
)
def test_invoices_are_the_share_paid_on_time(on_time: int, late_ones: int, worth: str) -> None:
    score = scored(late(World(), on_time, late_ones))

    assert value_of(score, "invoice_timeliness") == Decimal(worth)


def test_only_the_last_three_invoices_count() -> None:
    world = late(World(), 3, 5)

    assert value_of(scored(world), "invoice_timeliness") == 100


def test_an_invoice_not_yet_due_does_not_count() -> None:
    world = World().invoice(date(2026, 12, 1), None).invoice(ago(5), ago(5))

    assert value_of(scored(world), "invoice_timeliness") == 100


def test_an_invoice_due_today_and_unpaid_is_late() -> None:
    world = World().invoice(TODAY, None)

    assert value_of(scored(world), "invoice_timeliness") == 0


def test_a_payment_after_the_day_scored_is_not_known_on_it() -> None:
    world = World().invoice(ago(40), ago(10))

    then = scored(world, as_of=ago(20))

    assert value_of(then, "invoice_timeliness") == 0


@pytest.mark.parametrize(
    ("now", "before", "worth"),
    [
        (1000, 0, 100),
        (0, 1000, 0),
        (100, 100, 50),
        (200, 100, 100),
        (500, 100, 100),
        (50, 100, 25),
        (0, 0, 50),
    ],
)
def test_api_calls_are_judged_by_their_change(now: int, before: int, worth: int) -> None:
    score = scored(World().api_calls(now, before))

    assert value_of(score, "api_trend") == worth


def test_a_window_of_thirty_days_holds_the_day_itself_and_twenty_nine_before() -> None:
    world = World().logins(1, TODAY).logins(1, ago(29)).logins(1, ago(30))

    login = scored(world).factors[0]

    assert login.raw["count"] == 2


def test_the_same_question_about_a_past_day_leaves_out_what_came_after() -> None:
    world = World().logins(5, ago(10)).logins(7, ago(2))

    login = scored(world, as_of=ago(5)).factors[0]

    assert login.raw["count"] == 5
