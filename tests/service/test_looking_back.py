"""Playbooks that ask for more of the past than a transition tells, on stored scores."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from playbooks.playbook import Playbook
from service import catalog
from service.ingest import accept_events
from service.ports import House
from service.rescore import rescore
from storage import customers, plays
from storage.plays import Decision
from tests.classic import classic

WORKED_SINCE = date(2026, 1, 1)
FIRST = date(2026, 3, 2)


def book(name: str, when: dict[str, Any], **changed: Any) -> Playbook:
    written = {
        "name": name,
        "version": 1,
        "title": name,
        "when": when,
        "then": [{"step": "alert", "kind": "slack_alert"}],
        "guards": {"cool_down_days": 0},
    }
    return Playbook.model_validate(written | changed)


def days(first: date, count: int) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(count))


def live(house: House, on: Sequence[date]) -> None:
    """Let the daily job run for each of the days, the morning after."""
    for day in on:
        now = datetime.combine(day + timedelta(days=1), time(5), UTC)
        report = rescore(house, day, now=now, decide=True)
        assert report.failures == ()


def started(house: House, playbook: str) -> list[date]:
    return sorted(one.as_of for one in decisions(house, playbook) if one.outcome == "started")


def decisions(house: House, playbook: str) -> list[Decision]:
    with house.database.reading() as tx:
        acme = customers.customer_by_key(tx, "acme")
        assert acme is not None
        found = plays.decisions_of(tx, acme.id, FIRST)
    return [one for one in found if one.playbook == playbook]


@pytest.fixture
def quiet(house: House) -> House:
    """Acme logged in every day up to the first day looked at, and has not since."""
    written = {
        "key": "acme",
        "name": "Acme",
        "createdOn": "2025-01-01",
        "renewalDate": "2026-06-05",
        "csmEmail": "carla@bellwether.example",
    }
    now = datetime.combine(WORKED_SINCE, time(12), UTC)
    (outcome,) = catalog.upsert(house, [written], now=now)
    assert outcome.status == "created"
    worked = days(WORKED_SINCE, (FIRST - WORKED_SINCE).days + 1)
    items = [
        (
            "acme",
            {
                "type": "login",
                "occurredAt": f"{day}T12:00:00Z",
                "feature": f"f{day.toordinal() % 5}",
            },
        )
        for day in worked
    ]
    outcomes = accept_events(house, "api", items, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert {each.status for each in outcomes} == {"accepted"}
    return house


def test_a_factor_that_falls_under_a_number_starts_its_play_on_that_day(quiet: House) -> None:
    when = {"kind": "factor_crosses", "factor": "login_frequency", "at": 50}
    house = replace(quiet, playbooks=(book("logins-halved", when),))

    live(house, list(days(FIRST, 25)))

    # Thirty days have thirty logins at first; the 21st day without one leaves nine of twenty.
    assert started(house, "logins-halved") == [FIRST + timedelta(days=21)]


def test_a_stay_is_counted_from_the_first_sight_and_fires_once(quiet: House) -> None:
    when = {"kind": "stays", "bands": ["thriving", "healthy"], "days": 5}
    house = replace(quiet, playbooks=(book("steady", when),))

    live(house, [day for day in days(FIRST, 9) if day != FIRST + timedelta(days=5)])

    assert started(house, "steady") == [FIRST + timedelta(days=6)]


def test_a_renewal_comes_near_once_at_each_distance_while_nothing_else_moves(
    quiet: House,
) -> None:
    when = {"kind": "renewal_near", "within": [93, 91], "bands": ["thriving", "healthy"]}
    once = {"cool_down_days": 0, "once_per_episode": False}
    house = replace(quiet, playbooks=(book("renewal", when, guards=once),))

    live(house, list(days(FIRST, 8)))

    assert started(house, "renewal") == [FIRST + timedelta(days=2), FIRST + timedelta(days=4)]


def test_what_waits_for_a_cool_down_comes_when_it_is_over_in_a_good_band_too(
    quiet: House,
) -> None:
    short = {"cool_down_days": 3}
    first = book(
        "first", {"kind": "stays", "bands": ["thriving", "healthy"], "days": 2}, guards=short
    )
    second = book(
        "second", {"kind": "stays", "bands": ["thriving", "healthy"], "days": 3}, guards=short
    )
    house = replace(quiet, playbooks=(first, second))

    live(house, list(days(FIRST, 8)))

    assert started(house, "first") == [FIRST + timedelta(days=2)]
    assert started(house, "second") == [FIRST + timedelta(days=5)]
    assert {one.outcome for one in decisions(house, "second")} == {"deferred", "started"}


def test_a_condition_on_the_csm_reads_who_looks_after_the_customer(quiet: House) -> None:
    when = {"kind": "stays", "bands": ["thriving", "healthy"], "days": 1}
    mine = book("mine", when, only_if={"kind": "csm", "is": "carla@bellwether.example"})
    other = book("other", when, only_if={"kind": "csm", "is": "nobody"})
    house = replace(quiet, playbooks=(mine, other))

    live(house, list(days(FIRST, 3)))

    assert started(house, "mine") == [FIRST + timedelta(days=1)]
    assert [one.reason for one in decisions(house, "other")] == [
        "The condition does not hold: csm is nobody."
    ]


def test_a_house_of_falls_alone_asks_for_nothing_more_of_the_past(quiet: House) -> None:
    live(quiet, list(days(FIRST, 3)))

    assert quiet.playbooks == classic()
    assert {one.outcome for one in decisions(quiet, "churn-risk")} <= {"skipped"}
