"""Staging and INSERT store the same rows, refuse the same values, and skip what is there alike."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, LargeBinary, MetaData, Table, delete, select

from storage import copying
from storage.bulk import add_new, put
from storage.columns import Document, Exact, Serial, UtcTime, Words
from storage.database import Database
from storage.errors import StorageError, UnfitText
from storage.tables import activity_day

letters = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
words = st.text(letters, max_size=12) | st.sampled_from(["\\N", "\\.", "a\tb\\", "\r\n"])
documents = st.none() | st.dictionaries(words, st.none() | words | st.booleans(), max_size=3)
rows_of_events = st.lists(
    st.tuples(words, st.none() | words, documents, st.binary(max_size=9), st.integers(0, 10**9)),
    min_size=1,
    max_size=9,
)


def _row(number: int, given: tuple[Any, ...]) -> dict[str, Any]:
    word, user, document, stamp, micro = given
    at = datetime.fromtimestamp(micro, UTC).replace(microsecond=micro % 10**6)
    return {
        "number": number, "word": f"{number}{word}", "at": at, "maybe": user,
        "value": Decimal(micro).scaleb(-6), "packed": Decimal(micro).scaleb(-6),
        "document": document, "stamp": stamp,
    }  # fmt: skip


@pytest.fixture
def every(database: Database) -> Iterator[Table]:
    """Return a table with a column of every type that rows are made of."""
    table = Table(
        "every_type", MetaData(), Column("number", Serial, primary_key=True),
        Column("word", Words, nullable=False), Column("at", UtcTime), Column("maybe", Words),
        Column("value", Exact(6)), Column("packed", Exact(6, packed=True)),
        Column("document", Document), Column("stamp", LargeBinary),
    )  # fmt: skip
    with database.transaction() as tx:
        table.create(tx)
    yield table
    with database.transaction() as tx:
        table.drop(tx)


@given(rows=rows_of_events)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_copying_stores_what_inserting_stores(
    database: Database, every: Table, rows: list[Any]
) -> None:
    given_rows = [_row(number, row) for number, row in enumerate(rows)]
    stored = []

    for least in (10**9, 1):
        with pytest.MonkeyPatch.context() as patch, database.transaction() as tx:
            patch.setattr(copying, "WORTH_COPYING", least)
            add_new(tx, every, given_rows[:1], every.c.number)
            new = add_new(tx, every, given_rows, every.c.number)
            assert len(new) == len(rows) - 1
            stored.append(tx.execute(select(every).order_by(every.c.number)).all())
            tx.execute(delete(every))

    assert stored[0] == stored[1]


def _days(people: int, **change: Any) -> list[dict[str, Any]]:
    plain = {"day": datetime(2026, 11, 20, tzinfo=UTC).date(), "kind_id": 1, "feature_id": 0,
             "count": 1, "total": Decimal(2)}  # fmt: skip
    return [plain | {"customer_id": number} | change for number in range(people)]


def test_copied_rows_change_what_is_there_and_say_what_became_of_it(database: Database) -> None:
    key = ("day", "customer_id", "kind_id", "feature_id")
    with database.transaction() as tx:
        more = {"count": activity_day.c.count + 5}
        put(tx, activity_day, _days(150), key=key)

        put(tx, activity_day, _days(150), key=key, change=more)
        written = put(tx, activity_day, _days(200), key=key, change=more, returning=("count",))

    counts = [tuple(row)[4] for row in written]
    assert (counts.count(11), counts.count(1)) == (150, 50)


def test_what_an_insert_refuses_a_copy_refuses(database: Database, every: Table) -> None:
    with pytest.raises(UnfitText), database.transaction() as tx:
        add_new(tx, every, [_row(n, ("\x00", None, None, b"", 0)) for n in range(120)])
    with pytest.raises(StorageError), database.transaction() as tx:
        add_new(tx, activity_day, _days(120, count=None), activity_day.c.day)
    with database.transaction() as tx:
        new = add_new(tx, activity_day, _days(120), activity_day.c.day)

    assert len(new) == 120
