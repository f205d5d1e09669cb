"""Who begins anew, and days gone by, are stored alike in columns and looked at closely."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from scoring.load import shipped
from scoring.model import HealthModel
from service.ports import House
from service.rescore import RescoreReport
from tests.builders import noon
from tests.service.twins import (
    Score,
    everything,
    grow,
    in_columns,
    late,
    many_playbooks,
    score_day,
)


def edited(model: HealthModel) -> HealthModel:
    """Return the model's next version: another band is added above all others."""
    first, *others = model.bands
    above = first.model_copy(update={"name": "splendid", "at_least": first.at_least + 12})
    return model.model_copy(update={"version": 2, "bands": (above, first, *others)})


def by_edited_model(house: House, back: int, *, since: int, **how: Any) -> RescoreReport:
    """Score a day, from one day on by the next version of the model."""
    model = edited(house.model) if back <= since else house.model
    return score_day(replace(house, model=model), back, **how)


def by_turns(house: House, back: int, **how: Any) -> RescoreReport:
    """Score a day by one of two models, each for three days."""
    model = shipped("six-signal") if back // 3 % 2 else house.model
    return score_day(replace(house, model=model, models=(house.model, model)), back, **how)


def past(house: House, days: range, **how: Any) -> list[RescoreReport]:
    """Score days gone by, of which nothing is decided."""
    return [score_day(house, back, now=noon(0), decide=False, **how) for back in days]


def corrected(house: House, back: int, **how: Any) -> list[RescoreReport]:
    """Correct a day several times over: by the next version of the model, and for late data."""
    score = partial(by_edited_model, house, back, since=back, decide=False, replace=True, **how)
    told = [score_day(house, back, decide=False, replace=True, **how), score()]
    late(house, seed=back, back=back + 1)
    return [*told, score(now=noon(0)), score(now=noon(0), decide=True)]


def test_a_first_sight_is_stored_alike_in_columns_and_looked_at_closely(
    house: House, twin: House
) -> None:
    books = many_playbooks(house, "login_frequency")

    quiet, close = grow(
        replace(house, playbooks=books), replace(twin, playbooks=books),
        seed=3, size=16, days=range(3, 2, -1),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert (quiet > 10, close) == (True, 0)


def test_an_edited_model_and_days_gone_by_are_stored_alike(house: House, twin: House) -> None:
    books = many_playbooks(house, "login_frequency")
    here, there = replace(house, playbooks=books), replace(twin, playbooks=books)

    grow(
        here, there, seed=5, size=12, days=range(7, 4, -1), score=partial(by_edited_model, since=5)
    )
    before = in_columns(house)
    told = past(here, range(12, 2, -2))

    assert told == past(there, range(12, 2, -2), closely=True)
    assert everything(house) == everything(twin)
    assert in_columns(house, "version = 2") > 5
    assert in_columns(house) > before + 20


def test_corrections_are_stored_alike_and_what_was_said_is_kept(house: House, twin: House) -> None:
    books = many_playbooks(house, "login_frequency")
    here, there = replace(house, playbooks=books), replace(twin, playbooks=books)

    grow(here, there, seed=4, size=12, days=range(5, 2, -1))
    told = [corrected(here, back) for back in (3, 5)]

    assert told == [corrected(there, back, closely=True) for back in (3, 5)]
    assert everything(house) == everything(twin)
    assert in_columns(house, "version = 2") > 5
    assert len(everything(house)["snapshot_revision"]) > 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("score", [by_turns, partial(by_edited_model, since=8)])
def test_longer_lives_under_changing_models_are_stored_alike(
    house: House, twin: House, score: Score, seed: int
) -> None:
    books = many_playbooks(house, "login_frequency")
    here, there = replace(house, playbooks=books), replace(twin, playbooks=books)

    quiet, _ = grow(here, there, seed=seed, size=20, days=range(14, 1, -1), score=score)
    told = [*past(here, range(30, 0, -2)), *corrected(here, 2), *corrected(here, 6)]
    looked = [*past(there, range(30, 0, -2), closely=True)]
    looked += [*corrected(there, 2, closely=True), *corrected(there, 6, closely=True)]

    assert told == looked
    assert everything(house) == everything(twin)
    assert quiet > 40
