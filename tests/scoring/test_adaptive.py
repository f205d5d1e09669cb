"""The adaptive model: works on whatever is sent, and alarms nobody who is new or unlucky."""

from decimal import Decimal

import pytest

from scoring.feeds import FeedState
from scoring.figures import CustomerFacts
from scoring.load import shipped
from scoring.score import Score, prepare
from tests.scoring.worlds import LONG_AGO, TODAY, World, ago, customer

ADAPTIVE = shipped("adaptive")

BAD = {"at-risk", "churn-risk"}


def on_days(every: int, *, until: int = 0, since: int = 400) -> World:
    """Return a world with a login every so many days, each with another of five features."""
    world = World()
    for back in range(until, since, every):
        world.event("export", ago(back), feature=f"f{back % 5}")
    return world


def paying(world: World, late: tuple[int, ...] = ()) -> World:
    for month in range(8):
        due = ago(30 * month + 5)
        world.invoice(due, ago(30 * month) if month in late else due)
    return world


def base(size: int = 60) -> list[tuple[CustomerFacts, World]]:
    """Return customers from the daily user to one of every fortnight, all paying in time."""
    return [(customer(), paying(on_days(1 + number % 14))) for number in range(size)]


def score_of(
    world: World, *sources: str, facts: CustomerFacts | None = None, among: int = 60
) -> Score:
    """Score one customer among a base, with only these feeds alive; all of them without any."""
    names = sources or tuple(ADAPTIVE.sources())
    feeds = {name: FeedState(name, "live", TODAY, LONG_AGO) for name in names}
    plan = prepare(ADAPTIVE, TODAY, feeds)
    everybody = [*base(among), (facts or customer(), world)]
    plan = plan.surveyed((who, w.answers(plan.figures)) for who, w in everybody)
    return plan.score(facts or customer(), world.answers(plan.figures), None)


def test_activity_alone_gives_a_band() -> None:
    lively = score_of(on_days(1), "events", "features")
    rare = score_of(on_days(20), "events", "features")

    assert lively.band == "healthy"
    assert rare.band in BAD
    assert lively.coverage == Decimal("66.67")


def test_invoices_alone_give_a_band() -> None:
    good = score_of(paying(World()), "invoices")
    bad = score_of(paying(World(), late=(0, 1, 2, 3)), "invoices")

    assert good.band == "healthy"
    assert bad.band == "churn-risk"


def test_all_together_count_together() -> None:
    score = score_of(paying(on_days(1)))

    assert score.band == "healthy"
    assert score.coverage == 100


def test_one_late_payment_alarms_nobody() -> None:
    before = score_of(paying(on_days(3)))
    after = score_of(paying(on_days(3), late=(0,)))

    assert after.value < before.value
    assert after.band not in BAD


@pytest.mark.parametrize("days", [0, 5, 20])
def test_a_new_customer_is_unknown_and_not_red(days: int) -> None:
    score = score_of(on_days(5, since=days + 1), facts=customer(ago(days)))

    assert score.band == "unknown"


def test_a_daily_user_who_falls_silent_is_seen_within_weeks() -> None:
    scores = [
        score_of(on_days(1, until=gone), "events", "features").value for gone in (0, 7, 14, 30)
    ]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[1] >= 10
    assert scores[0] - scores[3] >= 30


def test_who_matters_is_the_place_and_not_the_size() -> None:
    """Three times the base is the same base: nothing has to be set to its size."""
    small = score_of(on_days(4), "events", "features", among=200)
    large = score_of(on_days(4), "events", "features", among=600)

    assert abs(small.value - large.value) < 2
