"""The language: two models nobody foresaw, written as YAML alone, score rightly."""

from decimal import Decimal

import pytest

from scoring.errors import ModelInvalid
from scoring.load import parse
from scoring.model import HealthModel
from tests.scoring.worlds import World, ago, customer, scored, status_of, value_of

HEAD = """
name: unforeseen
version: 1
title: Unforeseen
bands: [{name: good, at_least: 50, tone: good}, {name: bad, at_least: 0, tone: bad}]
minimum_coverage: 0
factors:
"""


def with_factor(measure: str, scale: str, name: str = "f") -> HealthModel:
    factor = (
        f"  - {{name: {name}, title: T, noun: n, weight: 1, measure: {measure}, scale: {scale}}}\n"
    )
    return parse(HEAD + factor, "unforeseen.yaml")


@pytest.mark.parametrize(
    ("measure", "scale", "world", "worth"),
    [
        (
            "{kind: total, events: seats, days: 30}",
            "{kind: up_to, target: 4}",
            World().event("seats", ago(1)),
            25,
        ),
        (
            "{kind: active_days, events: any, days: 7}",
            "{kind: up_to, target: 4}",
            World().event("a", ago(1), ago(1)).event("b", ago(2)),
            50,
        ),
        (
            "{kind: count, events: [login, any], days: 7}",
            "{kind: up_to, target: 4}",
            World().event("a", ago(1)).event("b", ago(2)),
            50,
        ),
        (
            "{kind: days_since, events: login}",
            "{kind: inverse, limit: 40}",
            World().event("login", ago(10)),
            75,
        ),
        (
            "{kind: features, features: [feature-0, z], days: 9}",
            "{kind: up_to, target: 2}",
            World().features(3),
            50,
        ),
        (
            "{kind: survey_mean, survey: csat, days: 90}",
            "{kind: linear, zero_at: 1, full_at: 5}",
            World().survey("csat", "3"),
            50,
        ),
        (
            "{kind: rated_count, days: 30, at_most: 2}",
            "{kind: inverse, limit: 4}",
            World().rating(1).rating(2).rating(3),
            50,
        ),
        (
            "{kind: rated_share, days: 30, at_least: 4}",
            "{kind: share}",
            World().rating(5).rating(1),
            50,
        ),
        (
            "{kind: late_payments, days: 30}",
            "{kind: inverse, limit: 2}",
            World().invoice(ago(9), None).invoice(ago(8), ago(8)),
            50,
        ),
        (
            "{kind: change, against: 2, of: {kind: active_days, events: login, days: 10}}",
            "{kind: linear, zero_at: -1, full_at: 1}",
            World().event("login", ago(1), ago(11), ago(12), ago(21), ago(22)),
            25,
        ),
        (
            (
                "{kind: ratio, part: {kind: tickets, days: 9}, "
                "whole: {kind: active_days, events: login, days: 9}}"
            ),
            "{kind: linear, zero_at: 1, full_at: 0}",
            World().event("login", ago(1), ago(2), ago(3), ago(4)).opened(1),
            75,
        ),
        (
            "{kind: count, events: login, days: 30}",
            "{kind: steps, steps: [{at_least: 10, worth: 90}, {at_least: 3, worth: 40}], below: 5}",
            World().logins(9),
            40,
        ),
        (
            "{kind: count, events: login, days: 30}",
            "{kind: steps, steps: [{at_least: 10, worth: 90}], below: 5}",
            World().logins(9),
            5,
        ),
    ],
)
def test_every_kind_of_measure_and_scale_is_worth_what_it_says(
    measure: str, scale: str, world: World, worth: int
) -> None:
    score = scored(world, model=with_factor(measure, scale))

    assert value_of(score, "f") == worth


@pytest.mark.parametrize(
    "measure",
    [
        "{kind: features, features: [], days: 90}",
        "{kind: days_since, events: login}",
        "{kind: rating, days: 90}",
        "{kind: nps, survey: nps, days: 90}",
        "{kind: survey_change, survey: nps, days: 30, ago: 90}",
        "{kind: change, of: {kind: features, features: [], days: 30}}",
        "{kind: ratio, part: {kind: tickets, days: 9}, whole: {kind: tickets, days: 9}}",
        "{kind: paid_on_time, invoices: 3}",
        "{kind: late_payments, days: 90}",
    ],
)
def test_where_there_is_nothing_to_measure_it_does_not_apply(measure: str) -> None:
    score = scored(World(), model=with_factor(measure, "{kind: up_to, target: 1}"))

    assert status_of(score, "f") == "not_applicable"


def test_targets_may_differ_by_segment_and_by_seats() -> None:
    model = with_factor(
        "{kind: count, events: login, days: 30}",
        "{kind: up_to, target: {default: 20, segments: {enterprise: 40}}}",
    )
    per_seat = with_factor(
        "{kind: count, events: login, days: 30}",
        "{kind: up_to, target: {default: 2.5, per_seat: true}}",
    )
    world = World().logins(10)

    assert value_of(scored(world, model=model), "f") == 50
    assert value_of(scored(world, model=model, facts=customer(segment="enterprise")), "f") == 25
    assert value_of(scored(world, model=per_seat, facts=customer(seats=8)), "f") == 50
    assert status_of(scored(world, model=per_seat), "f") == "no_data"


def test_the_target_a_customer_was_held_against_is_shown() -> None:
    model = with_factor(
        "{kind: count, events: login, days: 30}",
        "{kind: up_to, target: {default: 0.75, per_seat: true}}",
    )

    (factor,) = scored(World(), model=model, facts=customer(seats=10)).factors

    assert factor.raw["target"] == "7.5"


@pytest.mark.parametrize(
    ("measure", "scale", "allowed"),
    [
        ("{kind: rated_count, days: 30}", "{kind: share}", "at_least, at_most, or both"),
        ("{kind: rating, days: 30}", "{kind: linear, zero_at: 1, full_at: 1}", "that differ"),
        (
            "{kind: rating, days: 9}",
            "{kind: steps, steps: [{at_least: 1, worth: 9}, {at_least: 1, worth: 8}]}",
            "none twice",
        ),
        ("{kind: change, of: {kind: rating, days: 9}}", "{kind: share}", "count, total"),
        ("{kind: count, events: [], days: 9}", "{kind: share}", "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(measure: str, scale: str, allowed: str) -> None:
    with pytest.raises(ModelInvalid) as caught:
        with_factor(measure, scale)

    assert allowed in str(caught.value)


def test_points_beyond_what_there_is_are_refused() -> None:
    text = """
name: m
version: 1
title: M
bands: [{name: good, at_least: 50, tone: good}, {name: bad, at_least: 0, tone: bad}]
components:
  - name: group
    title: Group
    max: 10
    start: 10
    penalties:
      - name: late
        title: Late
        noun: late payments
        measure: {kind: late_payments, days: 90}
        cost: {kind: each, points: 11}
"""

    with pytest.raises(ModelInvalid, match="points of at most 10"):
        parse(text, "m.yaml")


LEISURE = """
name: leisure-club
version: 4
title: A club where quiet members leave
bands:
  - {name: glad, at_least: 66.5, tone: good}
  - {name: lukewarm, at_least: 33, tone: warning}
  - {name: leaving, at_least: 0, tone: critical}
hysteresis: 1.5
factors:
  - name: recency
    title: Days since the last visit
    noun: visit
    weight: 60
    measure: {kind: days_since, events: visit}
    scale: {kind: linear, zero_at: 28, full_at: 0}
    when: {not_applicable: zero}
  - name: guests
    title: Visits with a guest
    noun: visits with a guest
    weight: 40
    measure:
      kind: ratio
      part: {kind: count, events: guest, days: 60}
      whole: {kind: count, events: visit, days: 60}
    scale: {kind: steps, steps: [{at_least: 0.5, worth: 100}, {at_least: 0.1, worth: 60}]}
    when: {not_applicable: {neutral: 20}}
"""


def test_a_club_model_nobody_foresaw_scores_rightly() -> None:
    model = parse(LEISURE, "club.yaml")
    regular = World().event("visit", ago(7), ago(14), ago(20), ago(30)).event("guest", ago(7))

    score = scored(regular, model=model)
    never = scored(World(), model=model)

    assert score.value == Decimal("69.00")
    assert score.band == "glad"
    assert never.value == Decimal("8.00")
    assert scored(regular, model=model, previous_band="lukewarm").band == "glad"


FREIGHT = """
name: freight-exchange
version: 2
title: A freight exchange where refunds cost trust
bands:
  - {name: moving, at_least: 80, tone: good}
  - {name: idling, at_least: 40, tone: warning}
  - {name: parked, at_least: 0, tone: critical}
components:
  - name: traffic
    title: Traffic
    max: 50
    items:
      - name: shipments
        title: Shipments
        noun: shipments
        max: 40
        measure: {kind: count, events: shipment, days: 30}
        scale:
          kind: steps
          steps: [{at_least: 20, worth: 40}, {at_least: 10, worth: 30}, {at_least: 1, worth: 10}]
      - name: lanes
        title: Lanes
        noun: lanes
        max: 25
        measure: {kind: features, features: any, days: 90}
        scale: {kind: steps, steps: [{at_least: 3, worth: 25}, {at_least: 1, worth: 10}]}
  - name: trust
    title: Trust
    max: 50
    start: 50
    penalties:
      - name: refunds
        title: Refunds
        noun: refunds
        measure: {kind: count, events: refund, days: 30}
        cost: {kind: each, points: 7}
      - name: complaints
        title: Complaints
        noun: complaints
        measure: {kind: tickets, days: 30}
        cost: {kind: once, at_least: 3, points: 10}
"""


def test_a_freight_model_nobody_foresaw_scores_rightly() -> None:
    model = parse(FREIGHT, "freight.yaml")
    busy = World().event("shipment", *[ago(n) for n in range(12)]).features(3)
    # 30 + 25 points of traffic are capped at 50; two refunds cost 14 of the 50 of trust.
    busy = busy.event("refund", ago(2), ago(9)).opened(1)
    # Nine refunds and four complaints would cost 73: trust is used up, and goes no lower.
    bitter = World().event("refund", *[ago(n) for n in range(9)]).opened(4)

    assert scored(busy, model=model).value == Decimal("86.00")
    assert scored(busy, model=model).band == "moving"
    assert scored(bitter, model=model).value == Decimal("0.00")
    assert scored(bitter, model=model).band == "parked"
