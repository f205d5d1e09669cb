"""Events spelled before their transaction are kept, or told apart, as others are."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from storage import tables
from storage.activity import Foreseen, NewEvent, append, foresee, given_by
from storage.database import Database
from storage.gains import gains_of
from storage.instants import in_utc, isoformats, since_epoch
from storage.sums import DAY_FULL
from tests import builders
from tests.builders import NOON, new_event
from tests.storage.racing import race

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ordinary = st.integers(10**15, 4 * 10**15).map(lambda one: EPOCH + timedelta(microseconds=one))
moments = st.datetimes(timezones=st.just(UTC)) | ordinary


@given(st.lists(moments, min_size=1, max_size=5))
def test_instants_by_the_column_are_exact_to_the_microsecond(given: list[datetime]) -> None:
    exact = [(one - EPOCH) // timedelta(microseconds=1) for one in given]

    assert since_epoch(in_utc(given)).tolist() == exact


@given(st.lists(moments.filter(lambda one: one.year > 1900), min_size=1, max_size=5))
def test_instants_by_the_column_are_spelled_as_each_is(given: list[datetime]) -> None:
    assert isoformats(given) == [one.isoformat() for one in given]
    whole = [one.replace(microsecond=0) for one in given]
    assert isoformats(whole) == [one.isoformat() for one in whole]


small = st.integers(0, 3)
value = st.integers(-(10**9), 10**9) | st.integers(10**18 - 9, 10**18 - 1)
added = st.lists(st.tuples(small, small, small, small, value), min_size=1, max_size=60)


@given(added)
def test_gains_are_the_plain_sums_and_stop_at_the_most_a_day_holds(
    rows: list[tuple[int, ...]],
) -> None:
    counts = Counter(row[:4] for row in rows)
    totals: defaultdict[tuple[int, ...], int] = defaultdict(int)
    for row in rows:
        totals[row[:4]] += row[4]

    found = gains_of(*np.array(rows, np.int64).T)

    told = list(zip(*(column.tolist() for column in found), strict=True))
    plain = [(*key, counts[key], min(totals[key], DAY_FULL)) for key in sorted(counts)]
    assert told == plain


def _foreseen(database: Database, events: Sequence[NewEvent]) -> Foreseen | None:
    with database.reading() as tx:
        return foresee(tx, given_by(events), NOON)


def _kept(database: Database) -> tuple[list[Any], ...]:
    with database.reading() as tx:
        every = (tables.event, tables.event_key, tables.activity_day, tables.activity_span,
                 tables.feed_day, tables.kind)  # fmt: skip
        return tuple(sorted(map(repr, tx.execute(select(one)).all())) for one in every)


def _day_of_work(database: Database, number: int) -> list[NewEvent]:
    """Return events whose words are known: one of each kind and feature is kept."""
    acme, bolt = builders.customers(database, "acme", "bolt")
    words = [("login", None), ("export", "csv")]
    builders.events(
        database, *(new_event(acme, kind, feature=part, back=9) for kind, part in words)
    )
    return [
        new_event(
            (acme, bolt)[place % 2],
            words[place % 2][0],
            event_id=f"{place * 7919 % 1000}-é",
            feature=words[place % 2][1],
            back=place % 5,
            value=Decimal(place) / 8,
            user=(None, "ann\t\\N", "")[place % 3],
            properties={"a": ["\n", place]} if place % 4 == 0 else None,
        )
        for place in range(number)
    ]


@pytest.mark.parametrize("number", [3, 150])
def test_events_foreseen_are_kept_as_others_are(database: Database, number: int) -> None:
    events = _day_of_work(database, number)
    foreseen = _foreseen(database, events)
    assert foreseen is not None

    with database.transaction() as tx:
        outcomes = append(tx, given_by(events), NOON, foreseen)
        kept = tx.execute(select(tables.event).where(tables.event.c.event_id.endswith("é"))).all()

    assert outcomes == ["accepted"] * number
    assert sorted((one.event_id, one.customer_id, one.occurred_at, one.value, one.user,
                   repr(one.properties)) for one in kept) == sorted(
        (one.event_id, one.customer_id, one.occurred_at, one.value, one.user,
         repr(one.properties)) for one in events
    )  # fmt: skip
    once = _kept(database)
    assert builders.events(database, *events) == ["duplicate"] * number
    assert _kept(database) == once


@pytest.mark.parametrize("taken", [0, 77, 149])
def test_events_of_which_one_was_kept_meanwhile_are_told_apart(
    database: Database, taken: int
) -> None:
    events = _day_of_work(database, 150)
    foreseen = _foreseen(database, events)
    builders.events(database, events[taken]._replace(digest="another body"))

    with database.transaction() as tx:
        outcomes = append(tx, given_by(events), NOON, foreseen)

    assert Counter(outcomes) == {"accepted": 149, "conflict": 1}
    assert outcomes[taken] == "conflict"


def test_what_holds_a_new_word_or_an_id_twice_is_not_foreseen(database: Database) -> None:
    events = _day_of_work(database, 10)

    assert _foreseen(database, events) is not None
    assert _foreseen(database, [*events, new_event(1, "upload")]) is None
    assert _foreseen(database, [*events, new_event(1, feature="pdf")]) is None
    assert _foreseen(database, [*events, new_event(1, feed="segment")]) is None
    assert _foreseen(database, [*events, events[3]._replace(digest="another")]) is None


def test_writers_who_foresaw_the_same_events_keep_each_once(database: Database) -> None:
    events = _day_of_work(database, 300)

    def write(number: int) -> list[str]:
        mine = events[::-1] if number % 2 else events[number * 20 :]
        foreseen = _foreseen(database, mine)
        with database.transaction() as tx:
            return list(append(tx, given_by(mine), NOON, foreseen))

    outcomes = Counter(one for said in race(write, 4) for one in said)

    assert outcomes["accepted"] == 300
    assert set(outcomes) == {"accepted", "duplicate"}
    with database.reading() as tx:
        rolled = sum(tx.execute(select(tables.activity_day.c.count)).scalars())
    assert rolled == 302


def test_an_id_that_another_customer_has_is_told_apart_from_events_foreseen(
    database: Database,
) -> None:
    events = _day_of_work(database, 150)
    foreseen = _foreseen(database, events)
    taken = events[77]
    (other,) = {one.customer_id for one in events} - {taken.customer_id}
    builders.events(database, taken._replace(customer_id=other))

    with database.transaction() as tx:
        outcomes = append(tx, given_by(events), NOON, foreseen)

    assert Counter(outcomes) == {"accepted": 149, "conflict": 1}
    assert outcomes[77] == "conflict"


def test_words_are_kept_as_they_are_whatever_encoding_the_surroundings_name(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with closing(Database.open(postgres_url)) as database:
        (acme,) = builders.customers(database, "acme")
        builders.events(database, *(new_event(acme, user="zoë Δ") for _ in range(150)))

        with database.reading() as tx:
            assert set(tx.execute(select(tables.event.c.user)).scalars()) == {"zoë Δ"}
