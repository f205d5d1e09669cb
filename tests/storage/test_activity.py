import threading
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from storage import copying, tables
from storage.activity import append_events, daily_counts, freshness, last_touch
from storage.database import Database
from storage.errors import StorageError, UnfitText
from tests import builders
from tests.builders import NOON, TODAY, day, new_event, noon

ONE_DATABASE = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _roll_ups(database: Database) -> dict[tuple[Any, ...], tuple[int, Decimal]]:
    rows = tables.activity_day
    with database.reading() as tx:
        return {
            (row.customer_id, row.day, row.kind_id, row.feature_id): (row[4], row.total)
            for row in tx.execute(select(rows))
        }


def _from_raw_events(database: Database) -> dict[tuple[Any, ...], tuple[int, Decimal]]:
    found: defaultdict[tuple[Any, ...], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    with database.reading() as tx:
        for row in tx.execute(select(tables.event)):
            key = (row.customer_id, row.occurred_at.date(), row.kind_id, row.feature_id)
            count, total = found[key]
            found[key] = (count + 1, total + row.value)
    return dict(found)


def _clear(database: Database) -> None:
    with database.transaction() as tx:
        for table in (tables.event, tables.event_key, tables.activity_day, tables.activity_span):
            tx.execute(delete(table))


def test_an_event_sent_again_is_a_duplicate_and_counts_once(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    login = new_event(acme)

    outcomes = [builders.events(database, login) for _ in range(3)]

    assert outcomes == [["accepted"], ["duplicate"], ["duplicate"]]
    assert list(_roll_ups(database).values()) == [(1, Decimal(1))]


def test_the_same_id_with_another_body_is_a_conflict_and_changes_nothing(
    database: Database,
) -> None:
    (acme,) = builders.customers(database, "acme")
    builders.events(database, new_event(acme, event_id="e"))

    outcomes = builders.events(database, new_event(acme, event_id="e", digest="another body"))

    assert outcomes == ["conflict"]
    assert list(_roll_ups(database).values()) == [(1, Decimal(1))]


def test_the_same_id_for_another_customer_is_a_conflict_within_a_feed_only(
    database: Database,
) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    builders.events(database, new_event(acme, event_id="e"))

    outcomes = builders.events(
        database, new_event(bolt, event_id="e"), new_event(bolt, event_id="e", feed="segment")
    )

    assert outcomes == ["conflict", "accepted"]


def test_repeats_within_one_batch_are_told_apart_in_the_order_given(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    first = new_event(acme, event_id="e")
    other = new_event(acme, event_id="e", digest="another body")

    outcomes = builders.events(database, first, first, other, new_event(acme))

    assert outcomes == ["accepted", "duplicate", "conflict", "accepted"]


@pytest.mark.parametrize("each_time", [50, 200])
def test_two_writers_with_the_same_events_keep_each_once(
    database: Database, each_time: int
) -> None:
    (acme,) = builders.customers(database, "acme")
    batch = [new_event(acme, kind=f"kind-{n % 3}", feature=f"part-{n % 5}") for n in range(200)]
    gate = threading.Barrier(4)
    outcomes: list[str] = []

    def write(*, backwards: bool) -> None:
        gate.wait()
        mine = batch[::-1] if backwards else batch
        for begin in range(0, len(mine), each_time):
            outcomes.extend(builders.events(database, *mine[begin : begin + each_time]))

    writers = [threading.Thread(target=write, kwargs={"backwards": n % 2 == 1}) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert Counter(outcomes) == {"accepted": 200, "duplicate": 600}
    assert sum(count for count, _ in _roll_ups(database).values()) == 200
    assert _roll_ups(database) == _from_raw_events(database)


def test_many_events_are_told_apart_as_few_are(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    before = [new_event(acme, event_id=f"e{n}", back=n % 7) for n in range(150)]
    builders.events(database, *before)
    mixed = [
        *before[:50],
        *(one._replace(digest="another body") for one in before[50:60]),
        *(one._replace(customer_id=bolt) for one in before[60:70]),
        *(one._replace(feed="segment") for one in before),
        new_event(bolt, event_id="twice"),
        new_event(bolt, event_id="twice"),
    ]

    outcomes = builders.events(database, *mixed)

    assert outcomes == [
        *["duplicate"] * 50, *["conflict"] * 20, *["accepted"] * 151, "duplicate",
    ]  # fmt: skip
    assert _roll_ups(database) == _from_raw_events(database)


@pytest.mark.parametrize("number", [1, 120])
def test_a_value_is_kept_to_a_millionth_however_many_come(database: Database, number: int) -> None:
    (acme,) = builders.customers(database, "acme")
    value = Decimal("0.12345678")

    builders.events(database, *(new_event(acme, value=value) for _ in range(number)))

    assert [total for _, total in _roll_ups(database).values()] == [number * Decimal("0.123457")]


@pytest.mark.parametrize(
    "broken",
    [
        {"event_id": "\x00"},
        {"user": "\ud800"},
        {"properties": {"a": float("nan")}},
        {"value": Decimal("NaN")},
        {"value": Decimal(10) ** 12},
        {"occurred_at": datetime(2026, 11, 20, 12)},  # noqa: DTZ001 - what is refused
    ],
)
@pytest.mark.parametrize("number", [1, 120])
def test_what_no_database_could_hold_is_refused_however_many_come(
    database: Database, number: int, broken: dict[str, Any]
) -> None:
    (acme,) = builders.customers(database, "acme")
    events = [new_event(acme) for _ in range(number)]

    with pytest.raises(StorageError):
        builders.events(database, *events, new_event(acme, **broken))

    assert _roll_ups(database) == {}


@pytest.mark.parametrize("number", [2, 120])
def test_texts_that_mean_something_to_a_copy_are_kept_as_they_are(
    database: Database, number: int
) -> None:
    (acme,) = builders.customers(database, "acme")
    words = ["\\N", "\\.", "a\tb\\", "\r\n", "", "é"]
    events = [
        new_event(acme, event_id=f"{n}{words[n % 6]}", user=words[n % 6], properties={"w": words})
        for n in range(number)
    ]

    builders.events(database, *events)

    with database.reading() as tx:
        rows = tx.execute(select(tables.event)).all()
    kept = {(row.event_id, row.user, tuple(row.properties["w"])) for row in rows}
    assert kept == {(one.event_id, one.user, tuple(words)) for one in events}


def test_a_late_event_lands_on_its_own_utc_day(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    berlin_after_midnight = datetime.fromisoformat("2026-11-20T00:30:00+01:00")

    builders.events(database, new_event(acme, occurred_at=berlin_after_midnight))

    assert [key[1] for key in _roll_ups(database)] == [date(2026, 11, 19)]


moments = st.integers(0, 4 * 86_400).map(lambda seconds: NOON - timedelta(seconds=seconds))
amounts = st.decimals(min_value=-1000, max_value=1000, places=6)
sent = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 15),
        st.sampled_from(["login", "api_call"]),
        st.sampled_from([None, "export", "search"]),
        moments,
        amounts,
    ),
    max_size=40,
)

# From so many rows on, events go by way of the staging tables; both ways must say the same.
few_or_many = st.sampled_from([1, copying.WORTH_COPYING])


@ONE_DATABASE
@given(batches=st.lists(sent, max_size=4), least=few_or_many)
def test_roll_ups_are_exactly_what_the_kept_events_add_up_to(
    database: Database, batches: list[list[Any]], least: int
) -> None:
    _clear(database)
    ids = dict(zip("ab", builders.customers(database, "a", "b"), strict=True))

    for batch in batches:
        events = [
            new_event(
                ids[key],
                kind,
                event_id=str(number),
                feature=feature,
                occurred_at=at,
                value=value,
                digest=f"{key} {kind} {feature} {at} {value}",
            )
            for key, number, kind, feature, at, value in batch
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(copying, "WORTH_COPYING", least)
            builders.events(database, *events)

    assert _roll_ups(database) == _from_raw_events(database)


@ONE_DATABASE
@given(order=st.permutations(range(8)))
def test_any_order_of_arrival_leaves_the_same_roll_ups(
    database: Database, order: list[int]
) -> None:
    _clear(database)
    (acme,) = builders.customers(database, "acme")
    plain = [new_event(acme, event_id=str(n), back=n, feature="x" * (n % 2)) for n in range(8)]

    builders.events(database, *plain)
    expected = _roll_ups(database)
    _clear(database)
    for position in order:
        builders.events(database, plain[position])

    assert _roll_ups(database) == expected


def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(
    database: Database, statements: Any
) -> None:
    (acme,) = builders.customers(database, "acme")
    # The months they lie in are made with the first of them.
    builders.events(database, *(new_event(acme, back=n) for n in range(96)))

    counts = []
    for number in (10, 90, 110, 900):
        kind = f"kind-{number}"
        with statements(database) as issued:
            builders.events(database, *(new_event(acme, kind, back=n % 95) for n in range(number)))
        counts.append(len(issued))

    assert counts[0] == counts[1]
    assert counts[2] == counts[3] < 30


def test_a_transaction_that_fails_keeps_neither_events_nor_roll_ups(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    def fail_late() -> None:
        with database.transaction() as tx:
            append_events(tx, [new_event(acme)], NOON)
            append_events(tx, [new_event(acme, kind="\x00")], NOON)

    with pytest.raises(UnfitText):
        fail_late()

    assert _roll_ups(database) == _from_raw_events(database) == {}


def test_freshness_follows_the_newest_event_to_the_minute(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    builders.events(database, new_event(acme, back=3), new_event(acme, "export", feature="csv"))
    builders.events(database, new_event(acme, back=1))

    with database.reading() as tx:
        found = freshness(tx)

    assert found == {
        "events": NOON,
        "events:login": noon(1),
        "events:export": NOON,
        "features": NOON,
    }


def test_last_touch_and_daily_counts_tell_a_customers_own_activity(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    builders.events(
        database,
        new_event(acme, back=2),
        new_event(acme, back=2, feature="csv"),
        new_event(acme, "api_call", back=1),
        new_event(bolt),
    )

    with database.reading() as tx:
        touched = last_touch(tx, acme)
        counts = daily_counts(tx, acme, day(5), TODAY)

    assert touched == noon(1)
    assert [(c.day, c.kind, c.count) for c in counts] == [
        (day(2), "login", 2),
        (day(1), "api_call", 1),
    ]


def test_an_event_far_in_the_past_is_kept_to_the_microsecond(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    moment = datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

    builders.events(database, new_event(acme, occurred_at=moment))

    with database.reading() as tx:
        assert last_touch(tx, acme) == moment
    assert moment + timedelta(microseconds=1) == datetime(2000, 1, 1, tzinfo=UTC)
