"""Forgetting costs what is forgotten, however much there is of others."""

import pytest
from sqlalchemy import (
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    event,
    text,
)

from storage.columns import metadata
from storage.database import Database
from storage.erasure import erase_customer, everything_of
from tests import builders

# Whoever these refer to goes alone, never by the thousand, and they are few: a row a play at most.
FEW = {"feedback.customer_id", "play_end.customer_id"}
# These are never deleted.
STAY = {"member"}
KEYS = (PrimaryKeyConstraint, UniqueConstraint)


def first_columns(table: Table) -> set[str]:
    """Return the columns by which an index or key of the table can be entered."""
    keys = [each for each in table.constraints if isinstance(each, KEYS)]
    return {next(iter(each.columns)).name for each in (*table.indexes, *keys) if len(each.columns)}


def test_whatever_refers_to_what_may_go_is_found_by_an_index() -> None:
    lost = {
        f"{table.name}.{each.column_keys[0]}"
        for table in metadata.tables.values()
        for each in table.constraints
        if isinstance(each, ForeignKeyConstraint) and each.referred_table.name not in STAY
        if each.column_keys[0] not in first_columns(table)
    }

    assert lost == FEW


def test_an_erasure_goes_to_the_customers_own_days(database: Database) -> None:
    acme, other = builders.customers(database, "acme", "other")
    builders.events(
        database, *(builders.new_event(one, back=back) for one in (acme, other) for back in (0, 40))
    )
    asked: list[str] = []
    with database.transaction() as tx:
        event.listen(tx, "before_cursor_execute", lambda *given: asked.append(given[2]))
        held = everything_of(tx, acme, "acme")
        gone = erase_customer(tx, acme, "acme")
        left = everything_of(tx, other, "other")

    assert len(held["activity_day"]) == gone["activity_day"] == len(left["activity_day"]) == 2
    assert [len(left[name]) for name in ("event", "event_key")] == [2, 2]
    about = [each for each in asked if "activity_day.customer_id = " in each]
    assert len(about) >= 3
    if database.dialect == "postgresql":
        assert [each for each in about if "activity_day.day = any" not in each] == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgres_goes_into_the_key_with_day_and_customer(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    builders.events(database, builders.new_event(acme))

    with database.transaction() as tx:
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            tx.execute(
                text(
                    "EXPLAIN SELECT * FROM activity_day WHERE customer_id = 1 "
                    "AND day = ANY(ARRAY['2026-11-19','2026-11-20']::date[])"
                )
            ).scalars()
        )

    assert "Index Cond: ((day = ANY" in plan
    assert "AND (customer_id = 1)" in plan
