"""Points that add up, caps, penalties: the second model to the number, and what is missing."""

from decimal import Decimal

import pytest

from scoring.feeds import FeedState
from scoring.load import parse, shipped
from scoring.score import Score
from tests.scoring.worlds import LONG_AGO, TODAY, World, ago, live_feeds, scored

POINTS = shipped("points-and-penalties")
GROUPS = {
    component.name: [
        component.name,
        *(item.name for item in component.items),
        *(penalty.name for penalty in component.penalties),
    ]
    for component in POINTS.components
}


def earned(score: Score, group: str) -> Decimal:
    names = GROUPS[group]
    return sum(
        (factor.contribution for factor in score.factors if factor.name in names), Decimal(0)
    )


def points_of(score: Score, name: str) -> Decimal:
    factor = next(factor for factor in score.factors if factor.name == name)
    return factor.value * factor.weight / 100


def worked_example() -> World:
    world = World()
    world.event("login", *[ago(day) for day in range(22)])
    for window in range(1, 4):
        world.event("ticket_handled", *[ago(30 * window + 5)] * 50)
    world.event("ticket_handled", *[ago(5)] * 55)
    world.event("ticket_approved", *[ago(5)] * 41).event("ticket_handled", *[])
    world.event("dashboard_view", *[ago(4)] * 15)
    world.survey("nps", "10", 6, ago(3)).survey("nps", "3", 2, ago(3)).survey("nps", "8", 2, ago(3))
    world.survey("csat", "4.3", 2, ago(3)).survey("csat", "4", 2, ago(95))
    world.rating(5, 9, ago(3)).rating(3, 1, ago(3))
    world.event("feature_request", *[ago(8)] * 3)
    world.event("training_assigned", *[ago(9)] * 4).event("training_completed", *[ago(8)] * 4)
    world.event("kb_update", *[ago(2)] * 12).event("community_post", ago(1))
    world.event("outreach_sent", *[ago(9)] * 5).event("outreach_replied", *[ago(8)] * 4)
    world.event("other", *[ago(40)] * 30)
    world.invoice(ago(20), ago(21))
    world.opened(2, ago(5)).opened(2, ago(35))
    return world


def test_the_worked_example_scores_95_and_is_thriving() -> None:
    score = scored(worked_example(), model=POINTS)

    assert score.value == Decimal("95.00")
    assert score.band == "thriving"
    assert {group: round(earned(score, group), 1) for group in GROUPS} == {
        "usage": 35,
        "satisfaction": 30,
        "engagement": 20,
        "risk": 10,
    }


def test_every_item_of_the_worked_example_earns_its_points() -> None:
    score = scored(worked_example(), model=POINTS)

    assert [points_of(score, name) for name in GROUPS["usage"][1:]] == [10, 8, 9, 8]
    assert [points_of(score, name) for name in GROUPS["satisfaction"][1:]] == [8, 9, 9, 7]
    engagement = [points_of(score, name) for name in GROUPS["engagement"][1:]]
    assert [round(points, 2) for points in engagement] == [6, 6, 5, 5]


@pytest.mark.parametrize(("days", "points"), [(25, 10), (20, 10), (19, 7), (4, 7), (3, 3), (0, 0)])
def test_login_days_go_in_steps(days: int, points: int) -> None:
    world = World().event("login", *[ago(day) for day in range(days)])

    assert points_of(scored(world, model=POINTS), "login_days") == points


def test_penalties_cost_their_points_and_never_more_than_there_are() -> None:
    two_late = worked_example().invoice(ago(50), None).invoice(ago(60), ago(1))
    many = worked_example().rating(1, 20, ago(3)).invoice(ago(50), None)

    one = scored(worked_example().invoice(ago(50), None), model=POINTS)

    assert earned(one, "risk") == 5
    assert earned(scored(two_late, model=POINTS), "risk") == 0
    assert earned(scored(many, model=POINTS), "risk") == 0


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (World().opened(1, ago(5)), 7),
        (World().rating(1, 2, ago(5)), 6),
        (World().event("operator_left", ago(5)), 10),
        (World().event("operator_left", ago(5), ago(6)), 5),
        (World().invoice(ago(91), None), 10),
        (World().event("other", *[ago(45)] * 400), 5),
    ],
)
def test_each_sign_of_risk_has_its_price(change: World, left: int) -> None:
    world = worked_example()
    world.happened += change.happened
    world.tickets += change.tickets
    world.rated += change.rated
    world.invoices += change.invoices

    assert earned(scored(world, model=POINTS), "risk") == left


def test_contributions_sum_to_the_score_through_caps_and_floors() -> None:
    world = worked_example().rating(1, 20, ago(3)).invoice(ago(50), None)

    score = scored(world, model=POINTS)

    assert sum(factor.contribution for factor in score.factors) == score.value
    assert sum(factor.effective_weight for factor in score.factors) == 100


def test_a_component_nobody_has_data_for_is_stood_for_by_the_others() -> None:
    unknown = {"surveys:nps", "surveys:csat", "tickets", "events:feature_request"}
    feeds = {source: state for source, state in live_feeds(POINTS).items() if source not in unknown}

    score = scored(worked_example(), model=POINTS, feeds=feeds)

    assert score.value == Decimal("92.86")
    assert earned(score, "satisfaction") == 0


def test_an_item_nobody_has_data_for_is_stood_for_by_its_neighbours() -> None:
    feeds = live_feeds(POINTS)
    del feeds["events:dashboard_view"]

    score = scored(worked_example(), model=POINTS, feeds=feeds)

    assert earned(score, "usage") == 36


def test_a_rare_kind_of_event_has_not_stopped_while_others_arrive() -> None:
    rare = FeedState("events:operator_left", "stopped", ago(90), LONG_AGO)
    world = worked_example().event("operator_left", ago(95), ago(96))

    score = scored(world, model=POINTS, feeds=live_feeds(POINTS, rare=rare))

    assert earned(score, "risk") == 10
    left = next(factor for factor in score.factors if factor.name == "operators_left")
    assert left.status == "known"


def test_nothing_known_is_unknown() -> None:
    score = scored(World(), model=POINTS, feeds={})

    assert (score.value, score.band) == (Decimal(0), "unknown")
    assert score.coverage == 0


TINY = """
name: tiny
version: 1
title: Tiny
bands: [{name: good, at_least: 50, tone: good}, {name: bad, at_least: 0, tone: bad}]
components:
  - name: group
    title: Group
    max: 100
    items:
      - name: logins
        title: Logins
        noun: logins
        max: 100
        measure: {kind: count, events: login, days: 30}
        scale: {kind: up_to, target: 20}
    penalties:
      - name: tickets
        title: Tickets
        noun: tickets
        measure: {kind: tickets, days: 30}
        cost: {kind: each, points: 30}
"""


@pytest.mark.parametrize(
    ("logins", "tickets", "value"), [(20, 0, 100), (20, 1, 70), (10, 1, 20), (5, 1, 0), (0, 3, 0)]
)
def test_penalties_take_from_what_was_earned(logins: int, tickets: int, value: int) -> None:
    model = parse(TINY, "tiny.yaml")

    score = scored(World().logins(logins).opened(tickets, TODAY), model=model)

    assert score.value == value
    assert sum(factor.contribution for factor in score.factors) == score.value
