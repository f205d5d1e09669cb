"""Customers compared with each other, and each scored by the model picked for it (rules 3, 4)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scoring.load import parse, shipped
from scoring.model import HealthModel
from scoring.resolver import parse_resolver
from service import answer, catalog
from service.ingest import accept_events
from service.plans import plan_again, plan_on
from service.ports import House
from service.rescore import rescore
from storage.customers import resolve_keys
from storage.plays import transitions_on
from storage.populations import newest_population

BEGIN = date(2026, 1, 1)
FULL = date(2026, 7, 1)
ADAPTIVE = shipped("adaptive")
PLAIN = parse(
    """
name: plain
version: 1
title: Plain
bands: [{name: healthy, at_least: 50, tone: good}, {name: at-risk, at_least: 0, tone: bad}]
factors:
  - name: logins
    title: Logins
    noun: logins
    weight: 1
    measure: {kind: count, events: any, days: 30}
    scale: {kind: up_to, target: 5}
""",
    "plain.yaml",
)
BY_SEGMENT = parse_resolver(
    "rules: [{model: plain, segment: smb}]\ndefault: adaptive", "resolver.yaml"
)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def days(every: int, last: date = FULL) -> Iterable[date]:
    return (BEGIN + timedelta(days=n) for n in range(0, (last - BEGIN).days + 1, every))


def customer(house: House, key: str, every: int, **fields: str) -> None:
    draft = {"key": key, "createdOn": "2025-01-01", **fields}
    assert [o.status for o in catalog.upsert(house, [draft], now=noon(BEGIN))] != ["rejected"]
    items = [
        (key, {"type": "work", "occurredAt": noon(day).isoformat(), "feature": f"f{n % 4}"})
        for n, day in enumerate(days(every))
    ]
    outcomes = accept_events(house, "api", items, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert all(outcome.status == "accepted" for outcome in outcomes)


def run(house: House, day: date) -> tuple[int, int, int]:
    report = rescore(house, day, now=noon(day + timedelta(days=1)), decide=True)
    return report.scored, report.baselines, report.transitions


@pytest.fixture
def adaptive(house: House) -> House:
    house = house.under(ADAPTIVE)
    for number in range(1, 13):
        customer(house, f"c{number}", every=number)
    return house


def band_of(house: House, key: str) -> str:
    return answer.health(house, key, today=FULL).score.band


def test_a_run_compares_everybody_with_everybody(adaptive: House) -> None:
    scored, baselines, transitions = run(adaptive, FULL)
    cards = [answer.card(adaptive, f"c{n}", now=noon(FULL)) for n in range(1, 13)]

    values = [card.score.value for card in cards if card.score]
    assert (scored, baselines, transitions) == (12, 12, 0)
    assert values[0] > values[5] > values[11]
    assert all(card.score is not None and card.score.band != "unknown" for card in cards)


def test_the_population_is_kept_and_a_second_run_compares_with_the_same(adaptive: House) -> None:
    run(adaptive, FULL)
    with adaptive.database.reading() as tx:
        kept = newest_population(tx, "adaptive", 1, FULL, FULL)
    customer(adaptive, "late", every=1)

    run(adaptive, FULL)

    with adaptive.database.reading() as tx:
        assert kept is not None
        assert newest_population(tx, "adaptive", 1, FULL, FULL) == kept
        again = plan_again(tx, adaptive, ADAPTIVE, FULL, days=timedelta(0))
        fresh = plan_on(tx, adaptive, ADAPTIVE, FULL)
    assert again.population != fresh.population


def test_health_asked_for_next_day_compares_with_the_last_run(adaptive: House) -> None:
    run(adaptive, FULL)
    tomorrow = FULL + timedelta(days=1)

    view = answer.health(adaptive, "c1", today=tomorrow)

    assert view.score.as_of == tomorrow
    assert view.score.band == "healthy"


def test_health_before_any_run_surveys_everybody(adaptive: House) -> None:
    assert band_of(adaptive, "c1") == "healthy"


def test_the_number_of_batches_does_not_change_a_score(
    adaptive: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with adaptive.database.reading() as tx:
        whole = plan_on(tx, adaptive, ADAPTIVE, FULL).population
        monkeypatch.setattr("service.chunks.CHUNK", 5)
        monkeypatch.setattr("service.chunks.chunks.__defaults__", (5,))
        parts = plan_on(tx, adaptive, ADAPTIVE, FULL).population

    assert whole == parts


def resolving(house: House) -> House:
    return replace(house, models=(ADAPTIVE, PLAIN), resolver=BY_SEGMENT)


def test_each_customer_is_scored_by_the_model_picked_for_it(adaptive: House) -> None:
    customer(adaptive, "small", every=3, segment="smb")
    house = resolving(adaptive)

    scored, baselines, _ = run(house, FULL)

    small = answer.card(house, "small", now=noon(FULL))
    other = answer.card(house, "c3", now=noon(FULL))
    assert (scored, baselines) == (13, 13)
    assert small.score is not None
    assert other.score is not None
    assert (small.score.model, small.band_tone) == ("plain", "good")
    assert other.score.model == "adaptive"
    assert answer.health(house, "small", today=FULL).score.model == "plain"


def test_only_those_a_model_scores_are_peers(adaptive: House) -> None:
    customer(adaptive, "small", every=3, segment="smb")
    with adaptive.database.reading() as tx:
        plan = plan_on(tx, resolving(adaptive), ADAPTIVE, FULL)

    assert plan.population["presence_month"].size == 12


def moved(house: House, model: HealthModel) -> list[str]:
    with house.database.reading() as tx:
        rows = transitions_on(tx, model.name, BEGIN, FULL + timedelta(days=9))
        mover = resolve_keys(tx, ["mover"])["mover"]
    return [row.kind for row in rows if row.customer_id == mover]


def test_another_model_is_a_silent_baseline_there_and_back(house: House) -> None:
    """Healthy by one model and at risk by the other: nobody is alarmed by being moved."""
    house = resolving(house.under(ADAPTIVE))
    customer(house, "mover", every=20)
    for number in range(1, 8):
        customer(house, f"c{number}", every=number)
    day = [FULL + timedelta(days=n) for n in range(4)]
    segments = ["smb", "large", "smb", "smb"]

    reports = []
    for as_of, segment in zip(day, segments, strict=True):
        draft = {"key": "mover", "segment": segment}
        list(catalog.upsert(house, [draft], now=noon(as_of)))
        reports.append(rescore(house, as_of, now=noon(as_of + timedelta(days=1)), decide=True))

    assert [report.started for report in reports] == [0, 0, 0, 0]
    assert moved(house, PLAIN) == ["baseline", "baseline"]
    assert moved(house, ADAPTIVE) == ["baseline"]
    assert [report.baselines for report in reports] == [8, 1, 1, 0]
