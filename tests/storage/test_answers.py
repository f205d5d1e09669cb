import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scoring.figures
from scoring.columns.block import answer_at
from scoring.figures import (
    ActiveDays,
    EventCount,
    EventTotal,
    Ever,
    FeaturesUsed,
    Figure,
    FirstActivity,
    InvoiceDue,
    InvoicesDue,
    LastActivity,
    SurveyScores,
    TicketRatings,
    TicketsOpened,
    Window,
)
from storage.activity import NewEvent, answers, feed_days
from storage.answer_columns import answer_columns, overflown
from storage.answering import BRANCHES
from storage.database import Database
from storage.errors import UnknownFigure
from storage.past_columns import PastColumns
from storage.records import (
    InvoiceFields,
    SurveyFields,
    TicketFields,
    upsert_invoices,
    upsert_surveys,
    upsert_tickets,
)
from tests import builders
from tests.builders import TODAY, day, invoice, new_event, survey, ticket

MONTH = Window.ending(TODAY, 30)
# Examples share a database, so each has customers of its own.
rounds = itertools.count()


@dataclass
class World:
    """Everything that happened, as plain lists to compute naively from."""

    events: list[NewEvent]
    tickets: list[TicketFields]
    invoices: list[InvoiceFields]
    surveys: list[SurveyFields]


def _naive(world: World, customer_id: int, figure: Figure[Any]) -> object:  # noqa: C901, PLR0911 - one branch per kind
    mine = [one for one in world.events if one.customer_id == customer_id]

    def within(window: Window, kinds: tuple[str, ...] = ()) -> list[NewEvent]:
        return [
            one
            for one in mine
            if window.first <= one.occurred_at.date() <= window.last
            and (not kinds or one.kind in kinds)
        ]

    match figure:
        case EventCount(kinds, window):
            return len(within(window, kinds))
        case EventTotal(kinds, window):
            return sum((one.value for one in within(window, kinds)), Decimal(0))
        case ActiveDays(kinds, window):
            return len({one.occurred_at.date() for one in within(window, kinds)})
        case FeaturesUsed(features, window):
            used = {one.feature for one in within(window) if one.feature}
            return len(used if features is None else used & set(features))
        case FirstActivity(kinds, by):
            every = [one.occurred_at.date() for one in within(Window(date.min, date.max), kinds)]
            return min(every) if every and min(every) <= by else None
        case LastActivity(kinds, by):
            return max(
                (one.occurred_at.date() for one in within(Window(date.min, by), kinds)),
                default=None,
            )
        case TicketsOpened(window):
            return sum(
                one.customer_id == customer_id
                and window.first <= one.opened_at.date() <= window.last
                for one in world.tickets
            )
        case TicketRatings(window):
            given_ratings = Counter(
                Decimal(one.rating)
                for one in world.tickets
                if one.customer_id == customer_id
                and one.rating is not None
                and window.first <= one.opened_at.date() <= window.last
            )
            return tuple(sorted(given_ratings.items()))
        case SurveyScores(name, window):
            scores = Counter(
                one.score
                for one in world.surveys
                if one.customer_id == customer_id
                and one.survey == name
                and window.first <= one.answered_at.date() <= window.last
            )
            return tuple(sorted(scores.items()))
        case InvoicesDue(last, by):
            due = [i for i in world.invoices if i.customer_id == customer_id and i.due_on <= by]
            due.sort(key=lambda one: (one.due_on, one.invoice_id), reverse=True)
            return tuple(InvoiceDue(one.due_on, one.paid_on) for one in due[:last])
        case Ever(source, by):
            return any(first <= by for first in _days(world, customer_id, source))
    raise AssertionError(figure)


def _days(world: World, customer_id: int, source: str) -> Iterable[date]:
    if source == "tickets":
        return [t.opened_at.date() for t in world.tickets if t.customer_id == customer_id]
    if source == "invoices":
        return [i.issued_on or i.due_on for i in world.invoices if i.customer_id == customer_id]
    if source.startswith("surveys:"):
        return [
            one.answered_at.date()
            for one in world.surveys
            if one.customer_id == customer_id and source == f"surveys:{one.survey}"
        ]
    return [
        one.occurred_at.date()
        for one in world.events
        if one.customer_id == customer_id
        and (source != "features" or one.feature)
        and (":" not in source or one.kind == source.partition(":")[2])
    ]


kinds = st.sampled_from([(), ("login",), ("api_call",), ("login", "api_call"), ("never seen",)])
days = st.integers(0, 60).map(day)
windows = st.tuples(days, st.integers(1, 40)).map(lambda pair: Window.ending(*pair))
features = st.sampled_from([None, (), ("export",), ("export", "search", "never seen")])
sources = st.sampled_from(
    [
        "events",
        "events:login",
        "events:never seen",
        "features",
        "tickets",
        "invoices",
        "surveys:nps",
        "surveys:never asked",
    ]
)
figures = st.one_of(
    st.builds(EventCount, kinds, windows),
    st.builds(EventTotal, kinds, windows),
    st.builds(ActiveDays, kinds, windows),
    st.builds(FeaturesUsed, features, windows),
    st.builds(LastActivity, kinds, days),
    st.builds(FirstActivity, kinds, days),
    st.builds(TicketsOpened, windows),
    st.builds(TicketRatings, windows),
    st.builds(SurveyScores, st.sampled_from(["nps", "csat", "never asked"]), windows),
    st.builds(InvoicesDue, st.integers(1, 4), days),
    st.builds(Ever, sources, days),
)
happenings = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 60),
        st.sampled_from(["login", "api_call", "other"]),
        st.sampled_from([None, "export", "search"]),
        st.decimals(min_value=-50, max_value=50, places=3),
    ),
    max_size=40,
)
records = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 60), st.none() | st.integers(0, 60)), max_size=10
)


def _world(  # noqa: PLR0917 - one list of each kind of data
    ids: list[int], happened: Any, opened: Any, billed: Any, answered: Any, label: str
) -> World:
    return World(
        [
            new_event(ids[who], kind, back=back, feature=feature, value=value)
            for who, back, kind, feature, value in happened
        ],
        [
            ticket(
                ids[who], f"{label}-{n}", back, rating=None if rating is None else rating % 5 + 1
            )
            for n, (who, back, rating) in enumerate(opened)
        ],
        [
            invoice(
                ids[who],
                f"{label}-{n}",
                back,
                paid_on=None if paid is None else day(paid),
                issued_on=None if paid is None else day(back + 14),
            )
            for n, (who, back, paid) in enumerate(billed)
        ],
        [
            survey(
                ids[who],
                f"{label}-{n}",
                back,
                survey="nps" if score is None else "csat",
                score=Decimal(9) if score is None else Decimal(score) / 4,
            )
            for n, (who, back, score) in enumerate(answered)
        ],
    )


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_answers_are_what_a_naive_count_over_everything_gives(
    database: Database, data: st.DataObject
) -> None:
    label = f"round-{next(rounds)}"
    ids = builders.customers(database, *(f"{label}-{n}" for n in range(3)))
    opened, billed, answered = (data.draw(records) for _ in range(3))
    world = _world(ids, data.draw(happenings), opened, billed, answered, label)
    asked = data.draw(st.frozensets(figures, min_size=1, max_size=8))
    builders.events(database, *world.events)

    with database.transaction() as tx:
        upsert_tickets(tx, world.tickets)
        upsert_invoices(tx, world.invoices)
        upsert_surveys(tx, world.surveys)
    with database.reading() as tx:
        found = answers(tx, ids, asked)
        in_columns = answer_columns(tx, np.array(ids, np.int64), asked)
        of_past_days = PastColumns(tx, np.array(ids, np.int64), asked).columns(asked)

    naive = {(one, figure): _naive(world, one, figure) for one in ids for figure in asked}
    assert {(one, figure): found[one][figure] for one in ids for figure in asked} == naive
    for columns in (in_columns, of_past_days):
        assert {
            (one, figure): answer_at(figure, columns[figure], row)
            if figure in columns
            else figure.nothing
            for row, one in enumerate(ids)
            for figure in asked
        } == naive
        assert not overflown(columns, len(ids)).any()


EVERY_FIGURE: frozenset[Figure[Any]] = frozenset(
    {
        EventCount((), MONTH),
        EventTotal(("login",), MONTH),
        ActiveDays(("login", "api_call"), MONTH),
        FeaturesUsed(None, MONTH),
        FeaturesUsed(("export",), MONTH),
        LastActivity((), day(1)),
        FirstActivity((), day(1)),
        FirstActivity(("login",), day(1)),
        TicketsOpened(MONTH),
        TicketRatings(MONTH),
        InvoicesDue(3, TODAY),
        Ever("events:login", TODAY),
        Ever("features", TODAY),
        Ever("tickets", TODAY),
        Ever("invoices", TODAY),
    }
)


def test_the_number_of_statements_does_not_depend_on_the_number_of_customers(
    database: Database, statements: Any
) -> None:
    ids = builders.customers(database, *(f"c{n}" for n in range(300)))
    builders.events(
        database, *(new_event(one, back=back, feature="x") for one in ids for back in (0, 9))
    )

    with database.reading() as tx, statements(database) as few:
        answers(tx, ids[:2], EVERY_FIGURE)
    with database.reading() as tx, statements(database) as many:
        found = answers(tx, ids, EVERY_FIGURE)
    with database.reading() as tx, statements(database) as in_columns:
        answer_columns(tx, np.array(ids, np.int64), EVERY_FIGURE)

    assert len(found) == 300
    assert len(few) == len(many) < 20
    assert len(in_columns) < 20


def test_ids_may_be_given_as_a_range_and_ids_without_data_are_answered_too(
    database: Database,
) -> None:
    ids = builders.customers(database, "a", "b", "c")
    builders.events(database, new_event(ids[1]))

    with database.reading() as tx:
        found = answers(tx, range(ids[0], ids[2] + 1), frozenset({EventCount((), MONTH)}))

    assert [found[one][EventCount((), MONTH)] for one in ids] == [0, 1, 0]


def test_more_ids_than_a_statement_has_parameters_are_no_trouble(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    builders.events(database, new_event(acme))

    with database.reading() as tx:
        found = answers(tx, [acme, *range(100, 140_000, 2)], frozenset({EventCount((), MONTH)}))

    assert found[acme][EventCount((), MONTH)] == 1


def test_a_kind_of_figure_that_storage_was_not_taught_is_named(database: Database) -> None:
    class Phase(Figure[int]):
        pass

    with database.reading() as tx, pytest.raises(UnknownFigure, match="Phase"):
        answers(tx, [1], frozenset({Phase()}))


def test_every_figure_that_scoring_knows_has_its_branch() -> None:
    figures = {
        one
        for one in vars(scoring.figures).values()
        if isinstance(one, type) and issubclass(one, Figure)
    }

    assert figures - {Figure} == set(BRANCHES)


def test_a_source_that_no_table_keeps_has_never_spoken(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    builders.events(database, new_event(acme, "nps"))

    with database.reading() as tx:
        found = feed_days(tx, ["surveys:nps"], TODAY)
        ever = answers(tx, [acme], frozenset({Ever("surveys:nps", TODAY)}))

    assert (dict(found["surveys:nps"].days), found["surveys:nps"].first_day) == ({}, None)
    assert not ever[acme][Ever("surveys:nps", TODAY)]


def test_nothing_asked_or_nobody_asked_about_costs_nothing(database: Database) -> None:
    with database.reading() as tx:
        assert answers(tx, [], EVERY_FIGURE) == {}
        assert list(answers(tx, [7], frozenset())) == [7]


def test_later_events_leave_the_answers_about_an_earlier_day_as_they_were(
    database: Database,
) -> None:
    (acme,) = builders.customers(database, "acme")
    then: frozenset[Figure[Any]] = frozenset(
        {
            LastActivity((), day(10)),
            EventCount((), Window.ending(day(10), 30)),
            Ever("features", day(10)),
        }
    )
    builders.events(database, new_event(acme, back=12))
    with database.reading() as tx:
        before = answers(tx, [acme], then)

    builders.events(database, new_event(acme, back=3, feature="export"))

    with database.reading() as tx:
        assert answers(tx, [acme], then) == before
