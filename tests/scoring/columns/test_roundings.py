"""Roundings in columns never fall the other way, however close they are."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import split
from scoring.bands import held_band, raw_band
from scoring.columns.bands import band_codes, held_bands, raw_bands
from scoring.columns.compare import TRENDS, trends
from scoring.columns.numbers import Aside, Index, Ratios
from scoring.columns.shares import Parts, shares
from scoring.load import shipped
from scoring.model import HealthModel
from scoring.trend import trend
from tests.scoring.columns.crowds import code_of

# A busy machine is no fault of an example's.
SLOW = [HealthCheck.too_slow]
# Halves, thirds and eighths make ties; the large ones make what only looks like one.
UNDERS = st.sampled_from([1, 2, 3, 4, 6, 8, 10, 12, 20, 200, 3000, 65_537, 10**9 + 7, 2**40])
PARTS = st.builds(Fraction, st.integers(-(10**4), 10**6), UNDERS).map(lambda part: part % 100)


def in_columns(rows: Sequence[Sequence[Fraction]]) -> tuple[list[int], list[list[int]], list[bool]]:
    parts = np.array([[float(part) for part in row] for row in rows]).T
    under = np.array([[float(part.denominator) for part in row] for row in rows]).T
    together = np.array([float(lcm(*(part.denominator for part in row))) for row in rows])
    aside = Aside.of(len(rows))

    def denominators(chosen: Index) -> np.ndarray:
        return together[chosen]

    whole, units = shares(Parts(parts, under, denominators, np.full(len(rows), 10.0**4)), aside)
    return whole.tolist(), units.T.tolist(), aside.rows.tolist()


@settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
@given(st.lists(st.lists(PARTS, min_size=4, max_size=4), min_size=1, max_size=8))
def test_parts_add_up_as_the_definition_has_it_or_are_put_aside(rows: list[list[Fraction]]) -> None:
    wholes, units, aside = in_columns(rows)

    for row, whole, own, put in zip(rows, wholes, units, aside, strict=True):
        expected, shared = split.shares(split.Parts.of(row), 0)
        assert put or (whole, own) == (int(expected), [int(part) for part in shared])


def test_ties_are_told_from_what_is_only_close_to_one() -> None:
    nearly = Fraction(1, 2) - Fraction(1, 10**13)
    rows = [
        [Fraction(1, 2), Fraction(1, 2), Fraction(3, 2)],
        [Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)],
        # As floats they sum to a little less than one and a half.
        [Fraction(6, 10), Fraction(7, 10), Fraction(2, 10)],
        [nearly, Fraction(0), Fraction(0)],
        [nearly, Fraction(1, 2), Fraction(0)],
    ]

    wholes, units, aside = in_columns(rows)

    assert aside == [False, False, False, True, True]
    assert (wholes[:3], units[:3]) == ([3, 1, 2], [[1, 1, 1], [1, 0, 0], [1, 1, 0]])


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(
    st.lists(st.builds(Fraction, st.integers(-(10**12), 10**12), st.integers(1, 10**6)), min_size=1)
)
def test_a_column_is_rounded_half_up(numbers: list[Fraction]) -> None:
    aside = Aside.of(len(numbers))

    rounded = Ratios.of(numbers, aside).half_up(100, aside)

    for number, found, put in zip(numbers, rounded.tolist(), aside.rows.tolist(), strict=True):
        assert put or found == int(split.rounded(number, 2).scaleb(2))


def edgy() -> HealthModel:
    """Return a model whose limits lie between hundredths."""
    five = shipped("saas-five-factor")
    floors = [Decimal("75.005"), Decimal(50), Decimal(0)]
    bands = [
        band.model_copy(update={"at_least": floor})
        for band, floor in zip(five.bands, floors, strict=True)
    ]
    more = {"hysteresis": Decimal("2.995"), "trend_threshold": Decimal("4.999")}
    return five.model_copy(update={"bands": tuple(bands), **more})


def test_every_score_is_in_the_band_the_definition_holds_it_in() -> None:
    values = np.arange(10_001)
    for model in (edgy(), shipped("points-and-penalties")):
        names = [*(band.name for band in model.bands), "unknown", "gone", None]
        known = np.full(len(values), 10_000)
        exact = [Decimal(value).scaleb(-2) for value in values.tolist()]
        codes = band_codes(model)
        assert raw_bands(model, values).tolist() == [
            codes[raw_band(model, value).name] for value in exact
        ]
        for name in names:
            before = np.full(len(values), code_of(model, name), dtype=np.int8)
            found = held_bands(model, values, known, before).tolist()
            assert found == [codes[held_band(model, value, name).name] for value in exact]


def test_too_little_known_is_unknown_in_columns_too() -> None:
    model = shipped("saas-five-factor")
    coverage = np.array([0, 2499, 2500, 10_000])

    found = held_bands(model, np.full(4, 9000), coverage, np.full(4, -1, dtype=np.int8))

    assert found.tolist() == [3, 3, 0, 0]


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-501, 501)), min_size=1))
def test_trends_in_columns_are_those_of_the_definition(steps: list[tuple[int, int]]) -> None:
    for model in (edgy(), shipped("onboarding")):
        values = np.array([value for value, _ in steps])
        before = np.array([value - step for value, step in steps])
        known = before % 3 > 0

        found = trends(model, values, before, known).tolist()

        assert [TRENDS[code] for code in found] == [
            trend(model, in_points(value), in_points(was) if there else None)
            for value, was, there in zip(values, before, known, strict=True)
        ]


def in_points(hundredths: int) -> Decimal:
    return Decimal(int(hundredths)).scaleb(-2)
