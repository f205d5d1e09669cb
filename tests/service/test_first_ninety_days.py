"""New customers: a model of their own for ninety days, no false red, and no alarm at its end."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scoring.load import shipped
from scoring.resolver import parse_resolver
from service import answer, catalog
from service.ingest import accept_events
from service.ports import House
from service.rescore import rescore
from storage.customers import resolve_keys
from storage.plays import transitions_on

OLD = date(2025, 1, 1)
BEGIN = date(2026, 6, 1)
RESOLVER = parse_resolver(
    "rules: [{model: onboarding, younger_than: 90}]\ndefault: adaptive", "resolver.yaml"
)
LOOKED_AT = (*range(0, 15, 2), *range(21, 88, 11), 88, 89, 90, 91, 95)
BAD = {"at-risk", "churn-risk"}


def day(number: int) -> date:
    return BEGIN + timedelta(days=number)


def noon(number: int) -> datetime:
    at = day(number)
    return datetime(at.year, at.month, at.day, 12, tzinfo=UTC)


def happen(house: House, key: str, days: range) -> None:
    items = [
        (key, {"type": "work", "occurredAt": noon(n).isoformat(), "feature": f"f{n % 4}"})
        for n in days
    ]
    outcomes = accept_events(house, "api", items, now=noon(400))
    assert {outcome.status for outcome in outcomes} == {"accepted"}


@pytest.fixture
def neighbours(house: House) -> House:
    """Give a house with a resolver, and old customers of many habits."""
    models = (shipped("adaptive"), shipped("onboarding"))
    house = replace(house, model=models[0], models=models, resolver=RESOLVER)
    for pace in range(1, 9):
        list(catalog.upsert(house, [{"key": f"old{pace}", "createdOn": OLD}], now=noon(-200)))
        happen(house, f"old{pace}", range(-200, 100, pace))
    return house


def lived(house: House) -> list[tuple[str, str, int]]:
    """Let the days pass; return model, band and started plays as the newcomer saw them."""
    seen = []
    for number in LOOKED_AT:
        report = rescore(house, day(number), now=noon(number + 1), decide=True)
        score = answer.card(house, "new", now=noon(number + 1)).score
        assert score is not None
        seen.append((score.model, score.band, report.started))
    return seen


def test_a_new_customer_who_comes_is_never_red_and_changes_models_in_silence(
    neighbours: House,
) -> None:
    list(catalog.upsert(neighbours, [{"key": "new", "createdOn": day(0)}], now=noon(0)))
    happen(neighbours, "new", range(0, 100, 2))

    seen = lived(neighbours)

    assert [model for model, _, _ in seen] == ["onboarding"] * 17 + ["adaptive"] * 3
    assert {band for _, band, _ in seen} & BAD == set()
    assert seen[0][1] == "unknown"
    assert seen[-1][1] == "healthy"
    with neighbours.database.reading() as tx:
        new = resolve_keys(tx, ["new"])["new"]
        rows = [
            row
            for name in neighbours.model_names
            for row in transitions_on(tx, name, OLD, day(200))
            if row.customer_id == new
        ]
    assert {row.kind for row in rows} <= {"baseline", "improved"}


def test_a_new_customer_who_does_not_come_back_is_seen(neighbours: House) -> None:
    list(catalog.upsert(neighbours, [{"key": "new", "createdOn": day(0)}], now=noon(0)))
    happen(neighbours, "new", range(3))

    seen = lived(neighbours)

    bands = dict(zip(LOOKED_AT, (band for _, band, _ in seen), strict=True))
    assert bands[8] not in BAD
    assert bands[32] == "churn-risk"
