"""What fits no column, breaks the calculation or is compared with peers is scored as ever."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from scoring.columns.block import block_of
from scoring.columns.survey import Survey
from scoring.figures import Answers, EventCount, EventTotal, Figure
from scoring.load import shipped
from scoring.model import HealthModel
from scoring.score import Plan, prepare
from tests.scoring.columns.crowds import Person, assert_the_same, at_once, bands, crowd
from tests.scoring.worlds import TODAY, live_feeds

SCALES: list[dict[str, Any]] = [
    {"kind": "among_peers"},
    {"kind": "among_peers", "within": "segment"},
    {"kind": "among_peers", "within": "plan", "better": "fewer"},
    {"kind": "up_to", "target": Decimal("7.3")},
    {"kind": "up_to", "target": {"default": 5, "segments": {"smb": 3}, "per_seat": True}},
    {"kind": "linear", "zero_at": Decimal("12.5"), "full_at": Decimal("-0.25")},
    {"kind": "own_rhythm", "same_weekdays": True, "per_working_day": True},
]
MEASURES: list[dict[str, Any]] = [
    {"kind": "total", "events": "spent", "days": 30},
    {"kind": "count", "events": ["login", "export"], "days": 7},
    {
        "kind": "ratio",
        "part": {"kind": "total", "events": "a", "days": 9},
        "whole": {"kind": "tickets", "days": 9},
    },
    {"kind": "change", "of": {"kind": "features", "features": ["a"], "days": 30}, "against": 3},
    {"kind": "recency", "events": "any", "working_days": True},
    {"kind": "tenure"},
    {"kind": "tenure", "events": "login"},
    {"kind": "since_paid"},
    {"kind": "payment_delay", "invoices": 4, "longest": 20},
    {"kind": "rated_share", "days": 30, "at_least": 4},
    {"kind": "survey_mean", "survey": "nps", "days": 30},
    {"kind": "features", "features": [], "days": 30},
]


def model_of(scale: dict[str, Any], **more: object) -> HealthModel:
    counted = scale["kind"] == "own_rhythm"
    measures = [m for m in MEASURES if not counted or m["kind"] in {"total", "count"}]
    factors = [
        {
            "name": f"f{place}",
            "title": f"Factor {place}",
            "noun": "things",
            "one": "thing",
            "weight": Decimal("0.1") * (place + 1),
            "minimum_age": 10 * (place % 2),
            "measure": measure,
            "scale": scale,
            "when": {"no_data": "zero", "not_applicable": {"neutral": Decimal("33.3")}},
        }
        for place, measure in enumerate(measures)
    ]
    floors = [{"name": "good", "at_least": 50, "tone": "good"}]
    floors.append({"name": "bad", "at_least": 0, "tone": "bad"})
    written = {"name": "odd", "version": 3, "title": "Odd", "bands": floors, "factors": factors}
    return HealthModel.model_validate(written | more)


def plan_for(model: HealthModel) -> Plan:
    return prepare(model, TODAY, live_feeds(model))


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: "-".join(map(str, scale)))
def test_every_measure_on_every_scale_scores_the_same(scale: dict[str, Any]) -> None:
    plan = plan_for(model_of(scale))
    people = crowd(plan, 120, seed=3)

    assert_the_same(plan.surveyed(people), people, bands(plan.model, len(people), seed=4))


@pytest.mark.parametrize("scale", SCALES[:3], ids=str)
def test_peers_counted_block_by_block_are_those_counted_one_by_one(scale: dict[str, Any]) -> None:
    plan = plan_for(model_of(scale))
    people = crowd(plan, 150, seed=5)
    survey = Survey(plan)

    for begin in range(0, len(people), 60):
        survey.add(block_of(people[begin : begin + 60], plan.figures))

    assert survey.population() == plan.survey(people)


def test_without_a_survey_nobody_has_peers_in_columns_either() -> None:
    plan = plan_for(model_of(SCALES[1]))
    people = crowd(plan, 20, seed=6)

    assert_the_same(plan, people, [None] * len(people))


def with_totals(people: list[Person], plan: Plan, totals: list[Decimal | int]) -> list[Person]:
    """Give each customer a count and a total that no column would expect."""

    def given(figure: Figure[Any], own: object, total: Decimal | int) -> object:
        if isinstance(figure, EventTotal):
            return Decimal(total)
        return int(total) if isinstance(figure, EventCount) else own

    return [
        (facts, Answers({f: given(f, answers[f], total) for f in plan.figures}))
        for (facts, answers), total in zip(people, totals, strict=True)
    ]


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: "-".join(map(str, scale)))
def test_numbers_no_column_holds_score_the_same(scale: dict[str, Any]) -> None:
    plan = plan_for(model_of(scale))
    totals: list[Decimal | int] = [10**9, 2**53 + 1, 2**61, 2**70, 10**25]
    totals += [Decimal("0.0000001"), Decimal("-0.004"), Decimal("-3.5"), Decimal("99.999")]
    people = with_totals(crowd(plan, len(totals), seed=7), plan, totals)

    assert_the_same(plan.surveyed(people), people, [None] * len(people))


def test_a_large_component_scores_the_same() -> None:
    written = shipped("points-and-penalties").model_dump(mode="python")
    most = Decimal(10**9)
    for component in written["components"]:
        component["max"] = most
        component["start"] = most if component["penalties"] else 0
    plan = plan_for(HealthModel.model_validate(written))
    people = crowd(plan, 40, seed=8)

    assert_the_same(plan, people, [None] * len(people))


def test_one_whose_data_breaks_the_calculation_breaks_nobody_elses() -> None:
    plan = plan_for(shipped("saas-five-factor"))
    people = crowd(plan, 10, seed=9)
    facts, answers = people[4]
    broken = {
        figure: "many" if isinstance(figure, EventCount) else answers[figure]
        for figure in plan.figures
    }
    people[4] = (facts, Answers(broken))

    columns = at_once(plan, people, [None] * len(people))

    assert list(columns.faults) == [4]
    assert columns.packed().rows[4] is None
    for row in (3, 5):
        assert columns.at(row) == plan.score(*people[row], None)


def test_a_block_taken_apart_scores_as_a_whole() -> None:
    plan = plan_for(model_of(SCALES[4]))
    people = crowd(plan, 30, seed=10)
    block = block_of(people, plan.figures)

    taken = block.take(np.array([7, 3, 29]))

    assert [taken.at(row)[0].segment for row in range(3)] == [
        people[row][0].segment for row in (7, 3, 29)
    ]
    assert plan.score(*taken.at(1), None) == plan.score(*people[3], None)
