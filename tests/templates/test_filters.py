"""Figures, days and names are written one way."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.filters import (
    day,
    direction,
    fixed,
    initials,
    moment,
    number,
    percent,
    plain,
    signed,
    words,
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Decimal("-11.00"), "\u221211.0"),
        (Decimal("3.24"), "+3.2"),
        (0, "±0.0"),
        (Decimal("0.04"), "±0.0"),
        (Decimal("-0.04"), "±0.0"),
        (None, "\u2013"),
    ],
)
def test_changes_always_say_their_sign(value: Decimal | int | None, words: str) -> None:
    assert signed(value) == words


@pytest.mark.parametrize(
    ("value", "places", "way"),
    [
        (Decimal("0.05"), 1, "up"),
        (Decimal("0.04"), 1, ""),
        (Decimal("-0.04"), 1, ""),
        (Decimal("-0.04"), 2, "down"),
        (Decimal(-3), 1, "down"),
        (0, 1, ""),
        (None, 1, ""),
    ],
)
def test_a_change_that_reads_as_nothing_goes_nowhere(
    value: Decimal | int | None, places: int, way: str
) -> None:
    assert direction(value, places) == way


def test_numbers_days_and_moments_are_written_for_people() -> None:
    assert number(Decimal("1234567.5"), 1) == "1,234,567.5"
    assert number(Decimal("56.80"), 2) == "56.8"
    assert fixed(Decimal(72)) == "72.00"
    assert words("at-risk") == "At risk"
    assert words("api_call") == "API call"
    assert number(None) == "\u2013"
    assert percent(71) == "71\u202f%"
    assert day(date(2026, 11, 2)) == "2 Nov 2026"
    assert moment(datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) == "2 Nov 2026, 09:05 UTC"
    assert initials("  anna von schmidt") == "AV"
    assert initials("") == "?"


@given(st.text(max_size=600))
def test_plain_text_is_one_harmless_line(text: str) -> None:
    line = plain(text)

    assert line.splitlines() in ([], [line])
    assert len(line) <= 200
    assert not set(line) & set("\u202e\u2066\x00\x1b")
    line.encode("utf-8")
