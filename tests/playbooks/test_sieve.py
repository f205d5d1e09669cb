"""The sieves hold nobody back for whom a playbook has something to say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from playbooks.conditions import Condition, holds
from playbooks.exits import ended
from playbooks.lasting import Lasting, may_end
from playbooks.playbook import Playbook
from playbooks.sieve import UNKNOWN, Quiet, holding, may_fire, tells
from playbooks.situation import Before, OpenPlay, Record, Silence, Situation
from playbooks.triggers import Trigger, fires
from scoring.load import shipped as model
from scoring.model import UNKNOWN_BAND
from scoring.score import FactorScore
from scoring.transition import Transition
from tests.playbooks.lives import FIRST, facts, score

BANDS = (*(band.name for band in model().bands), UNKNOWN_BAND)
TRENDS = ("stable", "improving", "declining")
bands = st.lists(st.sampled_from(BANDS[:-1]), min_size=1, max_size=3, unique=True)
points = st.decimals(1, 100, places=1)
levels = st.fixed_dictionaries(
    {"at": points, "direction": st.sampled_from(["below", "above"])}
)  # fmt: skip
triggers = st.one_of(
    st.fixed_dictionaries({"bands": bands, "at_first_sight": st.booleans()}).map(
        lambda one: {"kind": "enters_band", **one}
    ),
    bands.map(lambda one: {"kind": "leaves_band", "bands": one}),
    st.tuples(points, points).map(
        lambda two: {
            "kind": "drops",
            "points": two[0],
            "days": 7,
            "or": {"points": two[1], "days": 30},
        }
    ),
    levels.map(lambda one: {"kind": "crosses", **one}),
    levels.map(lambda one: {"kind": "factor_crosses", "factor": "login_frequency", **one}),
    st.fixed_dictionaries({"bands": bands, "days": st.integers(1, 9), "again": st.booleans()}).map(
        lambda one: {"kind": "stays", **one}
    ),
    st.sampled_from(TRENDS[1:]).map(lambda one: {"kind": "trend_turns", "to": one}),
    st.fixed_dictionaries(
        {"bands": bands, "within": st.lists(st.integers(1, 40), min_size=1, max_size=3)}
    ).map(lambda one: {"kind": "renewal_near", **one}),
    st.integers(2, 9).map(lambda one: {"kind": "silent", "days": one, "usually": 1}),
    st.integers(1, 4).map(
        lambda one: {"kind": "record_arrives", "record": "angry_ticket", "for_days": one}
    ),
    st.sampled_from(["week", "month"]).map(lambda one: {"kind": "schedule", "every": one}),
).map(TypeAdapter[Any](Trigger).validate_python)
hundredths = st.integers(0, 100_00)


@st.composite
def days(draw: st.DrawFn) -> tuple[Situation, Quiet]:
    """Draw a quiet customer's day, as an object and in columns."""
    passed, value, before = draw(st.integers(1, 3)), draw(hundredths), draw(hundredths)
    band, trends = draw(st.sampled_from(BANDS)), draw(st.tuples(*[st.sampled_from(TRENDS)] * 2))
    week, month = (draw(st.none() | st.integers(-60_00, 60_00)) for _ in range(2))
    stay, renewal = draw(st.integers(0, 30)), draw(st.none() | st.integers(-5, 60))
    silence, factor = draw(st.integers(0, 12)), draw(st.none() | st.integers(0, 100))
    parts = () if factor is None else (_factor(Decimal(factor)),)
    current = score(str(Decimal(value) / 100), day=40, band=band, factors=parts)
    eve = current.as_of - timedelta(days=passed)
    factors = {} if factor is None else {"login_frequency": Decimal(factor)}
    situation = Situation(
        facts=facts(),
        current=current,
        transition=Transition("unchanged", band, band, Decimal(before) / 100, Decimal(value) / 100),
        trend=trends[1],
        change_7=None if week is None else Decimal(week) / 100,
        change_30=None if month is None else Decimal(month) / 100,
        day_before=Before(eve, trends[0], {"login_frequency": Decimal(draw(st.integers(0, 100)))}),
        band_since=current.as_of - timedelta(days=stay),
        renewal_on=None if renewal is None else current.as_of + timedelta(days=renewal),
        silences={"any": Silence(silence, 100, 0)},
        records=(Record("angry_ticket", current.as_of),) if silence % 2 else (),
        records_known=True,
        newcomer=current.as_of - timedelta(days=stay) == eve,
    )
    return situation, _columns(situation, value, before, factors)


def _factor(value: Decimal) -> FactorScore:
    return FactorScore(
        "login_frequency", "Logins", value, "known", Decimal(25), Decimal(25), Decimal(1), {}
    )


def _columns(day: Situation, value: int, before: int, factors: dict[str, Decimal]) -> Quiet:
    assert day.day_before is not None
    assert day.band_since is not None
    whole = {name: np.array([int(one * 10**6)]) for name, one in factors.items()}
    return Quiet(
        as_of=day.current.as_of.toordinal(),
        eve=day.day_before.as_of.toordinal(),
        value=np.array([value]),
        before=np.array([before]),
        change_7=np.array([UNKNOWN if day.change_7 is None else int(day.change_7 * 100)]),
        change_30=np.array([UNKNOWN if day.change_30 is None else int(day.change_30 * 100)]),
        band=np.array([BANDS.index(day.current.band)]),
        bands=BANDS,
        trend=np.array([TRENDS.index(day.trend)]),
        trend_before=np.array([TRENDS.index(day.day_before.trend)]),
        trends=TRENDS,
        band_since=np.array([day.band_since.toordinal()]),
        renewal_on=np.array([day.renewal_on.toordinal() if day.renewal_on else UNKNOWN]),
        factors=whole,
        occasions=np.array([True]),
    )


def a_playbook(trigger: Any) -> Playbook:
    when = TypeAdapter[Any](Trigger).dump_python(trigger, mode="json", by_alias=True)
    step = {"step": "call", "kind": "task", "title": "Call", "due_in_business_days": 1}
    return Playbook.model_validate(
        {"name": "one", "version": 1, "title": "One", "description": "One.", "when": when,
         "then": [step]}
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(trigger=triggers, day=days())
def test_whoever_a_trigger_fires_for_passes(trigger: Any, day: tuple[Situation, Quiet]) -> None:
    situation, columns = day
    # What is known of factors in columns is what the situation says of them.
    if fires(trigger, situation):
        assert may_fire([a_playbook(trigger)], columns).all()


@settings(max_examples=150, deadline=None)
@given(trigger=triggers, day=days(), opened=st.tuples(st.sampled_from(BANDS[:-1]), hundredths))
def test_a_play_held_to_go_on_does_not_end(
    trigger: Any, day: tuple[Situation, Quiet], opened: tuple[str, int]
) -> None:
    situation, columns = day
    band, points = opened
    book = a_playbook(trigger)
    play = OpenPlay(
        1, "one", band, datetime.combine(FIRST, datetime.min.time(), UTC), Decimal(points) / 100
    )
    lasting = Lasting(
        book, np.array([0]), np.array([BANDS.index(band)]), np.array([points])
    )  # fmt: skip

    if ended(play, book, situation, model()) is not None:
        assert may_end(lasting, columns).all()


facts_asked = st.one_of(
    st.just({"kind": "always"}),
    bands.map(lambda one: {"kind": "band", "is": one}),
    st.lists(st.sampled_from(TRENDS), min_size=1).map(lambda one: {"kind": "trend", "is": one}),
    st.tuples(points, st.booleans()).map(
        lambda two: {"kind": "score", _bound(least=two[1]): two[0]}
    ),
    st.tuples(points, st.booleans(), st.sampled_from(["login_frequency", "unheard_of"])).map(
        lambda one: {"kind": "factor", "factor": one[2], _bound(least=one[1]): one[0]}
    ),
)
conditions = st.recursive(
    facts_asked,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["any", "all"]), st.lists(inner, min_size=1, max_size=3)).map(
            lambda two: {"kind": two[0], "of": two[1]}
        ),
        inner.map(lambda one: {"kind": "not", "of": one}),
    ),
    max_leaves=4,
).map(TypeAdapter[Any](Condition).validate_python)


def _bound(*, least: bool) -> str:
    return "at_least" if least else "at_most"


@settings(max_examples=150, deadline=None)
@given(condition=conditions, day=days())
def test_a_condition_told_in_columns_holds_of_whom_it_holds(
    condition: Any, day: tuple[Situation, Quiet]
) -> None:
    situation, columns = day
    assert tells(condition)
    assert holding(condition, columns).tolist() == [holds(condition, situation)]


def test_columns_do_not_claim_to_know_what_stands_in_none() -> None:
    segment = {"kind": "segment", "is": ["smb"]}
    asked = TypeAdapter[Any](Condition).validate_python({"kind": "any", "of": [segment]})
    assert not tells(asked)


@pytest.mark.parametrize("overdue", [True, False])
def test_a_play_for_an_invoice_may_end_when_none_is_overdue(*, overdue: bool) -> None:
    arrives = {"kind": "record_arrives", "record": "invoice_overdue"}
    book = a_playbook(TypeAdapter[Any](Trigger).validate_python(arrives))
    lasting = Lasting(book, np.array([0]), np.array([0]), np.array([0]))
    known = replace(a_quiet_one(), overdue=np.array([overdue]))

    assert may_end(lasting, known).tolist() == [not overdue]
    assert may_end(lasting, a_quiet_one()).all()


def test_a_trigger_nobody_told_the_sieve_about_lets_everybody_through() -> None:
    class Later(type(a_playbook(TypeAdapter[Any](Trigger).validate_python(SCHEDULE)).when)):  # type: ignore[misc] # A kind to come.
        extra: int = 1

    later = Later.model_validate({**SCHEDULE, "extra": 2})
    book = a_playbook(TypeAdapter[Any](Trigger).validate_python(SCHEDULE))
    strange = book.model_copy(update={"when": later})

    assert may_fire([strange], a_quiet_one()).all()


def a_quiet_one() -> Quiet:
    return Quiet(
        as_of=740_000, eve=739_999, bands=BANDS, trends=TRENDS, factors={},
        **{name: np.array([0]) for name in (
            "value", "before", "change_7", "change_30", "band", "trend", "trend_before",
            "band_since", "renewal_on", "occasions",
        )},
    )  # fmt: skip


SCHEDULE = {"kind": "schedule", "every": "year"}
