"""The six-signal model, to the number of shared/models.md."""

from decimal import Decimal

import pytest

from scoring.load import shipped
from scoring.score import Score
from tests.scoring.worlds import TODAY, World, ago, scored, status_of, value_of

SIX = shipped("six-signal")


def six(world: World) -> Score:
    return scored(world, model=SIX)


@pytest.mark.parametrize(("sessions", "worth"), [(0, 0), (10, 50), (20, 100), (40, 100)])
def test_sessions_rise_to_100_at_twenty(sessions: int, worth: int) -> None:
    score = six(World().event("session", *[TODAY] * sessions))

    assert value_of(score, "login_frequency") == worth


@pytest.mark.parametrize(("features", "worth"), [(0, 0), (4, 40), (12, 100)])
def test_features_rise_to_100_at_ten(features: int, worth: int) -> None:
    assert value_of(six(World().features(features)), "feature_adoption") == worth


def test_the_mean_rating_is_a_share_of_five_and_without_one_fifty() -> None:
    rated = six(World().rating(5, 2).rating(2, 1))
    unrated = six(World())

    assert value_of(rated, "support_sentiment") == 80
    assert value_of(unrated, "support_sentiment") == 50
    assert status_of(unrated, "support_sentiment") == "not_applicable"


@pytest.mark.parametrize(("now", "before", "worth"), [(50, 100, 50), (300, 100, 100), (0, 9, 0)])
def test_api_usage_is_the_ratio_to_the_days_before_capped_at_one(
    now: int, before: int, worth: int
) -> None:
    assert value_of(six(World().api_calls(now, before)), "api_usage_trend") == worth


def test_payment_health_is_the_share_that_did_not_fail() -> None:
    paid = World().event("payment_succeeded", *[ago(10)] * 3).event("payment_failed", ago(5))

    assert value_of(six(paid), "payment_health") == 75
    assert value_of(six(World()), "payment_health") == 100


@pytest.mark.parametrize(("added", "worth"), [(0, "0"), (1, "33.33"), (3, "100"), (7, "100")])
def test_the_team_grows_to_100_at_three(added: int, worth: str) -> None:
    score = six(World().event("user_added", *[ago(2)] * added))

    assert value_of(score, "team_growth") == Decimal(worth)


def test_the_score_is_a_whole_number_and_so_are_its_contributions() -> None:
    world = World().event("session", *[TODAY] * 7).features(3).event("user_added", TODAY)

    score = six(world)

    assert score.value == score.value.to_integral_value()
    assert sum(factor.contribution for factor in score.factors) == score.value


@pytest.mark.parametrize(
    ("value", "band"), [("70", "healthy"), ("69", "monitor"), ("49", "at-risk"), ("29", "critical")]
)
def test_its_bands_are_its_own(value: str, band: str) -> None:
    found = next(known for known in SIX.bands if Decimal(value) >= known.at_least)

    assert found.name == band
