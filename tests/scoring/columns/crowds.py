"""Crowds of customers for scoring at once: generated ones, and random ones full of ties."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np

from scoring.columns.bands import NO_BAND, OTHER_BAND, band_codes
from scoring.columns.block import block_of
from scoring.columns.packed import unpack
from scoring.columns.scores import ScoreColumns, scores
from scoring.feeds import FeedState
from scoring.figures import (
    ActiveDays,
    Answers,
    CustomerFacts,
    EventCount,
    EventTotal,
    FeaturesUsed,
    Figure,
    FirstActivity,
    InvoiceDue,
    InvoicesDue,
    LastActivity,
    SurveyScores,
    TicketRatings,
    TicketsOpened,
)
from scoring.model import HealthModel
from scoring.record import to_record
from scoring.score import Plan, Score, prepare
from tests.scoring.worlds import LONG_AGO, TODAY, ago

Person = tuple[CustomerFacts, Answers]
# Small, and so often the same that every kind of tie comes about; now and then a large one.
COUNTS = [0, 0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 20, 25, 31, 32, 64, 90, 125, 1000, 48_611]


def code_of(model: HealthModel, band: str | None) -> int:
    return NO_BAND if band is None else band_codes(model).get(band, OTHER_BAND)


def at_once(plan: Plan, people: Sequence[Person], before: Sequence[str | None]) -> ScoreColumns:
    """Score in columns."""
    codes = np.array([code_of(plan.model, band) for band in before], dtype=np.int8)
    return scores(plan, block_of(people, plan.figures), codes)


def assert_the_same(plan: Plan, people: Sequence[Person], before: Sequence[str | None]) -> int:
    """Compare every field of every score with the definition; return how many were put aside."""
    columns = at_once(plan, people, before)
    records = columns.packed()
    for row, ((facts, answers), band) in enumerate(zip(people, before, strict=True)):
        expected = plan.score(facts, answers, band)
        assert_equal(columns, row, expected)
        kept = records.rows[row]
        if kept is not None:
            assert list(walk(unpack(kept, records.frame))) == list(walk(to_record(expected)))
    assert not columns.faults
    return len(columns.told)


def assert_equal(columns: ScoreColumns, row: int, expected: Score) -> None:
    found = columns.at(row)
    assert found == expected
    # Equal numbers may still be written differently, and equal figures stand in another order.
    assert repr(found) == repr(expected)
    assert columns.value[row] == expected.value * 100
    assert columns.coverage[row] == expected.coverage * 100
    assert columns.band[row] == code_of(columns.model, expected.band)
    assert columns.raw_band[row] == code_of(columns.model, expected.raw_band)
    for own, factor in zip(columns.factors, expected.factors, strict=True):
        assert own.value[row] == factor.value.scaleb(6)
        assert own.contribution[row] == factor.contribution * 100
        assert own.weight[row] == factor.effective_weight * 100


def walk(record: Any) -> Any:
    """Yield what a record holds, in the order it stands."""
    if isinstance(record, dict):
        for name, value in record.items():
            yield name
            yield from walk(value)
    elif isinstance(record, list):
        for value in record:
            yield from walk(value)
    else:
        yield type(record), record


def crowd(plan: Plan, size: int, seed: int) -> list[Person]:
    """Return random customers whose answers are often alike."""
    dice = Random(seed)  # noqa: S311 - no secret is made of it
    figures = sorted(plan.figures, key=repr)
    return [
        (facts(dice), Answers({figure: answer(figure, dice) for figure in figures}))
        for _ in range(size)
    ]


def facts(dice: Random) -> CustomerFacts:
    return CustomerFacts(
        id=1,
        key="acme",
        name="Acme",
        created_on=dice.choice([LONG_AGO, LONG_AGO, ago(400), ago(dice.randrange(200)), TODAY]),
        segment=dice.choice([None, "smb", "enterprise"]),
        plan=dice.choice([None, "free", "pro"]),
        seats=dice.choice([None, 0, 1, 7, 240]),
    )


def answer(figure: Figure[Any], dice: Random) -> object:
    match figure:
        case EventCount() | FeaturesUsed() | TicketsOpened() | ActiveDays():
            return dice.choice(COUNTS)
        case EventTotal():
            return dice.choice(COUNTS) * dice.choice([Decimal(1), Decimal(1), Decimal("0.37")])
        case LastActivity() | FirstActivity():
            return a_day(figure, dice)
        case InvoicesDue():
            return invoices(figure, dice)
        case TicketRatings() | SurveyScores():
            scores = sorted({Decimal(dice.randrange(11)) for _ in range(dice.randrange(4))})
            return tuple((score, dice.randrange(1, 9)) for score in scores)
        case _:
            raise AssertionError(figure)


def a_day(figure: LastActivity | FirstActivity, dice: Random) -> date | None:
    """Return a day; whoever has a last day has a first one before it."""
    near = isinstance(figure, LastActivity)
    back = dice.randrange(40) if near else dice.randrange(41, 900)
    return None if dice.random() < 0.1 else figure.by - timedelta(days=back)


def invoices(figure: InvoicesDue, dice: Random) -> tuple[InvoiceDue, ...]:
    due = [figure.by - timedelta(days=30 * back) for back in range(dice.randrange(figure.last + 1))]
    late = [None, *(timedelta(days=days) for days in (-3, 0, 0, 0, 1, 14, 300))]
    paid = [dice.choice(late) for _ in due]
    return tuple(
        InvoiceDue(day, None if after is None else day + after)
        for day, after in zip(due, paid, strict=True)
    )


def bands(model: HealthModel, size: int, seed: int) -> list[str | None]:
    dice = Random(seed)  # noqa: S311 - as above
    names = [*band_codes(model), None, "gone"]
    return [dice.choice(names) for _ in range(size)]


def plan_of(model: HealthModel, feeds: dict[str, FeedState]) -> Plan:
    return prepare(model, TODAY, feeds)
