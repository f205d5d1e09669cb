"""Unknown is not zero: too young, no such product, a feed that stopped, a feed that never was."""

from decimal import Decimal

from scoring.feeds import FeedState
from scoring.load import parse
from tests.scoring.worlds import (
    FIVE,
    LONG_AGO,
    TODAY,
    World,
    ago,
    customer,
    live_feeds,
    scored,
    status_of,
    value_of,
)

ONE_FACTOR = """
name: one
version: 1
title: One factor
bands: [{{name: good, at_least: 50, tone: good}}, {{name: bad, at_least: 0, tone: bad}}]
factors:
  - name: logins
    title: Logins
    noun: logins
    weight: 10
    minimum_age: 7
    measure: {{kind: count, events: login, days: 30}}
    scale: {{kind: up_to, target: 20}}
    when: {{no_data: {policy}, stale: {stale}}}
  - name: tickets
    title: Tickets
    noun: tickets
    weight: 30
    measure: {{kind: tickets, days: 90}}
    scale: {{kind: inverse, limit: 10}}
"""


def test_a_customer_who_stopped_logging_in_while_the_feed_lives_is_a_true_zero() -> None:
    world = World().logins(20, ago(60))

    score = scored(world)

    assert value_of(score, "login_frequency") == 0
    assert status_of(score, "login_frequency") == "known"


def test_a_young_customer_has_no_data_yet_and_the_other_weights_carry_the_score() -> None:
    young = scored(World(), facts=customer(created_on=ago(6)))
    older = scored(World(), facts=customer(created_on=ago(7)))

    assert status_of(young, "login_frequency") == "no_data"
    assert status_of(older, "login_frequency") == "known"
    assert young.factors[0].effective_weight == 0
    assert sum(factor.effective_weight for factor in young.factors) == 100


def test_a_new_customer_is_unknown_and_not_red() -> None:
    score = scored(World(), facts=customer(created_on=ago(1)))

    assert score.coverage == Decimal("20.00")
    assert score.band == "unknown"


def test_a_customer_without_invoices_or_api_counts_neutral_and_is_not_covered() -> None:
    score = scored(World().logins(20).features(5))

    assert status_of(score, "invoice_timeliness") == "not_applicable"
    assert value_of(score, "invoice_timeliness") == 50
    assert score.factors[3].policy == "neutral"
    assert score.coverage == 70
    assert score.value == Decimal("85.00")


def test_a_feed_that_never_was_is_left_out_and_says_so() -> None:
    feeds = {
        source: state
        for source, state in live_feeds(FIVE).items()
        if source in {"events:login", "features"}
    }

    score = scored(World().logins(10).features(5), feeds=feeds)

    assert score.value == Decimal("75.00")
    assert score.coverage == 50
    assert [factor.status for factor in score.factors[2:]] == ["no_data"] * 3
    assert [factor.policy for factor in score.factors[2:]] == ["exclude"] * 3


def test_a_stopped_feed_freezes_at_its_last_day_and_is_not_covered() -> None:
    stopped = FeedState("events:login", "stopped", ago(10), LONG_AGO)
    world = World().logins(12, ago(38)).logins(5, ago(30))

    score = scored(world, feeds=live_feeds(FIVE, login=stopped))

    assert status_of(score, "login_frequency") == "stale"
    assert value_of(score, "login_frequency") == 85
    assert score.factors[0].raw["until"] == ago(10).isoformat()
    assert score.factors[0].policy == "freeze"
    assert score.coverage == 45


def test_a_feed_that_stopped_before_living_memory_has_no_data() -> None:
    dead = FeedState("events:login", "stopped", None, LONG_AGO)

    score = scored(World(), feeds=live_feeds(FIVE, login=dead))

    assert status_of(score, "login_frequency") == "no_data"
    assert score.factors[0].effective_weight == 0


def test_a_feed_younger_than_the_minimum_age_has_no_data_yet() -> None:
    new = FeedState("events:login", "live", TODAY, ago(2))

    score = scored(World().logins(1), feeds=live_feeds(FIVE, login=new))

    assert status_of(score, "login_frequency") == "no_data"


def test_policies_decide_what_missing_data_is_worth() -> None:
    young = customer(created_on=ago(1))
    worth = {}
    for policy in ("exclude", "zero", "{neutral: 40}"):
        model = parse(ONE_FACTOR.format(policy=policy, stale="freeze"), "m.yaml")
        worth[policy] = scored(World().logins(20), model=model, facts=young).value

    assert worth == {
        "exclude": Decimal("100.00"),
        "zero": Decimal("75.00"),
        "{neutral: 40}": Decimal("85.00"),
    }


def test_a_stale_factor_may_be_excluded_instead_of_frozen() -> None:
    model = parse(ONE_FACTOR.format(policy="exclude", stale="exclude"), "m.yaml")
    stopped = FeedState("events:login", "stopped", ago(10), LONG_AGO)

    score = scored(World(), model=model, feeds=live_feeds(model, login=stopped))

    assert score.value == Decimal("100.00")
    assert status_of(score, "logins") == "stale"


def test_nothing_known_at_all_is_unknown_and_scores_nothing() -> None:
    score = scored(World(), feeds={})

    assert (score.value, score.coverage, score.band) == (Decimal(0), Decimal(0), "unknown")
    assert all(factor.effective_weight == 0 for factor in score.factors)
