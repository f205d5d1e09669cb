"""Columns and the definition give the same scores, to the last digit of the last raw figure."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.load import shipped
from scoring.score import prepare
from tests.scoring.columns.crowds import assert_the_same, bands, crowd
from tests.scoring.test_second_opinion import FACTS, WORLDS, feeds_of, models
from tests.scoring.worlds import TODAY, live_feeds

MODELS = ["adaptive", "onboarding", "points-and-penalties", "saas-five-factor", "six-signal"]


@pytest.mark.parametrize("name", MODELS)
def test_a_shipped_model_scores_a_crowd_in_columns_as_it_does_one_by_one(name: str) -> None:
    model = shipped(name)
    plan = prepare(model, TODAY, live_feeds(model))
    people = crowd(plan, 200, seed=1)

    aside = assert_the_same(plan.surveyed(people), people, bands(model, len(people), seed=2))

    assert aside < len(people) / 10


def assert_columns_agree(data: st.DataObject) -> None:
    model = data.draw(models())
    plan = prepare(model, TODAY, data.draw(feeds_of(model)))
    people = [
        (facts, world.answers(plan.figures))
        for facts, world in data.draw(st.lists(st.tuples(FACTS, WORLDS), min_size=1, max_size=6))
    ]
    before = st.sampled_from([None, "good", "bad", "unknown", "gone"])
    previous = data.draw(st.lists(before, min_size=len(people), max_size=len(people)))

    assert_the_same(plan, people, previous)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_a_generated_model_scores_a_crowd_in_columns_as_it_does_one_by_one(
    data: st.DataObject,
) -> None:
    assert_columns_agree(data)


@pytest.mark.slow
@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_six_hundred_generated_models_score_crowds_in_columns_as_one_by_one(
    data: st.DataObject,
) -> None:
    assert_columns_agree(data)
