"""Two thousand generated models and customers: the engine agrees with a naive one, exactly."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.feeds import FeedState
from scoring.figures import CustomerFacts, InvoiceDue
from scoring.model import HealthModel
from scoring.score import prepare
from tests.scoring.naive import naive_score
from tests.scoring.worlds import TODAY, Happened, World, ago

KINDS = ["login", "api_call", "export"]
DAYS = st.integers(1, 90)
POINTS = st.decimals(Decimal("0.1"), 40, places=1)
SIZES = st.decimals(Decimal("0.5"), 30, places=1)
SCORES = st.decimals(0, 100, places=1)
RECENT = st.dates(ago(100), TODAY)


def kind(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(name), **fields})


EVENTS = st.sampled_from([*KINDS, "any"]) | st.lists(
    st.sampled_from(KINDS), min_size=1, max_size=2, unique=True
)
COUNTED = st.one_of(
    kind("count", events=EVENTS, days=DAYS),
    kind("total", events=EVENTS, days=DAYS),
    kind("active_days", events=EVENTS, days=DAYS),
    kind("features", features=st.sampled_from(["any", [], ["a", "b"]]), days=DAYS),
    kind("tickets", days=DAYS),
)
# Short enough for several windows to lie within the days that are generated.
SHORT = kind("count", events=EVENTS, days=st.integers(1, 20)) | kind(
    "tickets", days=st.integers(1, 20)
)
MEASURES = st.one_of(
    COUNTED,
    kind("change", of=COUNTED, against=st.integers(1, 3)),
    kind("ratio", part=COUNTED, whole=COUNTED),
    kind("paid_on_time", invoices=st.integers(1, 4)),
    kind("rating", days=DAYS),
    kind("recency", events=EVENTS, days=DAYS, working_days=st.booleans()),
    kind("tenure", events=EVENTS),
    kind("payment_delay", invoices=st.integers(1, 4), longest=st.integers(1, 40)),
    kind("since_paid"),
)
TARGETS = SIZES | st.fixed_dictionaries(
    {
        "default": SIZES,
        "segments": st.dictionaries(st.sampled_from(["smb", "enterprise"]), SIZES),
        "per_seat": st.booleans(),
    }
)


def steps(most: Decimal) -> st.SearchStrategy[dict[str, Any]]:
    worth = st.decimals(0, most, places=1)
    limits = st.lists(st.integers(-3, 30), min_size=1, max_size=4, unique=True)
    return st.builds(
        lambda at, worths, below: {
            "kind": "steps",
            "below": below,
            "steps": [
                {"at_least": limit, "worth": points}
                for limit, points in zip(sorted(at, reverse=True), worths, strict=False)
            ],
        },
        limits,
        st.lists(worth, min_size=4, max_size=4),
        worth,
    )


def scales(most: Decimal) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        kind("up_to", target=TARGETS),
        kind("inverse", limit=TARGETS),
        kind("share"),
        st.sampled_from([(-1, 1), (1, 0), (0, 7)]).map(
            lambda ends: {"kind": "linear", "zero_at": ends[0], "full_at": ends[1]}
        ),
        steps(most),
    )


OWN_RHYTHM = st.builds(
    lambda windows, ends, weekdays, working: {
        "kind": "own_rhythm",
        "windows": windows,
        "zero_at": ends[0],
        "full_at": ends[1],
        "same_weekdays": weekdays,
        "per_working_day": working,
    },
    st.integers(3, 6),
    st.sampled_from([(-3, 0), (2, -1), (-1, 4)]),
    st.booleans(),
    st.booleans(),
)
POLICIES = st.sampled_from(["exclude", "zero"]) | st.builds(
    lambda score: {"neutral": score}, SCORES
)
WHEN = st.fixed_dictionaries(
    {"no_data": POLICIES, "not_applicable": POLICIES, "stale": POLICIES | st.just("freeze")}
)


@st.composite
def measured(
    draw: st.DrawFn,
    /,
    of: st.SearchStrategy[dict[str, Any]] = MEASURES,
    **more: st.SearchStrategy[Any],
) -> dict[str, Any]:
    return {
        "title": "T",
        "noun": "n",
        "measure": draw(of),
        "fed_by": draw(st.sampled_from([[], ["events"], ["tickets"]])),
        "minimum_age": draw(st.sampled_from([0, 0, 7])),
        "when": draw(WHEN),
        **{name: draw(strategy) for name, strategy in more.items()},
    }


@st.composite
def components(draw: st.DrawFn) -> dict[str, Any]:
    most = draw(st.decimals(10, 100, places=1))
    maxima = draw(st.lists(POINTS, max_size=3))
    items = [draw(measured(max=st.just(top), scale=scales(top))) for top in maxima]
    costs = st.one_of(
        kind("each", points=st.decimals(Decimal("0.1"), 10, places=1)),
        kind("once", points=st.decimals(Decimal("0.1"), 10, places=1), at_least=st.integers(0, 5)),
        kind("once", points=st.decimals(Decimal("0.1"), 10, places=1), at_most=st.integers(-1, 5)),
    )
    penalties = draw(st.lists(measured(cost=costs), max_size=2))
    least = Decimal("0.1") if not items else Decimal(0)
    if not items and not penalties:
        items = [draw(measured(max=st.just(most), scale=scales(most)))]
    start = draw(st.decimals(least, most, places=1))
    return {"title": "C", "max": most, "start": start, "items": items, "penalties": penalties}


def named(parts: list[dict[str, Any]], letter: str) -> list[dict[str, Any]]:
    return [{**part, "name": f"{letter}{number}"} for number, part in enumerate(parts)]


@st.composite
def models(draw: st.DrawFn) -> HealthModel:
    written: dict[str, Any] = {
        "name": "generated",
        "version": 1,
        "title": "Generated",
        "decimals": draw(st.sampled_from([2, 2, 1, 0])),
        "bands": [
            {"name": "good", "at_least": 50, "tone": "good"},
            {"name": "bad", "at_least": 0, "tone": "bad"},
        ],
    }
    if draw(st.booleans()):
        plain = measured(weight=POINTS, scale=scales(Decimal(100)))
        own = measured(of=SHORT, weight=POINTS, scale=OWN_RHYTHM)
        factors = draw(st.lists(plain | own, min_size=1, max_size=5))
        return HealthModel.model_validate({**written, "factors": named(factors, "f")})
    groups = named(draw(st.lists(components(), min_size=1, max_size=3)), "c")
    for group in groups:
        group["items"] = named(group["items"], f"{group['name']}i")
        group["penalties"] = named(group["penalties"], f"{group['name']}p")
    return HealthModel.model_validate({**written, "components": groups})


WORLDS = st.builds(
    World,
    st.lists(
        st.builds(
            Happened,
            RECENT,
            st.sampled_from(KINDS),
            st.sampled_from([None, "a", "b", "c"]),
            st.decimals(0, 5, places=1),
        ),
        max_size=25,
    ),
    st.lists(RECENT, max_size=5),
    st.lists(
        st.builds(InvoiceDue, RECENT, st.none() | RECENT),
        max_size=5,
        unique_by=lambda invoice: invoice.due_on,
    ),
    st.lists(st.tuples(RECENT, st.sampled_from([Decimal(1), Decimal(3), Decimal(5)])), max_size=4),
)
FACTS = st.builds(
    CustomerFacts,
    id=st.just(1),
    key=st.just("acme"),
    name=st.just("Acme"),
    created_on=RECENT,
    segment=st.sampled_from([None, "smb", "enterprise"]),
    seats=st.sampled_from([None, 0, 1, 7]),
)


def feeds_of(model: HealthModel) -> st.SearchStrategy[dict[str, FeedState]]:
    status = st.sampled_from(["live", "live", "live", "stopped", "never"])
    return st.fixed_dictionaries(
        {
            source: st.builds(
                FeedState, st.just(source), status, st.none() | RECENT, st.none() | RECENT
            )
            for source in sorted(model.sources())
        }
    )


def assert_engines_agree(data: st.DataObject) -> None:
    model = data.draw(models())
    feeds = data.draw(feeds_of(model))
    facts, world = data.draw(FACTS), data.draw(WORLDS)
    plan = prepare(model, TODAY, feeds)
    answers = world.answers(plan.figures)

    score = plan.score(facts, answers, None)
    naive = naive_score(model, facts, answers, feeds)

    assert score.value == naive.value
    assert score.coverage == naive.coverage
    assert sum(factor.contribution for factor in score.factors) == score.value
    assert all(0 <= factor.value <= 100 for factor in score.factors)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_the_engine_agrees_with_a_second_opinion_exactly(data: st.DataObject) -> None:
    assert_engines_agree(data)


@pytest.mark.slow
@settings(max_examples=2000, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_the_engine_agrees_over_two_thousand_models_and_customers(data: st.DataObject) -> None:
    assert_engines_agree(data)
