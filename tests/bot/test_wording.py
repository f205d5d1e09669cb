"""Figures as people read them."""

from datetime import date
from decimal import Decimal

import pytest

from bot import wording


@pytest.mark.parametrize(
    ("value", "cells"), [("0", 0), ("0.4", 1), ("4", 1), ("50", 5), ("94.9", 9), ("100", 10)]
)
def test_a_bar_has_ten_cells_and_anything_above_nought_shows(value: str, cells: int) -> None:
    bar = wording.bar(Decimal(value))

    assert bar == "▓" * cells + "░" * (10 - cells)


def test_a_change_carries_its_sign_and_nothing_to_compare_with_says_so() -> None:
    assert wording.change(Decimal("-12.50")) == "−12.5 points"  # noqa: RUF001 - a true minus
    assert wording.change(Decimal(3)) == "+3 points"
    assert wording.change(None) == "no earlier score"


@pytest.mark.parametrize(
    ("score", "words"), [("52.3", "52.30"), ("100", "100.00"), ("0", "0.00"), ("45.10", "45.10")]
)
def test_a_score_always_has_its_two_decimals(score: str, words: str) -> None:
    assert wording.points(Decimal(score)) == words


def test_money_has_thousands_and_unknown_money_says_so() -> None:
    assert wording.money(Decimal("1234567.50")) == "1,234,568"
    assert wording.money(None) == "not known"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 20), "20 Nov 2026 (today)"),
        (date(2026, 11, 21), "21 Nov 2026 (tomorrow)"),
        (date(2026, 11, 19), "19 Nov 2026 (yesterday)"),
        (date(2027, 2, 28), "28 Feb 2027 (in 100 days)"),
        (date(2026, 11, 10), "10 Nov 2026 (10 days ago)"),
    ],
)
def test_a_renewal_says_how_far_off_it_is(day: date, words: str) -> None:
    assert wording.away(day, date(2026, 11, 20)) == words


def test_a_band_is_named_in_words_beside_its_sign() -> None:
    assert wording.band_words("at-risk") == "At risk"
    assert wording.sign("critical") != wording.sign("good")
    assert wording.sign("something new") == wording.sign("unknown")


def test_one_customer_is_not_plural() -> None:
    assert wording.count(1, "customer") == "1 customer"
    assert wording.count(2_000, "customer") == "2,000 customers"


def test_a_feed_is_named_for_people() -> None:
    assert wording.source_words("events:api_call") == "api call events"
    assert wording.source_words("tickets") == "tickets"
