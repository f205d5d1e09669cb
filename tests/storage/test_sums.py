"""Values of which a day has too many to add up cost neither their batch nor any other score."""

from decimal import Decimal

import numpy as np
import pytest

from scoring.figures import EventTotal, Window
from storage.activity import NewEvent, answers
from storage.answer_columns import answer_columns, overflown
from storage.database import Database
from storage.sums import MOST_A_DAY
from tests import builders
from tests.builders import TODAY, new_event

HUGE = Decimal(10) ** 12 - 1
MONTH = EventTotal((), Window.ending(TODAY, 30))


def told(database: Database, ids: list[int]) -> tuple[list[Decimal], list[bool]]:
    """Return everybody's total, and whose column does not tell it."""
    with database.reading() as tx:
        figures = frozenset([MONTH])
        columns = answer_columns(tx, np.array(ids), figures)
        found = answers(tx, ids, figures)
        return [found[one][MONTH] for one in ids], overflown(columns, len(ids)).tolist()


def huge(customer_id: int, count: int, back: int = 0, feature: str | None = None) -> list[NewEvent]:
    return [new_event(customer_id, value=HUGE, back=back, feature=feature) for _ in range(count)]


@pytest.mark.parametrize("count", [12, 120])
def test_a_day_too_large_to_add_up_is_full_and_costs_no_other_event(
    database: Database, count: int
) -> None:
    acme, globex = sorted(builders.customers(database, "acme", "globex"))
    items = [*huge(acme, count), new_event(globex, value=Decimal("0.000001"))]

    assert set(builders.events(database, *items)) == {"accepted"}
    assert set(builders.events(database, *huge(acme, count))) == {"accepted"}

    totals, cut = told(database, [acme, globex])
    assert MOST_A_DAY <= totals[0] <= MOST_A_DAY + Decimal("0.000001")
    assert (totals[1], cut[1]) == (Decimal("0.000001"), False)


def test_days_and_features_too_large_to_add_up_are_told_alike(database: Database) -> None:
    acme, globex = sorted(builders.customers(database, "acme", "globex"))
    for back in range(5):
        builders.events(database, *huge(acme, 12, back, "a"), *huge(acme, 12, back, "b"))
    builders.events(database, *huge(globex, 4))

    assert told(database, [acme, globex]) == (
        [Decimal(2**62).scaleb(-6), 4 * HUGE],
        [True, False],
    )
