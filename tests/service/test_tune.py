"""Tuning learns from the earlier half, is judged on the later one, and never applies itself."""

import builtins
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from scoring.load import parse, shipped
from scoring.model import HealthModel
from scoring.proof.candidates import candidates
from scoring.proof.proposal import Chosen, bands_for, proposal
from service.backtest import Question
from service.errors import NeedsExtra
from service.fitting import fitted
from service.labels import Silence
from service.tune import TooFew, Tuned, tune
from storage.database import Database
from tests.builders import customers, events, new_event

START = date(2025, 1, 1)
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def unseeing() -> HealthModel:
    """Return a model that asks for one event a month, which everybody has."""
    events_30 = next(one for one in candidates(["events"], ["login"]) if one.name == "events_30")
    chosen = Chosen(events_30, {"kind": "up_to", "target": 1}, 100)
    return proposal("unseeing", "Unseeing", [chosen], bands_for(shipped(), [50.0]), []).model


def busy(database: Database, leaving: int = 80, staying: int = 40) -> None:
    """Build customers who log in every other day, and in the month before leaving seldom."""
    ids = customers(database, *[f"c{n:03}" for n in range(leaving + staying)], created_on=START)
    given = []
    for number, one in enumerate(ids):
        leaves = 50 + 2 * number if number < leaving else 420
        for day in range(0, leaves, 2):
            if number >= leaving or day < leaves - 30 or day % 6 == 0:
                given += [new_event(one, occurred_at=NOON + timedelta(days=day))]
    events(database, *given)


def asked(**given: Any) -> Question:
    fields: dict[str, Any] = {"model": unseeing(), "labels": Silence(30), "every": 14, "times": 60}
    return Question(**fields | given)


def test_a_proposal_beats_a_model_that_sees_nothing_on_days_it_never_learned_from(
    sqlite_url: str,
) -> None:
    database = Database.open(sqlite_url)
    busy(database)

    found = tune(database, asked(), today=TODAY)
    database.close()

    assert isinstance(found, Tuned)
    assert found.better
    assert found.ours.auc.value > 0.9 > found.yours.auc.value
    assert parse(found.proposal.text, "tuned.yaml") == found.proposal.model
    assert "Nothing uses it until you say so" in found.proposal.text
    assert f"AUC {found.ours.auc.value:.3f}" in found.proposal.text


def test_with_few_churns_nothing_is_learned(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    busy(database, leaving=10, staying=5)

    found = tune(database, asked(), today=TODAY)
    database.close()

    assert isinstance(found, TooFew)
    assert found.needed == 20


def test_columns_that_speak_for_churn_or_repeat_others_are_left_out() -> None:
    chance = random.Random(3)  # noqa: S311 - noise for a test
    gone = [at % 5 == 0 for at in range(500)]
    tells = [100 * chance.random() * (0.5 if left else 1.0) for left in gone]
    again = [one / 2 for one in tells]
    wrong = [100.0 - one for one in tells]
    flat = [50.0] * 500

    weights = fitted([tells, again, wrong, flat], gone, 0.3)

    assert len(weights) == 1
    assert weights.keys() <= {0, 1}
    assert sum(weights.values()) == pytest.approx(1)


def test_without_the_library_it_says_which_extra_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)

    with pytest.raises(NeedsExtra, match=r"bellwether\[tune\]"):
        fitted([[1.0, 2.0]], [True, False], 0.3)
