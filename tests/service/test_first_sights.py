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
    OF_FACTORS,
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


def by_hand_first(house: House, back: int, **how: Any) -> RescoreReport:
    """Score a day silently, and let the daily job ask about it afterwards; some days only that."""
    if back % 4:
        score_day(house, back, **{**how, "decide": False})
    return score_day(house, back, **how)


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
        seed=3, size=12, days=range(3, 2, -1),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert (quiet > 8, close) == (True, 0)


def test_an_edited_model_days_gone_by_and_corrections_are_stored_alike(
    house: House, twin: House
) -> None:
    books = many_playbooks(house, "login_frequency")
    here, there = replace(house, playbooks=books), replace(twin, playbooks=books)

    grow(here, there, seed=5, size=8, days=range(6, 4, -1), score=partial(by_edited_model, since=5))
    before = in_columns(house)
    told = [*past(here, range(9, 6, -2)), *corrected(here, 5)]

    assert told == [*past(there, range(9, 6, -2), closely=True), *corrected(there, 5, closely=True)]
    assert everything(house) == everything(twin)
    assert in_columns(house, "version = 2") > 4
    assert in_columns(house) > before + 5
    assert len(everything(house)["snapshot_revision"]) > 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("score", "seed"),
    [(by_turns, 11), (by_hand_first, 12), (partial(by_edited_model, since=8), 13)],
    ids=["two models by turns", "by hand first", "an edited model"],
)
def test_longer_lives_under_changing_models_are_stored_alike(
    house: House, twin: House, score: Score, seed: int
) -> None:
    every = many_playbooks(house, "login_frequency")
    books = tuple(one for one in every if score is not by_hand_first or one.when.kind != OF_FACTORS)
    here, there = replace(house, playbooks=books), replace(twin, playbooks=books)

    quiet, _ = grow(here, there, seed=seed, size=14, days=range(11, 1, -1), score=score)
    told = [*past(here, range(20, 0, -3)), *corrected(here, 2), *corrected(here, 6)]
    looked = past(there, range(20, 0, -3), closely=True)
    looked += [*corrected(there, 2, closely=True), *corrected(there, 6, closely=True)]

    assert told == looked
    assert everything(house) == everything(twin)
    assert quiet > 20
