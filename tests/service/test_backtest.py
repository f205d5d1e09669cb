"""Replaying the past: what it asks, what it must not know, and what it says of worlds we know."""

import itertools
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from scoring.load import shipped
from scoring.proof.evidence import Evidence
from scoring.record import to_record
from service.backtest import Backtest, Question, backtest, replay
from service.labels import LabelDraft, Listed, Silence
from service.replay import all_customers, scored_on
from storage.activity import NewEvent
from storage.database import Database
from storage.records import upsert_invoices
from tests.builders import customers, events, invoice, new_event
from tests.classic import classic

START = date(2025, 1, 1)
TODAY = date(2026, 11, 20)
NUMBERS = itertools.count(1)
QUIET = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def at(day: int) -> datetime:
    return datetime(2025, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)


def login(customer: int, day: int, number: int = 0, feature: str | None = None) -> NewEvent:
    return new_event(
        customer, occurred_at=at(day), event_id=f"{customer}-{day}-{number}", feature=feature
    )


def records(database: Database, day: int) -> str:
    """Return every score of a past day, whole, as the bytes that would be stored."""
    with database.reading() as tx:
        people = all_customers(tx)
        whole = {
            name: {
                found.key: score and to_record(score)
                for found, score in scored_on(tx, shipped(name), START + timedelta(day), people)
            }
            for name in ("adaptive", "saas-five-factor")
        }
    return json.dumps(whole)


@contextmanager
def fresh(template: Path, folder: Path) -> Iterator[Database]:
    """Open a new, empty SQLite database."""
    path = folder / f"{next(NUMBERS)}.db"
    shutil.copyfile(template, path)
    with closing(Database.open(f"sqlite:///{path}")) as database:
        yield database


def live(database: Database, told: Sequence[tuple[int, int]]) -> None:
    """Let four customers log in on these days, each given as (which, day)."""
    ids = customers(database, "a", "b", "c", "d", created_on=START)
    events(database, *[login(ids[who], when, feature=f"f{when % 4}") for who, when in told])


def fading(database: Database, leaving: int = 30, staying: int = 30) -> list[int]:
    """Build customers of whom some fall silent for ever after fading for a month."""
    ids = customers(database, *[f"c{n:02}" for n in range(leaving + staying)], created_on=START)
    given: list[NewEvent] = []
    for number, one in enumerate(ids):
        leaves = 120 + 3 * number if number < leaving else None
        for day in range(0, 330, 2):
            if leaves is None or day < leaves - 40 or (day < leaves and day % 10 == 0):
                given += [login(one, day, feature=f"f{day % 6}")]
    events(database, *given)
    return ids


def asked(**given: object) -> Question:
    fields: dict[str, object] = {
        "model": shipped(),
        "labels": Silence(45),
        "every": 14,
        "times": 60,
    }
    return Question(**fields | given)  # type: ignore[arg-type]  # tests name fields of many types


def run(database: Database, **given: object) -> Backtest:
    found = backtest(database, asked(**given), today=TODAY)
    assert found is not None
    return found


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 120)), min_size=1, max_size=40),
    st.integers(0, 120),
    st.randoms(use_true_random=False),
)
@QUIET
def test_the_future_the_order_and_a_second_import_leave_past_scores_byte_identical(
    sqlite_template: Path,
    tmp_path: Path,
    history: list[tuple[int, int]],
    day: int,
    chance: random.Random,
) -> None:
    """Two stores: one that knows the past only, one that was told all, shuffled, and twice."""
    told = list(dict.fromkeys(history))
    past = [one for one in told if one[1] <= day]
    mixed = chance.sample(told, len(told))

    with fresh(sqlite_template, tmp_path) as knowing, fresh(sqlite_template, tmp_path) as told_all:
        live(knowing, past)
        live(told_all, mixed)
        live(told_all, told)
        found = [records(database, day) for database in (knowing, told_all)]

    assert found[0] == found[1]


def test_what_comes_in_later_leaves_a_past_score_as_it_was(database: Database) -> None:
    """The same on both databases: more of the future, and all of the past once more."""
    past = [(who, when) for who in range(4) for when in range(0, 90, 5 + who)]
    live(database, past)
    before = records(database, 90)

    live(database, [(who, when) for who in range(4) for when in range(91, 150, 2)])
    live(database, list(reversed(past)))

    assert records(database, 90) == before


def test_a_payment_made_later_is_not_known_yet(database: Database) -> None:
    """An unpaid invoice that is paid in the end was still unpaid on the day."""
    (one,) = customers(database, "a", created_on=START)
    due, paid = START + timedelta(days=10), START + timedelta(days=50)
    with database.transaction() as tx:
        upsert_invoices(tx, [invoice(one, "I-1", due_on=due, paid_on=None)])
    before = records(database, 20)

    with database.transaction() as tx:
        upsert_invoices(tx, [invoice(one, "I-1", due_on=due, paid_on=paid)])

    assert records(database, 20) == before


def test_a_score_that_sees_customers_fade_foretells_their_silence(database: Database) -> None:
    fading(database)

    found = run(database)

    assert isinstance(found.verdict, Evidence)
    assert found.verdict.signal == "signal"
    assert found.verdict.churns == 30
    assert found.verdict.score.auc.value > 0.8
    assert [told.name for told in found.verdict.rivals] == ["silence", "tenure"]


def test_playbooks_would_have_started_before_customers_left(database: Database) -> None:
    fading(database, leaving=6, staying=2)

    found = replay(database, asked(every=7, playbooks=classic()), today=TODAY)
    without = replay(database, asked(every=7), today=TODAY)

    assert found is not None
    assert without is not None
    started = {key for key, one in found.fired if one.days_ahead(30) is not None}
    assert started == {f"c{number:02}" for number in range(6)}
    assert without.fired == ()
    assert np.array_equal(without.cases.columns, found.cases.columns, equal_nan=True)


def test_random_labels_are_told_to_be_no_signal(database: Database) -> None:
    """The same lives, but who left is drawn by lot, every day anew."""
    ids = fading(database)
    chance = random.Random(5)  # noqa: S311 - lots for a test
    days = [next((day for day in range(40, 328) if chance.random() < 0.005), None) for _ in ids]
    labels = [
        (f"c{n:02}", LabelDraft(churned_on=START + timedelta(days=day) if day else None))
        for n, day in enumerate(days)
    ]

    found = run(database, labels=Listed(tuple(labels), "lots.csv")).verdict
    assert isinstance(found, Evidence)
    assert found.signal == "no signal"


def test_a_list_of_churns_alone_means_that_all_others_stayed(database: Database) -> None:
    fading(database, leaving=2, staying=3)
    gone = LabelDraft(churned_on=START + timedelta(days=100))

    found = replay(
        database, asked(labels=Listed((("c00", gone), ("zz", gone)), "gone.csv")), today=TODAY
    )

    assert found is not None
    assert found.study.customers == 5
    assert set(found.cases.churned_on.tolist()) == {(START + timedelta(days=100)).toordinal(), 0}
    assert found.strangers == ("zz",)


def test_a_list_that_names_who_stayed_is_everybody_to_watch(database: Database) -> None:
    fading(database, leaving=2, staying=3)
    lines = (("c00", LabelDraft(churned_on=START + timedelta(days=100))), ("c01", LabelDraft()))

    found = replay(database, asked(labels=Listed(lines, "all.csv")), today=TODAY)

    assert found is not None
    assert found.study.customers == 2


def test_days_whose_outcome_is_not_known_yet_are_not_looked_at(database: Database) -> None:
    """The last event is on day 328: a silence of 45 days and a horizon of 30 lie between."""
    fading(database, leaving=1, staying=1)

    found = replay(database, asked(every=1), today=TODAY)

    assert found is not None
    assert found.study.last == START + timedelta(days=328 - 45 - 30)


def test_a_customer_enrolled_after_its_events_is_scored_in_its_past(database: Database) -> None:
    (one,) = customers(database, "late", created_on=TODAY)
    events(database, *[login(one, day) for day in range(60)])

    found = replay(database, asked(labels=Silence(20), every=7, horizon=7), today=TODAY)

    assert found is not None
    assert len(found.cases) > 0


def test_a_store_without_data_has_nothing_to_say(database: Database) -> None:
    customers(database, "a")

    assert backtest(database, asked(), today=TODAY) is None


def test_statements_a_day_do_not_grow_with_customers(sqlite_url: str) -> None:
    sqlite_database = Database.open(sqlite_url)

    def statements(days: int = 1) -> list[str]:
        counted: list[str] = []
        engine = sqlite_database._engine  # noqa: SLF001 - only the engine can count
        listen = ("before_cursor_execute", lambda *given: counted.append(given[2]))
        event.listen(engine, *listen)
        first = START + timedelta(days=100)
        replay(
            sqlite_database,
            asked(every=7, first=first, last=first + timedelta(days=7 * (days - 1))),
            today=TODAY,
        )
        event.remove(engine, *listen)
        return counted

    few = customers(sqlite_database, *[f"c{n}" for n in range(20)], created_on=START)
    events(sqlite_database, *[login(one, day) for one in few for day in range(0, 200, 3)])
    before = statements()
    many = customers(sqlite_database, *[f"m{n}" for n in range(60)], created_on=START)
    events(sqlite_database, *[login(one, day) for one in many for day in range(0, 200, 3)])

    assert len(statements()) == len(before)
    assert rolled_up(statements(days=9)) == rolled_up(before) > 0
    sqlite_database.close()


def rolled_up(statements: list[str]) -> int:
    """Count the passes over the roll-ups, of which there are no more for more days."""
    return sum("FROM activity_day" in one for one in statements)


@pytest.mark.parametrize("model", ["saas-five-factor", "six-signal", "adaptive"])
def test_any_model_can_be_asked(database: Database, model: str) -> None:
    fading(database, leaving=22, staying=10)

    found = run(database, model=shipped(model), every=28)

    assert isinstance(found.verdict, Evidence)
    assert found.verdict.study.model == model
