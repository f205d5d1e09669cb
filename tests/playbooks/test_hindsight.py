"""Playbooks replayed over the past start when they would have, and are held to what came of it."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from playbooks.hindsight import Fired, Hindsight, Record, records
from playbooks.life import Stay
from playbooks.load import parse
from playbooks.playbook import Playbook
from scoring.load import shipped as model
from scoring.score import Score
from tests.classic import classic as shipped
from tests.playbooks.lives import FIRST, Life, facts, score

FALLS = parse(
    """
name: falls
version: 1
title: A fall
when: {kind: drops, points: 20, days: 30}
then: [{step: alert, kind: slack_alert, to: csm}]
""",
    "falls.yaml",
)


def lived(
    values: Sequence[float], every: int = 1, library: Sequence[Playbook] = (), ends: int = 999
) -> tuple[Fired, ...]:
    """Live a stay of one customer, a score every so many days."""
    hindsight = Hindsight(library or shipped(), model())
    last: Score | None = None
    for number, value in enumerate(values):
        last = score(value, number * every, last.band if last else None)
        hindsight.live(Stay(0, facts(), FIRST + timedelta(days=ends)), last)
    return hindsight.fired


def days(fired: Sequence[Fired]) -> list[tuple[int, str]]:
    return [((one.on - FIRST).days, one.playbook) for one in fired]


def test_a_fall_starts_its_playbook_once_and_a_first_sight_none() -> None:
    assert days(lived([80, 80, 41, 40, 40])) == [(2, "churn-risk")]
    assert lived([41, 41, 41]) == ()


def test_cool_downs_hold_as_they_would_have() -> None:
    # Red, green and red again within the cool-down: nobody would have been written to twice.
    soon = lived([80, 41, 80, 41, 80])
    later = lived([80, 41, 80, 80, 80, 80, 80, 80, 41], every=7)

    assert days(soon) == [(1, "churn-risk")]
    assert days(later) == [(7, "churn-risk"), (56, "churn-risk")]


def test_a_drop_over_a_month_is_seen_from_weekly_looks() -> None:
    fired = lived([98, 95, 92, 88, 82, 77], every=7, library=[FALLS])

    assert days(fired) == [(35, "falls")]


def test_what_looks_back_and_what_comes_near_is_replayed_too() -> None:
    stays, renewal = (
        parse(
            f"""
name: {name}
version: 1
title: Something
when: {when}
then: [{{step: alert, kind: slack_alert, to: csm}}]
""",
            "own.yaml",
        )
        for name, when in (
            ("stays", "{kind: stays, bands: [at-risk], days: 3}"),
            ("renewal", "{kind: renewal_near, within: 30, bands: [at-risk]}"),
        )
    )

    def starts(playbook: Playbook) -> list[tuple[int, str]]:
        hindsight = Hindsight([playbook], model())
        last: Score | None = None
        stay = Stay(0, facts(), renewal_on=FIRST + timedelta(days=33))
        for number, value in enumerate([80, 60, 60, 60, 60, 60]):
            last = score(value, number, last.band if last else None)
            hindsight.live(stay, last)
        return days(hindsight.fired)

    assert starts(stays) == [(4, "stays")]
    assert starts(renewal) == [(3, "renewal")]


def test_a_new_stay_of_the_same_customer_begins_with_a_silent_baseline() -> None:
    hindsight = Hindsight(shipped(), model())

    hindsight.live(Stay(0, facts()), score(80, 0))
    hindsight.live(Stay(1, facts()), score(41, 1))

    assert hindsight.fired == ()


def test_a_playbook_is_held_to_what_followed_its_starts() -> None:
    day = date(2026, 3, 1)
    fired = [
        Fired("churn-risk", 1, 0, day, day + timedelta(days=10)),
        Fired("churn-risk", 1, 0, day + timedelta(days=4), day + timedelta(days=10)),
        Fired("churn-risk", 2, 1, day, day + timedelta(days=31)),
        Fired("churn-risk", 3, 2, day, None),
    ]

    found = {one.playbook: one for one in records(shipped(), fired, 30)}

    assert found["churn-risk"] == Record("churn-risk", "Churn risk", 4, 2, 2, 1, 8)
    assert found["new-at-risk"] == Record("new-at-risk", "Newly at risk", 0, 0, 0, 0, None)
    assert "recovered" not in found


@given(st.lists(st.sampled_from([20, 41, 49, 52, 54, 60, 74, 76, 79, 90]), max_size=60))
def test_day_by_day_it_starts_just_what_the_daily_run_would_have(values: list[float]) -> None:
    life = Life(list(shipped()))

    life.lives(*values)

    assert days(lived(values)) == [(day, name) for day, name, _ in life.starts()]
