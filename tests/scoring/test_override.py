"""A person's word over a score: shown, explained, and never mixed with what was measured."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.explain import drivers
from scoring.override import (
    Kind,
    Override,
    computed,
    measured,
    number_in,
    overridden,
    override_in,
    override_words,
)
from scoring.record import from_record, to_record
from tests.scoring.worlds import FIVE, World, ago, customer, scored


def says(kind: Kind, value: int, number: int = 1) -> Override:
    return Override(number, kind, Decimal(value), "Carla", date(2026, 12, 1), "They renewed")


@pytest.mark.parametrize(
    ("kind", "value", "shown", "band"),
    [
        ("set", 80, "80", "healthy"),
        ("set", 10, "10", "churn-risk"),
        ("floor", 80, "80", "healthy"),
        ("floor", 10, "60.00", "at-risk"),
        ("ceiling", 30, "30", "churn-risk"),
        ("ceiling", 90, "60.00", "at-risk"),
    ],
)
def test_a_word_sets_lifts_or_caps_what_is_shown(
    kind: Kind, value: int, shown: str, band: str
) -> None:
    own = scored(World().logins(8).features(3).opened(0))
    assert own.value == Decimal("60.00")

    score = overridden(FIVE, own, says(kind, value))

    assert (score.value, score.band) == (Decimal(shown), band)
    assert sum(factor.contribution for factor in score.factors) == score.value
    assert computed(score) == own
    assert measured(score) == own.factors


def test_a_set_value_makes_a_band_where_too_little_is_known_and_a_floor_does_not() -> None:
    own = scored(World(), facts=customer(created_on=ago(1)))
    assert own.band in {"unknown", "at-risk", "healthy"}
    blind = own.__class__(**{n: getattr(own, n) for n in own.__slots__} | {"band": "unknown"})

    assert overridden(FIVE, blind, says("set", 60)).band == "at-risk"
    assert overridden(FIVE, blind, says("floor", 60)).band == "unknown"


def test_a_newer_word_takes_the_place_of_the_older_and_none_gives_the_computed_back() -> None:
    own = scored(World().logins(8))
    first = overridden(FIVE, own, says("set", 80))

    second = overridden(FIVE, first, says("set", 20, number=2))

    assert (second.value, number_in(second)) == (Decimal(20), 2)
    assert overridden(FIVE, second, None) == own


def test_what_a_person_said_is_a_driver_of_its_own_and_changes_sum_exactly() -> None:
    before = scored(World().logins(17).features(5))
    own = scored(World().logins(5).features(5))
    now = overridden(FIVE, own, says("set", 90))

    found = drivers(now, before)

    assert {driver.factor: driver.cause for driver in found} == {
        "login_frequency": "behaviour",
        "override": "override",
    }
    assert sum(driver.points for driver in found) == now.value - before.value
    said = next(driver.sentence for driver in found if driver.cause == "override")
    assert said.startswith("A person said so: computed ")
    assert "set to 90 by Carla until 1 Dec 2026: They renewed: +" in said


def test_the_end_of_a_word_is_told_as_such() -> None:
    own = scored(World().logins(8))

    (driver,) = drivers(own, overridden(FIVE, own, says("set", 95)))

    assert driver.cause == "override"
    assert driver.points == own.value - 95
    assert driver.sentence.startswith("What Carla said no longer holds: ")


def test_under_one_and_the_same_word_only_behaviour_and_its_holding_move() -> None:
    before = overridden(FIVE, scored(World().logins(17).features(5)), says("set", 60))
    now = overridden(FIVE, scored(World().logins(5).features(5)), says("set", 60))

    found = {driver.cause: driver.points for driver in drivers(now, before)}

    assert found["behaviour"] == -found["override"]


def test_without_an_earlier_score_the_word_stands_beside_the_losses() -> None:
    now = overridden(FIVE, scored(World().logins(8)), says("ceiling", 20))

    found = {driver.factor: driver for driver in drivers(now, None)}

    assert found["override"].points == now.value - computed(now).value < 0
    assert found["login_frequency"].cause == "behaviour"


def test_a_stored_score_keeps_both() -> None:
    score = overridden(FIVE, scored(World().logins(8)), says("set", 60))

    again = from_record(json.loads(json.dumps(to_record(score))))

    assert override_in(again) == says("set", 60)
    assert computed(again).value == scored(World().logins(8)).value


def test_it_reads_as_one_sentence() -> None:
    assert override_words(says("set", 60), Decimal("41.00")) == (
        "computed 41.00, set to 60 by Carla until 1 Dec 2026: They renewed"
    )


WORDS = st.none() | st.builds(
    says, st.sampled_from(("set", "floor", "ceiling")), st.integers(0, 100), st.integers(1, 2)
)
LIVES = st.builds(
    lambda logins, features, tickets: World().logins(logins).features(features).opened(tickets),
    st.integers(0, 40),
    st.integers(0, 5),
    st.integers(0, 12),
)


@given(st.tuples(LIVES, LIVES, LIVES), st.tuples(WORDS, WORDS), st.sampled_from((1, 2)))
def test_whatever_moved_a_score_its_drivers_sum_to_the_change(
    lives: tuple[World, World, World],
    said: tuple[Override | None, Override | None],
    version: int,
) -> None:
    then, known_now, now = (scored(world) for world in lives)
    earlier = overridden(FIVE, then, said[0])
    again = replace(known_now, version=version)
    current = overridden(FIVE, replace(now, version=version), said[1])

    found = drivers(current, earlier, again)

    assert sum(driver.points for driver in found) == current.value - earlier.value
    assert all(driver.points for driver in found)
    assert {"override"} >= {driver.cause for driver in found if driver.factor == "override"}
