"""Scoring reads what a window holds: two years of history cost what ninety days cost.

Counted, not timed: PostgreSQL's blocks touched, and the steps of SQLite's virtual machine.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from benchmarks.counting import counting
from scoring.feeds import FeedState
from scoring.load import shipped
from scoring.score import prepare
from storage.activity import answers
from storage.answer_columns import answer_columns
from storage.bulk import add_new
from storage.database import Database
from storage.names import enrol
from storage.tables import activity_day, kind
from tests import builders
from tests.builders import TODAY, day

CUSTOMERS = 400


def lived(database: Database, first: int, last: int) -> None:
    """Let everybody be active every third day, from `first` days ago to `last` days ago."""
    with database.transaction() as tx:
        kinds = enrol(tx, kind, ["login", "api_call"])
        rows = [
            {"day": day(back), "customer_id": one, "kind_id": number, "feature_id": 0,
             "count": 1, "total": 1}
            for back in range(last, first) for one in range(1, CUSTOMERS + 1)
            for number in kinds.values() if (back + one) % 3 == 0
        ]  # fmt: skip
        add_new(tx, activity_day, rows, activity_day.c.day)
    with database.transaction() as tx:
        tx.execute(text("ANALYZE activity_day"))


def cost(database: Database, *, in_columns: bool = False) -> int:
    """Count what answering the default model's figures for a batch costs."""
    alive = FeedState("any", "live", TODAY, TODAY - timedelta(days=900))
    model = shipped()
    figures = prepare(model, TODAY, dict.fromkeys(model.sources(), alive)).figures
    with database.transaction() as tx, counting(tx) as counted:
        if in_columns:
            columns = answer_columns(tx, np.arange(101, 201), figures)
        else:
            found = answers(tx, list(range(101, 201)), figures)
    if in_columns:
        assert any(isinstance(one, np.ndarray) and one.any() for one in columns.values())
    else:
        assert any(found[101].values.values())
    return sum(counted)


@pytest.fixture
def untouched(empty_url: str) -> Iterator[Database]:
    """Return a database no other test ever used: what they deleted is still in its pages."""
    with closing(Database.open(empty_url)) as opened:
        opened.migrate()
        yield opened


def test_a_batch_costs_the_same_with_two_years_of_history(untouched: Database) -> None:
    builders.customers(untouched, *(f"customer-{number}" for number in range(CUSTOMERS)))
    lived(untouched, 90, 0)
    young, young_columns = cost(untouched), cost(untouched, in_columns=True)

    lived(untouched, 730, 90)
    old, old_columns = cost(untouched), cost(untouched, in_columns=True)

    assert young > 0
    assert young_columns > 0
    assert old <= 1.1 * young + 20
    assert old_columns <= 1.1 * young_columns + 20
