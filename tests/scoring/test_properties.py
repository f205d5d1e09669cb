"""What must hold for any customer: sums, ranges, and no effect of the order of arrival."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scoring import split
from scoring.explain import drivers
from scoring.feeds import FeedState
from scoring.figures import CustomerFacts, InvoiceDue
from scoring.record import from_record, to_record
from scoring.score import Score
from tests.scoring.worlds import FIVE, TODAY, Happened, World, ago, customer, scored

DAYS = st.dates(ago(120), TODAY + timedelta(days=10))
KINDS = st.sampled_from(["login", "api_call", "feature_use"])
FEATURES = st.sampled_from([None, "a", "b", "c", "d", "e", "f"])
HAPPENED = st.builds(Happened, DAYS, KINDS, FEATURES)
INVOICES = st.builds(InvoiceDue, DAYS, st.none() | DAYS)
WORLDS = st.builds(
    World,
    st.lists(HAPPENED, max_size=60),
    st.lists(DAYS, max_size=15),
    st.lists(INVOICES, max_size=6, unique_by=lambda invoice: invoice.due_on),
)
STATES = st.sampled_from(["live", "stopped", "never"])
FEEDS = st.fixed_dictionaries(
    {
        source: st.builds(FeedState, st.just(source), STATES, st.dates(ago(60), TODAY), DAYS)
        for source in sorted(FIVE.sources())
    }
)
FACTS = st.builds(customer, st.dates(ago(100), TODAY))


def assert_sums_hold(score: Score) -> None:
    assert sum(factor.contribution for factor in score.factors) == score.value
    counted = any(factor.policy != "exclude" for factor in score.factors)
    weights = sum(factor.effective_weight for factor in score.factors)
    assert weights == (100 if counted else 0)


@given(WORLDS, FACTS, FEEDS)
def test_contributions_sum_to_the_score_and_weights_to_100(
    world: World, facts: CustomerFacts, feeds: dict[str, FeedState]
) -> None:
    score = scored(world, facts=facts, feeds=feeds)

    assert_sums_hold(score)


@given(WORLDS, FACTS, FEEDS)
def test_every_number_stays_between_0_and_100(
    world: World, facts: CustomerFacts, feeds: dict[str, FeedState]
) -> None:
    score = scored(world, facts=facts, feeds=feeds)

    assert all(0 <= factor.value <= 100 for factor in score.factors)
    assert all(factor.contribution >= 0 for factor in score.factors)
    assert 0 <= score.value <= 100
    assert 0 <= score.coverage <= 100
    assert score.value.as_tuple().exponent == -2


@given(WORLDS, WORLDS, FEEDS, FEEDS)
def test_drivers_sum_to_the_change(
    before: World, after: World, feeds_then: dict[str, FeedState], feeds_now: dict[str, FeedState]
) -> None:
    then = scored(before, feeds=feeds_then)
    now = scored(after, feeds=feeds_now)

    moved = sum((driver.points for driver in drivers(now, then)), Decimal(0))

    assert moved == now.value - then.value


@given(WORLDS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_cannot_matter(world: World, random: Random) -> None:
    first = scored(world)
    shuffled = World(list(world.happened), list(world.tickets), list(world.invoices))
    random.shuffle(shuffled.happened)
    random.shuffle(shuffled.tickets)
    random.shuffle(shuffled.invoices)

    assert scored(shuffled) == first


@given(WORLDS, st.lists(HAPPENED, max_size=20), st.dates(ago(40), TODAY))
def test_what_happens_later_never_changes_an_earlier_score(
    world: World, more: list[Happened], day: date
) -> None:
    before = scored(world, as_of=day)
    later = [event for event in more if event.day > day]
    grown = World(world.happened + later, world.tickets, world.invoices)

    assert scored(grown, as_of=day) == before


@given(WORLDS, FACTS, FEEDS)
def test_a_record_loses_nothing(
    world: World, facts: CustomerFacts, feeds: dict[str, FeedState]
) -> None:
    score = scored(world, facts=facts, feeds=feeds)

    assert from_record(to_record(score)) == score


@given(WORLDS, FACTS)
def test_coverage_is_the_known_share_of_weight(world: World, facts: CustomerFacts) -> None:
    score = scored(world, facts=facts)
    known = sum(factor.weight for factor in score.factors if factor.status == "known")

    assert score.coverage == known
    assert (score.band == "unknown") == (score.coverage < FIVE.minimum_coverage)


@given(st.lists(st.fractions(0, 100), min_size=1, max_size=12))
def test_shares_sum_to_the_rounded_whole_and_move_less_than_a_unit(parts: list[Fraction]) -> None:
    whole, rounded = split.shares(split.Parts.of(parts))

    assert whole == split.rounded(sum(parts, Fraction(0)))
    assert sum(rounded) == whole
    assert all(
        abs(Fraction(share) - part) <= Fraction(1, 100)
        for share, part in zip(rounded, parts, strict=True)
    )


@given(st.fractions(-1000, 1000))
def test_rounding_is_half_up(value: Fraction) -> None:
    rounded = Fraction(split.rounded(value))

    assert -Fraction(1, 200) < rounded - value <= Fraction(1, 200)
