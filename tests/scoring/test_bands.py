"""Bands, hysteresis, transitions and trends."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.bands import held_band, is_worse, raw_band, tone
from scoring.score import UNKNOWN_BAND, Score
from scoring.transition import transition
from scoring.trend import slope, trend
from tests.scoring.worlds import FIVE, TODAY

SCORES = st.decimals(0, 100, places=2)
BANDS = st.sampled_from(["healthy", "at-risk", "churn-risk", None])


def at(value: str, band: str, version: int = 1) -> Score:
    return Score("saas-five-factor", version, TODAY, Decimal(value), Decimal(100), band, band, ())


@pytest.mark.parametrize(
    ("value", "band"),
    [("100", "healthy"), ("75", "healthy"), ("74.99", "at-risk"), ("49.99", "churn-risk")],
)
def test_the_band_is_read_from_the_stored_value(value: str, band: str) -> None:
    assert raw_band(FIVE, Decimal(value)).name == band


@pytest.mark.parametrize(
    ("previous", "value", "band"),
    [
        ("churn-risk", "52.99", "churn-risk"),
        ("churn-risk", "53", "at-risk"),
        ("churn-risk", "77.99", "at-risk"),
        ("churn-risk", "78", "healthy"),
        ("at-risk", "77", "at-risk"),
        ("healthy", "74.99", "at-risk"),
        ("healthy", "10", "churn-risk"),
        ("unknown", "50.1", "at-risk"),
        ("of-another-model", "50.1", "at-risk"),
        (None, "50.1", "at-risk"),
    ],
)
def test_a_worse_band_is_left_only_well_above_it(
    previous: str | None, value: str, band: str
) -> None:
    assert held_band(FIVE, Decimal(value), previous).name == band


def test_thirty_days_around_the_threshold_change_the_band_once() -> None:
    band: str | None = "at-risk"
    seen = [band]
    for day in range(30):
        value = Decimal("49.9") if day % 2 == 0 else Decimal("50.1")
        band = held_band(FIVE, value, band).name
        seen.append(band)

    changes = sum(before != after for before, after in pairwise(seen))

    assert changes == 1


@given(SCORES, BANDS)
def test_the_held_band_is_never_better_than_the_numbers_say(
    value: Decimal, previous: str | None
) -> None:
    raw, held = raw_band(FIVE, value), held_band(FIVE, value, previous)

    assert held.at_least <= raw.at_least


@given(SCORES, BANDS)
def test_holding_a_band_twice_changes_nothing(value: Decimal, previous: str | None) -> None:
    once = held_band(FIVE, value, previous)

    assert held_band(FIVE, value, once.name) == once


def test_bands_are_compared_by_rank_and_shown_in_their_tone() -> None:
    assert is_worse(FIVE, "churn-risk", "at-risk")
    assert not is_worse(FIVE, "healthy", "at-risk")
    assert not is_worse(FIVE, "unknown", "healthy")
    assert (tone(FIVE, "at-risk"), tone(FIVE, "unknown")) == ("warning", "unknown")


@pytest.mark.parametrize(
    ("previous", "current", "kind"),
    [
        (None, at("40", "churn-risk"), "baseline"),
        (at("80", "healthy", version=2), at("40", "churn-risk"), "baseline"),
        (at("80", UNKNOWN_BAND), at("40", "churn-risk"), "baseline"),
        (at("80", "healthy"), at("40", UNKNOWN_BAND), "unchanged"),
        (at("80", "healthy"), at("78", "healthy"), "unchanged"),
        (at("80", "healthy"), at("60", "at-risk"), "worsened"),
        (at("80", "healthy"), at("40", "churn-risk"), "worsened"),
        (at("35", "churn-risk"), at("55", "at-risk"), "improved"),
    ],
)
def test_a_transition_compares_only_what_can_be_compared(
    previous: Score | None, current: Score, kind: str
) -> None:
    moved = transition(FIVE, previous, current)

    assert moved.kind == kind
    assert moved.to_band == current.band
    assert moved.score_after == current.value
    assert moved.score_before == (previous.value if previous else None)


@pytest.mark.parametrize(
    ("current", "previous", "heading"),
    [
        ("60", None, "stable"),
        ("60", "55", "stable"),
        ("60.01", "55", "improving"),
        ("50", "55", "stable"),
        ("49.99", "55", "declining"),
    ],
)
def test_the_trend_needs_more_than_five_points(
    current: str, previous: str | None, heading: str
) -> None:
    before = None if previous is None else Decimal(previous)

    assert trend(FIVE, Decimal(current), before) == heading


def test_the_slope_is_points_a_day() -> None:
    falling = [(TODAY + timedelta(days=day), Decimal(80 - 2 * day)) for day in range(10)]

    assert slope(falling) == -2
    assert slope(falling[:1]) is None
    assert slope([]) is None
