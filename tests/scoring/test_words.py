"""Every measure's sentence reads as a CSM would say it."""

from decimal import Decimal

import pytest

from scoring.explain import drivers, factor_words
from scoring.load import shipped
from scoring.words import plain, signed
from tests.scoring.worlds import World, ago, scored

SIX = shipped("six-signal")
POINTS = shipped("points-and-penalties")


def words_of(world: World, model_name: str, factor: str) -> str:
    score = scored(world, model=shipped(model_name))
    return factor_words(next(part for part in score.factors if part.name == factor))


@pytest.mark.parametrize(
    ("world", "model", "factor", "words"),
    [
        (
            World().rating(4, 3),
            "six-signal",
            "support_sentiment",
            "ticket rating 4 from 3 answers in 90 days",
        ),
        (
            World().event("payment_failed", ago(1)).event("payment_succeeded", *[ago(2)] * 3),
            "six-signal",
            "payment_health",
            "1 of 4 payments failed in 90 days",
        ),
        (
            World().survey("nps", "3", 3).survey("nps", "10", 1),
            "points-and-penalties",
            "operator_nps",
            "operator NPS −50 from 4 answers in 30 days",  # noqa: RUF001 - a true minus
        ),
        (
            World().survey("csat", "4.5").survey("csat", "4.25", 1, ago(95)),
            "points-and-penalties",
            "csat_change",
            "CSAT 4.5 in 30 days, 4.25 90 days earlier",
        ),
        (
            World().event("ticket_handled", *[ago(2)] * 6, *[ago(40)] * 3),
            "points-and-penalties",
            "handled_tickets",
            "6 tickets handled in 30 days, 1 on average in the 3 times 30 before",
        ),
        (
            World().event("login", *[ago(back) for back in range(1, 400)]),
            "adaptive",
            "recency",
            "1 day since the last activity, usually every 1.01 days",
        ),
        (
            World().event("login", *[ago(back) for back in range(400)]),
            "adaptive",
            "recency",
            "0 days since the last activity, usually every 1 day",
        ),
        (World(), "points-and-penalties", "risk", "Without a sign of risk starts full"),
    ],
)
def test_what_was_measured_is_said_in_words(
    world: World, model: str, factor: str, words: str
) -> None:
    assert words_of(world, model, factor) == words


def test_a_penalty_is_told_by_what_it_cost() -> None:
    before = scored(World().invoice(ago(20), ago(21)), model=POINTS)
    now = scored(World().invoice(ago(20), ago(21)).invoice(ago(10), None), model=POINTS)

    found = {driver.factor: driver for driver in drivers(now, before)}
    lost = {driver.factor: driver for driver in drivers(now, None)}

    assert found["late_payments"].points < 0
    assert found["late_payments"].sentence.startswith("Late payments rose from 0 to 1 in 90 days")
    assert lost["late_payments"].sentence.startswith("1 late payment in 90 days: ")


def test_means_and_shares_say_what_they_were_before() -> None:
    then = scored(World().rating(5, 2).event("payment_succeeded", ago(2), ago(3)), model=SIX)
    now = scored(
        World().rating(2, 2).event("payment_succeeded", ago(2)).event("payment_failed", ago(1)),
        model=SIX,
    )

    found = {driver.factor: driver.sentence for driver in drivers(now, then)}

    assert found["support_sentiment"].startswith(
        "Ticket rating 2 from 2 answers in 90 days, 5 before"
    )
    assert found["payment_health"].startswith("1 of 2 payments failed in 90 days, 0 of 2 before")


@pytest.mark.parametrize(
    ("number", "text"),
    [("12.50", "12.5"), ("12.00", "12"), ("1000", "1,000"), ("0.005", "0.01"), ("100", "100")],
)
def test_numbers_lose_their_empty_places(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


def test_signs_are_always_shown() -> None:
    assert signed(Decimal(-11)) == "−11"  # noqa: RUF001 - a true minus
    assert signed(Decimal("3.50")) == "+3.5"
