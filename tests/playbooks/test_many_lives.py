"""Looking back at everybody at once comes to the same starts as looking at each alone."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from playbooks.conditions import Condition
from playbooks.hindsight import Fired, Hindsight
from playbooks.life import Stay
from playbooks.many_lives import ManyLives
from playbooks.playbook import Playbook
from playbooks.sieve import UNKNOWN
from scoring.assembly import Shown
from scoring.columns.scores import FactorColumns, ScoreColumns
from scoring.columns.worths import POLICIES, STATUSES
from scoring.load import shipped as model
from tests.classic import classic
from tests.playbooks.lives import FIRST, facts
from tests.playbooks.test_sieve import triggers

STAYS = 4
KNOWN = STATUSES.index("known")
NOT_KNOWN = next(place for place in range(len(STATUSES)) if place != KNOWN)
# Who stays in a band mostly, so that many are quiet; None is a calculation that broke.
entries = st.none() | st.tuples(
    st.integers(30_00, 90_00), st.sampled_from([0, 0, 0, 1, 1, 2, 3]), st.integers(0, 100)
)
looks = st.lists(
    st.tuples(st.sampled_from([1, 3, 7, 7, 7]), st.lists(entries, min_size=STAYS, max_size=STAYS)),
    min_size=2,
    max_size=7,
)
renewals = st.lists(st.none() | st.integers(0, 60), min_size=STAYS, max_size=STAYS)
conditions = st.sampled_from(
    [
        {"kind": "always"},
        {"kind": "score", "at_least": 60},
        {"kind": "trend", "is": ["declining"]},
        {"kind": "factor", "factor": "login_frequency", "at_most": 50},
        {"kind": "not", "of": {"kind": "band", "is": ["at-risk"]}},
    ]
).map(TypeAdapter[Any](Condition).validate_python)
Entry = tuple[int, int, int] | None


def columns(day: date, row: Sequence[Entry]) -> ScoreColumns:
    """Return a day's scores with one factor, which is known where it is even."""
    told = [one or (0, 0, 0) for one in row]
    value, band, factor = (np.array(one, np.int64) for one in zip(*told, strict=True))
    status = np.where(factor % 2, NOT_KNOWN, KNOWN)
    nothing = np.zeros(len(row), np.int64)
    return ScoreColumns(
        model=model(),
        as_of=day,
        value=value,
        coverage=nothing + 100_00,
        band=band.astype(np.int8),
        raw_band=band.astype(np.int8),
        factors=(
            FactorColumns(
                shown=Shown("login_frequency", "Logins", Decimal(100), 0),
                value=factor * 10**6,
                status=status.astype(np.int8),
                policy=np.full(len(row), POLICIES.index(POLICIES[0]), np.int8),
                contribution=nothing,
                weight=nothing,
                raw={},
                words=(),
            ),
        ),
        faults={place: ValueError() for place, one in enumerate(row) if one is None},
    )


def stay(number: int, renewals: Sequence[int | None]) -> Stay:
    after = renewals[number]
    return Stay(
        number, facts(id=number), None, None if after is None else FIRST + timedelta(days=after)
    )


def playbooks(own: Sequence[tuple[Any, Any]]) -> list[Playbook]:
    first = classic()[0]
    return [
        first.model_copy(update={"name": f"own-{number}", "when": when, "only_if": only_if})
        for number, (when, only_if) in enumerate(own)
    ]


def live(one_by_one: Hindsight, many: ManyLives, scores: ScoreColumns, here: list[Stay]) -> None:
    """Live through a day either way."""
    for row, one in enumerate(here):
        if row not in scores.faults:
            one_by_one.live(one, scores.at(row))
    renewals = [each.renewal_on.toordinal() if each.renewal_on else UNKNOWN for each in here]
    numbers = np.array([each.number for each in here])
    many.live(numbers, scores, np.array(renewals), here.__getitem__)


def ordered(hindsight: Hindsight) -> list[Fired]:
    return sorted(hindsight.fired, key=lambda one: (one.on, one.customer))


@given(looks, renewals, st.lists(st.tuples(triggers, conditions), min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_who_is_skipped_would_not_have_been_spoken_of(
    told: list[tuple[int, list[Entry]]], renewals: list[int | None], own: list[tuple[Any, Any]]
) -> None:
    """Two batches of stays, all days of each; one comes late, and one is gone early."""
    library = playbooks(own)
    one_by_one, together = (Hindsight(library, model()) for _ in range(2))
    many = ManyLives(together, library, STAYS)

    for batch in ({0, 1}, {2, 3}):
        day = FIRST
        for number, (passed, row) in enumerate(told):
            day += timedelta(days=passed)
            here = sorted(batch - ({2} if number < 2 else set()) - ({3} if number > 2 else set()))
            if here:
                scores = columns(day, [row[one] for one in here])
                live(one_by_one, many, scores, [stay(one, renewals) for one in here])

    assert ordered(together) == ordered(one_by_one)
