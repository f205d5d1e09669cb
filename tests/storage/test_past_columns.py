"""Figures of many past days, read in one pass, are those of each day read by itself."""

from decimal import Decimal
from typing import Any

import numpy as np

from scoring.columns.block import Invoices
from scoring.figures import (
    ActiveDays,
    EventCount,
    EventTotal,
    FeaturesUsed,
    Figure,
    InvoicesDue,
    LastActivity,
    TicketsOpened,
    Window,
)
from storage.answer_columns import answer_columns, overflown
from storage.database import Database
from storage.past_columns import PastColumns
from storage.records import upsert_invoices, upsert_tickets
from tests import builders
from tests.builders import day, invoice, new_event, ticket

Figures = frozenset[Figure[Any]]


def figures_on(back: int) -> Figures:
    month = Window.ending(day(back), 30)
    return frozenset(
        {
            EventCount(("login",), month),
            EventTotal((), month),
            ActiveDays((), month),
            FeaturesUsed(None, month),
            LastActivity(("login",), day(back)),
            TicketsOpened(month),
            InvoicesDue(2, day(back)),
        }
    )


def lived(database: Database) -> list[int]:
    """Build customers with two years behind them and more features than one number has bits."""
    ids = builders.customers(database, "a-quiet", "b-busy", "c-gone")
    builders.events(
        database,
        *(
            new_event(ids[1], back=back, feature=f"feature-{back % 70}", value=Decimal(back) / 8)
            for back in range(0, 600, 3)
        ),
        *(new_event(ids[2], back=back) for back in range(450, 500, 7)),
    )
    with database.transaction() as tx:
        upsert_tickets(tx, [ticket(ids[1], f"T{back}", back) for back in (1, 29, 30, 31, 250)])
        upsert_invoices(
            tx, [invoice(ids[n % 3], f"I{n}", 20 * n, paid_on=day(n)) for n in range(20)]
        )
    return ids


def assert_alike(database: Database, ids: list[int], days: tuple[int, ...]) -> None:
    every: Figures = frozenset().union(*(figures_on(back) for back in days))
    owners = np.array(ids, np.int64)
    with database.reading() as tx:
        past = PastColumns(tx, owners, every)
        for back in days:
            found, expected = (
                past.columns(figures_on(back)),
                answer_columns(tx, owners, figures_on(back)),
            )
            assert {f: listed(c) for f, c in found.items()} == {
                f: listed(c) for f, c in expected.items()
            }


def listed(column: Any) -> Any:
    if isinstance(column, Invoices):
        return column.due.tolist(), column.paid.tolist()
    return column.tolist()


def test_weekly_looks_read_once_are_those_read_day_by_day(database: Database) -> None:
    assert_alike(database, lived(database), tuple(range(0, 100, 7)))


def test_looks_that_lie_far_apart_are_the_same(database: Database) -> None:
    assert_alike(database, lived(database), (0, 200, 470))


def test_some_of_the_customers_are_told_without_the_others(database: Database) -> None:
    ids = lived(database)

    assert_alike(database, [ids[0], ids[2]], (3, 460))


def test_a_total_too_large_for_a_column_is_known_to_be(database: Database) -> None:
    ids = builders.customers(database, "a-vast", "b-small")
    vast = Decimal(999_999_999_999)
    builders.events(
        database,
        *(new_event(ids[0], event_id=f"v{n}", back=n, value=vast) for n in range(6)),
        new_event(ids[1], back=2, value=Decimal(2)),
    )
    total = EventTotal((), Window.ending(day(0), 30))
    # Cuts the month in two, neither of which is too large by itself.
    cut = EventCount((), Window.ending(day(0), 3))

    with database.reading() as tx:
        past = PastColumns(tx, np.array(ids, np.int64), frozenset({total, cut}))
        found = past.columns(frozenset({total}))

    assert overflown(found, 2).tolist() == [True, False]
