"""Against one's own usual and among one's peers: the places numbers are given, exactly."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ModelInvalid
from scoring.explain import factor_words
from scoring.factors import FactorScore
from scoring.figures import CustomerFacts
from scoring.load import parse
from scoring.model import HealthModel
from scoring.score import Plan, Score, prepare
from scoring.standing import KEPT, LEANING, Peers, Ranks, Usual, from_record, to_record
from tests.scoring.worlds import (
    TODAY,
    World,
    ago,
    customer,
    live_feeds,
    scored,
    status_of,
    value_of,
)

HEAD = """
name: standing
version: 1
title: Standing
bands: [{name: good, at_least: 50, tone: good}, {name: bad, at_least: 0, tone: bad}]
minimum_coverage: 0
factors:
"""
LOGINS = "{kind: count, events: login, days: 30}"
NUMBERS = st.integers(0, 12).map(Fraction)


def with_factor(measure: str, scale: str, more: str = "") -> HealthModel:
    factor = f"{{name: f, title: T, noun: logins, weight: 1, measure: {measure}, scale: {scale}"
    return parse(f"{HEAD}  - {factor}{more}}}\n", "standing.yaml")


def monthly(*counts: int) -> World:
    """Return a world with so many logins a month, the newest first."""
    world = World()
    for month, count in enumerate(counts):
        world.logins(count, ago(30 * month + 1))
    return world


def words(score: Score) -> str:
    part: FactorScore = score.factors[0]
    return factor_words(part)


# Against the customer's own rhythm.


@pytest.mark.parametrize(
    ("now", "worth"),
    [(40, 100), (60, 100), (35, "50.00"), (30, "0.00"), (0, 0)],
)
def test_a_month_is_held_against_the_customers_own_months(now: int, worth: object) -> None:
    model = with_factor(LOGINS, "{kind: own_rhythm, zero_at: -1}")

    score = scored(monthly(now, 40, 42, 38, 40, 41, 39), model=model)

    # The months lie within 1.5 of 40, so a quarter of 40 is the spread.
    assert value_of(score, "f") == Decimal(str(worth))


def test_a_large_and_a_small_customer_lose_as_much_by_losing_half() -> None:
    model = with_factor(LOGINS, "{kind: own_rhythm, zero_at: -4}")

    large = scored(monthly(200, *[400] * 6), model=model)
    small = scored(monthly(10, *[20] * 6), model=model)

    assert value_of(large, "f") == value_of(small, "f") == 50


def test_one_wild_month_does_not_move_what_is_usual() -> None:
    model = with_factor(LOGINS, "{kind: own_rhythm}")

    calm = scored(monthly(20, *[20] * 6), model=model)
    wild = scored(monthly(20, 20, 20, 300, 20, 20, 20), model=model)

    assert value_of(calm, "f") == value_of(wild, "f") == 100


def test_one_who_is_irregular_may_be_more_irregular_before_it_counts() -> None:
    model = with_factor(LOGINS, "{kind: own_rhythm}")

    regular = scored(monthly(4, 20, 20, 20, 20, 20, 20), model=model)
    irregular = scored(monthly(4, 5, 35, 10, 30, 5, 35), model=model)

    assert value_of(irregular, "f") > value_of(regular, "f")


def test_months_before_the_customer_came_are_not_held_against_anybody() -> None:
    model = with_factor(LOGINS, "{kind: own_rhythm}")
    world = monthly(20, 20, 20, 20)

    four = scored(world, model=model, facts=customer(ago(119)))
    three = scored(world, model=model, facts=customer(ago(118)))

    assert value_of(four, "f") == 100
    assert status_of(four, "f") == "known"
    assert status_of(three, "f") == "no_data"


def test_a_sunday_is_held_against_sundays() -> None:
    daily = "{kind: count, events: login, days: 1}"
    plain = with_factor(daily, "{kind: own_rhythm, windows: 6}")
    aware = with_factor(daily, "{kind: own_rhythm, windows: 6, same_weekdays: true}")
    quiet_day = TODAY.weekday()
    world = World()
    for back in range(1, 60):
        if ago(back).weekday() != quiet_day:
            world.logins(9, ago(back))

    assert value_of(scored(world, model=plain), "f") == 0
    assert value_of(scored(world, model=aware), "f") == 100


def test_what_is_usual_is_said() -> None:
    model = with_factor(LOGINS, "{kind: own_rhythm}")

    score = scored(monthly(12, *[41] * 6), model=model)

    assert words(score) == "12 logins in 30 days, usually 41"


def test_own_rhythm_takes_only_what_can_be_counted_again_earlier() -> None:
    with pytest.raises(ModelInvalid, match="own_rhythm with count"):
        with_factor("{kind: days_since, events: login}", "{kind: own_rhythm}")


@given(st.lists(NUMBERS, min_size=3, max_size=12), NUMBERS, st.integers(2, 9))
def test_twice_the_size_is_the_same_distance(
    before: list[Fraction], now: Fraction, times: int
) -> None:
    usual = Usual.of([value * 1000 + 1000 for value in before])
    larger = Usual.of([(value * 1000 + 1000) * times for value in before])

    assert larger.distance((now * 1000) * times) == usual.distance(now * 1000)


# Recency, tenure and money.


def test_silence_is_counted_in_gaps_of_the_customers_own() -> None:
    model = with_factor(
        "{kind: recency, events: login, days: 100}", "{kind: linear, zero_at: 5, full_at: 1}"
    )
    weekly = World().event("login", *[ago(back) for back in range(21, 100, 7)], ago(99))
    # Thirteen days of a hundred: a gap of 7.7 days, of which 21 silent ones are 2.73.
    score = scored(weekly, model=model)

    assert value_of(score, "f") == Decimal("56.75")
    assert words(score) == "21 days since the last logins, usually every 7.69 days"


def test_one_who_came_lately_has_a_rhythm_since_then() -> None:
    model = with_factor(
        "{kind: recency, events: any, days: 100}", "{kind: linear, zero_at: 5, full_at: 0}"
    )

    score = scored(World().event("login", ago(9), ago(4)), model=model)

    assert value_of(score, "f") == 100 - 20 * Decimal("0.8")


@pytest.mark.parametrize("measure", ["recency", "tenure"])
def test_one_who_was_never_there_has_neither_rhythm_nor_tenure(measure: str) -> None:
    model = with_factor(f"{{kind: {measure}, events: any}}", "{kind: up_to, target: 9}")

    assert status_of(scored(World(), model=model), "f") == "not_applicable"


def test_without_events_a_customer_is_as_old_as_it_is_said_to_be() -> None:
    model = with_factor("{kind: tenure}", "{kind: up_to, target: 100}")

    score = scored(World(), model=model, facts=customer(ago(50)), feeds={})

    assert value_of(score, "f") == 50
    assert words(score) == "50 days since the first logins"


def test_what_happens_later_does_not_change_the_first_day() -> None:
    model = with_factor("{kind: tenure, events: any}", "{kind: up_to, target: 100}")

    score = scored(World().event("login", ago(50), ago(-3)), model=model)

    assert value_of(score, "f") == 50


@pytest.mark.parametrize(
    ("paid_on", "days"),
    [(ago(40), 0), (ago(38), 2), (ago(4), 30), (None, 30), (ago(-1), 30)],
)
def test_a_payment_is_as_late_as_it_came_and_an_open_one_as_it_is(
    paid_on: date | None, days: int
) -> None:
    model = with_factor(
        "{kind: payment_delay, invoices: 2}", "{kind: linear, zero_at: 50, full_at: 0}"
    )
    world = World().invoice(ago(70), ago(80)).invoice(ago(40), paid_on)

    assert value_of(scored(world, model=model), "f") == 100 - days


def test_the_last_payment_is_the_newest_that_has_happened() -> None:
    model = with_factor("{kind: since_paid}", "{kind: inverse, limit: 100}")
    paid = World().invoice(ago(70), ago(60)).invoice(ago(40), ago(20)).invoice(ago(5), ago(-3))
    never = World().invoice(ago(70), None).invoice(ago(40), None)

    assert value_of(scored(paid, model=model), "f") == 80
    assert value_of(scored(never, model=model), "f") == 30


# Among peers.


def everybody(model: HealthModel, *people: tuple[CustomerFacts, World]) -> list[Score]:
    plan = prepare(model, TODAY, live_feeds(model))
    answered = [(facts, world.answers(plan.figures)) for facts, world in people]
    surveyed = plan.surveyed(answered)
    return [surveyed.score(facts, answers, None) for facts, answers in answered]


def of_count(
    count: int, segment: str | None = None, plan: str | None = None
) -> tuple[CustomerFacts, World]:
    return replace(customer(), segment=segment, plan=plan), World().logins(count)


def test_among_many_the_middle_is_the_middle_and_the_ends_are_the_ends() -> None:
    model = with_factor(LOGINS, "{kind: among_peers}")

    scores = everybody(model, *[of_count(count) for count in range(999)])

    values = [value_of(score, "f") for score in scores]
    assert values == sorted(values)
    assert values[499] == 50
    assert (values[0], values[-1]) == (Decimal("0.55"), Decimal("99.45"))


def test_fewer_may_be_better() -> None:
    more = everybody(
        with_factor(LOGINS, "{kind: among_peers}"), *[of_count(count) for count in (1, 5, 9)]
    )
    fewer = everybody(
        with_factor(LOGINS, "{kind: among_peers, better: fewer}"),
        *[of_count(count) for count in (1, 5, 9)],
    )

    assert [100 - value_of(score, "f") for score in more] == [
        value_of(score, "f") for score in fewer
    ]


def test_equals_stand_equal_in_the_middle() -> None:
    scores = everybody(with_factor(LOGINS, "{kind: among_peers}"), *[of_count(7)] * 20)

    assert {value_of(score, "f") for score in scores} == {50}


def test_a_customer_is_compared_within_the_segment() -> None:
    model = with_factor(LOGINS, "{kind: among_peers, within: segment}")
    small = [of_count(count, segment="smb") for count in range(1, 101)]
    large = [of_count(count * 100, segment="enterprise") for count in range(1, 101)]

    scores = everybody(model, *small, *large)

    best_small, worst_large = value_of(scores[99], "f"), value_of(scores[100], "f")
    assert best_small > 90
    assert worst_large < 10


def test_a_group_of_one_leans_on_all_others() -> None:
    model = with_factor(LOGINS, "{kind: among_peers, within: plan}")
    many = [of_count(count, plan="basic") for count in range(200)]

    scores = everybody(model, *many, of_count(190, plan="rare"))

    assert value_of(scores[-1], "f") > 85


def test_who_is_too_young_is_nobodys_peer_and_has_none() -> None:
    model = with_factor(LOGINS, "{kind: among_peers}", ", minimum_age: 30")
    old = [of_count(10) for _ in range(5)]
    young = (customer(ago(3)), World())

    scores = everybody(model, *old, *[young] * 50)

    assert value_of(scores[0], "f") == 50
    assert status_of(scores[-1], "f") == "no_data"


def test_without_a_survey_there_is_nothing_to_compare_with() -> None:
    score = scored(World().logins(3), model=with_factor(LOGINS, "{kind: among_peers}"))

    assert (status_of(score, "f"), score.band) == ("no_data", "unknown")


def test_the_place_among_others_is_said() -> None:
    model = with_factor(LOGINS, "{kind: among_peers, within: segment}")

    scores = everybody(model, *[of_count(count, segment="smb") for count in range(100)])

    assert words(scores[30]) == "30 logins in 30 days, percentile 31 among customers in smb"


def test_nobody_is_said_to_have_more_than_equals() -> None:
    """Where all have the same, the middle is a place, and not a lead over half of them."""
    model = with_factor(LOGINS, "{kind: among_peers}")

    scores = everybody(model, *[of_count(5) for _ in range(20)])

    assert words(scores[0]) == "5 logins in 30 days, percentile 50 among customers"


def plan_of(model: HealthModel, worlds: list[World]) -> Plan:
    plan = prepare(model, TODAY, live_feeds(model))
    return plan.surveyed((customer(), world.answers(plan.figures)) for world in worlds)


def test_a_stored_population_scores_as_the_one_it_was_made_of() -> None:
    model = with_factor(LOGINS, "{kind: among_peers, within: segment}")
    plan = plan_of(model, [World().logins(count) for count in range(30)])

    again = prepare(model, TODAY, live_feeds(model), from_record(to_record(plan.population)))

    world = World().logins(11).answers(plan.figures)
    assert again.score(customer(), world, None) == plan.score(customer(), world, None)


def naive_share(numbers: list[Fraction], value: Fraction, leaning: Fraction) -> Fraction:
    """Count heads one by one, then add ten who think like the whole."""
    less = Fraction(0)
    for number in numbers:
        less += 1 if number < value else Fraction(1, 2) if number == value else 0
    return (less + LEANING * leaning) / (len(numbers) + LEANING)


GROUPED = st.lists(st.tuples(st.sampled_from(["", "smb", "ent"]), NUMBERS), min_size=1)


@settings(max_examples=300)
@given(GROUPED, st.sampled_from(["", "smb", "ent", "none"]), NUMBERS)
def test_a_share_is_what_counting_heads_gives(
    people: list[tuple[str, Fraction]], group: str, value: Fraction
) -> None:
    peers = Peers.of((name, number, 1) for name, number in people)

    share = peers.share(value, group)

    among_all = naive_share([number for _, number in people], value, Fraction(1, 2))
    own = [number for name, number in people if name == group]
    assert share == (naive_share(own, value, among_all) if group and own else among_all)


@given(GROUPED, st.randoms())
def test_the_order_of_customers_does_not_matter(
    people: list[tuple[str, Fraction]], random: Random
) -> None:
    shuffled = people.copy()
    random.shuffle(shuffled)

    assert Peers.of((g, n, 1) for g, n in people) == Peers.of((g, n, 1) for g, n in shuffled)


@given(GROUPED, NUMBERS, NUMBERS)
def test_more_is_never_less(
    people: list[tuple[str, Fraction]], one: Fraction, other: Fraction
) -> None:
    peers = Peers.of((name, number, 1) for name, number in people)
    low, high = sorted((one, other))

    shares = [peers.share(low, "smb"), peers.share(high, "smb")]

    assert shares[0] is not None
    assert shares[1] is not None
    assert 0 <= shares[0] <= shares[1] <= 1


def test_many_different_numbers_are_thinned_out_without_moving_anybody_far() -> None:
    everyone = {Fraction(number): 1 for number in range(25_000)}

    ranks = Ranks.of(everyone)

    assert len(ranks.values) == KEPT
    assert ranks.size == 25_000
    assert abs(ranks.share(Fraction(6_250), Fraction(1, 2)) - Fraction(1, 4)) < Fraction(1, 500)
