"""The counts kept while data comes in always equal what counting everything anew would say."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select, text

from scoring.feeds import CUSTOMERS_TO_JUDGE
from storage import copying
from storage.activity import append_events, feed_days, feed_days_on
from storage.database import Database
from storage.erasure import erase_customer
from storage.records import upsert_invoices, upsert_surveys, upsert_tickets
from storage.tables import feed_day
from tests import builders
from tests.builders import TODAY, day, invoice, new_event, survey, ticket
from tests.storage.racing import race

SOURCES = ["events", "events:login", "events:call", "events:none", "features", "tickets",
           "invoices", "surveys:nps", "surveys:csat", "surveys:none"]  # fmt: skip
PEOPLE = 4
Said = tuple[str, date, int]
backs = st.integers(0, 40)
people = st.integers(0, PEOPLE - 1)
an_event = st.tuples(
    st.just("event"), people, backs, st.sampled_from(["login", "call"]), st.sampled_from(["a", ""])
)
RECORDS = ["tickets", "invoices", "surveys:nps", "surveys:csat"]
a_record = st.tuples(st.sampled_from(RECORDS), people, st.integers(0, 3), backs)
an_erasure = st.tuples(st.just("erase"), people)
steps = st.lists(st.lists(an_event | a_record, max_size=8) | an_erasure, max_size=5)


class Ledger:
    """Everything ever written, kept plainly beside the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ids = builders.customers(database, *(f"c{number}" for number in range(PEOPLE)))
        self.events: set[Said] = set()
        self.records: dict[tuple[str, int, int], date] = {}

    def write(self, step: Any) -> None:
        if isinstance(step, tuple):
            self._erase(self.ids[step[1]])
            return
        events = [one for one in step if one[0] == "event"]
        builders.events(
            self.database,
            *(new_event(self.ids[who], kind, back=back, feature=feature or None)
              for _, who, back, kind, feature in events),
        )  # fmt: skip
        for _, who, back, kind, feature in events:
            said = ["events", f"events:{kind}", *(["features"] if feature else [])]
            self.events |= {(source, day(back), self.ids[who]) for source in said}
        self._record([one for one in step if one[0] != "event"])

    def _record(self, records: list[Any]) -> None:
        with self.database.transaction() as tx:
            upsert_tickets(tx, [
                ticket(self.ids[who], f"R{number}", back)
                for source, who, number, back in records if source == "tickets"
            ])  # fmt: skip
            upsert_invoices(tx, [
                invoice(self.ids[who], f"R{number}", back)
                for source, who, number, back in records if source == "invoices"
            ])  # fmt: skip
            upsert_surveys(tx, [
                survey(self.ids[who], f"R{number}", back, survey=source.partition(":")[2])
                for source, who, number, back in records if source.startswith("surveys:")
            ])  # fmt: skip
        for source, who, number, back in records:
            self.records[source, self.ids[who], number] = day(back)

    def _erase(self, customer_id: int) -> None:
        with self.database.transaction() as tx:
            erase_customer(tx, customer_id, "")
        self.events = {one for one in self.events if one[2] != customer_id}
        self.records = {key: on for key, on in self.records.items() if key[1] != customer_id}
        (again,) = builders.customers(self.database, f"again-{customer_id}")
        self.ids[self.ids.index(customer_id)] = again

    def said(self, source: str, as_of: date) -> Iterator[tuple[date, int]]:
        records = {(kind, on, who) for (kind, who, _), on in self.records.items()}
        for kind, on, who in self.events | records:
            if kind == source and on <= as_of:
                yield on, who


@given(steps=steps, back=backs, least=st.sampled_from([1, copying.WORTH_COPYING]))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_kept_equals_what_counting_anew_would_say(
    database: Database, steps: list[Any], back: int, least: int
) -> None:
    with database.transaction() as tx:
        for table in reversed(feed_day.metadata.sorted_tables):
            if table.name != "kind":
                tx.execute(delete(table))
    ledger = Ledger(database)

    for step in steps:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(copying, "WORTH_COPYING", least)
            ledger.write(step)

    with database.reading() as tx:
        found = feed_days(tx, SOURCES, day(back))
        both = feed_days_on(tx, SOURCES, {day(back), TODAY})
        assert both == {on: feed_days(tx, SOURCES, on) for on in both}
    for source in SOURCES:
        said = set(ledger.said(source, day(back)))
        days = {on: sum(one == on for one, _ in said) for on, _ in said}
        assert dict(found[source].days) == days, source
        assert found[source].first_day == min(days, default=None), source
        last = max(days, default=TODAY)
        distinct = {who for on, who in said if on > last - timedelta(days=28)}
        most = max((days[on] for on in days if on > last - timedelta(days=28)), default=0)
        exact = found[source].customers == len(distinct)
        assert exact or CUSTOMERS_TO_JUDGE <= found[source].customers == most, source


@pytest.mark.parametrize("times", [1, 120])
def test_writers_of_one_customers_day_at_once_count_it_once(database: Database, times: int) -> None:
    (acme,) = builders.customers(database, "acme")
    kinds = ["login", "call", "export", "search", "invite", "login"]

    race(
        lambda number: builders.events(
            database, *(new_event(acme, kinds[number], feature="x") for _ in range(times))
        )
    )

    with database.reading() as tx:
        found = feed_days(tx, ["events", "features", "events:login"], TODAY)
    assert [dict(one.days) for one in found.values()] == [{TODAY: 1}] * 3


def test_writers_of_one_days_answers_at_once_count_the_customer_once(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    def answer(number: int) -> None:
        with database.transaction() as tx:
            upsert_surveys(tx, [survey(acme, f"A{number}", survey=one) for one in ("nps", "csat")])

    race(answer)

    with database.reading() as tx:
        found = feed_days(tx, ["surveys:nps", "surveys:csat"], TODAY)
    assert [dict(one.days) for one in found.values()] == [{TODAY: 1}] * 2


def test_the_migration_counts_what_was_there_before_it(database: Database) -> None:
    ids = builders.customers(database, "acme", "bolt", "cern")
    builders.events(
        database,
        *(new_event(one, kind, back=one, feature=kind if one % 2 else None)
          for one in ids for kind in ("login", "call", "login")),
    )  # fmt: skip
    with database.transaction() as tx:
        upsert_tickets(tx, [ticket(one, f"T{n}", n % 2) for one in ids for n in range(3)])
        upsert_invoices(tx, [invoice(one, "I", one) for one in ids])
        kept = set(tx.execute(select(feed_day)).all())
        tx.execute(delete(feed_day))

    migration = import_module("storage.migrations.versions.0006_when_feeds_spoke")
    with database.transaction() as tx:
        for counts in migration.BACKFILL:
            tx.execute(text(migration.COUNT + counts))
        filled = set(tx.execute(select(feed_day)).all())

    assert filled == kept
    assert len(kept) > 8


def test_judging_the_feeds_reads_no_roll_up_however_many_customers_there_are(
    database: Database, statements: Any
) -> None:
    ids = builders.customers(database, *(f"c{number}" for number in range(20)))
    builders.events(database, *(new_event(one, back=back) for one in ids for back in range(9)))

    with database.reading() as tx, statements(database) as asked:
        found = feed_days(tx, ["events:login", "events"], TODAY)

    assert found["events:login"].customers == 20
    assert [statement for statement in asked if "activity" in statement] == []
    assert len(asked) <= 4


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_looking_for_others_of_a_day_goes_through_the_key(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    plans: list[str] = []
    with database.transaction() as tx:

        def explain(_c: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            if statement.startswith("SELECT activity_day.day"):
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.extend(row[3] for row in cursor.fetchall())

        event.listen(tx, "before_cursor_execute", explain)
        append_events(tx, [new_event(acme, back=n) for n in range(5)], builders.NOON)

    assert any("SEARCH activity_day USING PRIMARY KEY (customer_id=? AND day=?" in p for p in plans)


def test_feed_days_tell_when_each_source_spoke_and_through_how_many(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    builders.events(
        database,
        new_event(acme, back=200),
        new_event(acme, back=40),
        new_event(acme, back=5),
        new_event(acme, back=5, kind="api_call", feature="search"),
        new_event(bolt, back=5),
        new_event(bolt, back=1),
    )
    with database.transaction() as tx:
        upsert_tickets(tx, [ticket(acme, "T", 3)])

    with database.reading() as tx:
        found = feed_days(tx, ["events:login", "features", "tickets", "invoices"], day(2))

    login = found["events:login"]
    assert dict(login.days) == {day(40): 1, day(5): 2}
    assert (login.customers, login.first_day) == (2, day(200))
    assert dict(found["features"].days) == {day(5): 1}
    assert dict(found["tickets"].days) == {day(3): 1}
    assert (found["invoices"].days, found["invoices"].first_day) == ({}, None)
