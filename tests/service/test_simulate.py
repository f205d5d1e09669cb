"""What would a playbook have done? The same as it did, and nothing leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from playbooks.playbook import Playbook
from scoring.record import to_record
from service.ports import House
from service.simulate import Simulation, simulate
from storage import customers, outbox, snapshots
from storage.snapshots import Snapshot
from tests.service.stage import FIRST, acme, score

LAST = FIRST + timedelta(days=20)


def keep(house: House, values: Sequence[float], key: str = "acme", **changed: Any) -> None:
    """Store a score a day for the customer, from the first day on."""
    customer, held = acme(house, key, **changed), None
    kept = []
    for day, value in enumerate(values):
        current = score(house, value, day, held)
        held = current.band
        kept.append(
            Snapshot(
                customer_id=customer.id,
                as_of=current.as_of,
                model=current.model,
                version=current.version,
                score=current.value,
                band=current.band,
                coverage=current.coverage,
                trend="stable",
                change_7=None,
                change_30=None,
                computed_at=datetime.combine(current.as_of, datetime.min.time(), UTC),
                record=to_record(current),
            )
        )
    with house.database.transaction() as tx:
        snapshots.add_snapshots(tx, kept)


def of(house: House, name: str) -> Playbook:
    return next(each for each in house.playbooks if each.name == name)


def on(found: Simulation) -> list[tuple[str, date]]:
    return [(one.customer, one.on) for one in found.starts]


@pytest.fixture
def history(house: House) -> House:
    keep(house, [90] * 5 + [40] * 5 + [90, 40] + [40] * 9)
    keep(house, [90] * 12 + [60] * 9, "globex", csm_email=None, csm_name=None)
    keep(house, [30] * 21, "initech")
    return house


def test_who_would_have_been_told_of_when_and_why(history: House) -> None:
    found = simulate(history, of(history, "churn-risk"), FIRST, LAST)

    start, put_off = found.starts
    assert (start.customer, start.on, start.csm) == ("acme", FIRST + timedelta(days=5), "Carla")
    assert start.reason == "From healthy to churn-risk: 90 to 40."
    assert start.sends[:2] == (
        "alert to the CSM",
        "mail outreach_churn_risk to the contact, after a yes",
    )
    assert put_off.on == FIRST + timedelta(days=19)
    assert put_off.reason == "Still in churn-risk, at 40."
    assert (found.customers, found.days) == (3, 21)


def test_starts_are_counted_by_week_also_the_empty_ones(history: House) -> None:
    found = simulate(history, of(history, "new-at-risk"), FIRST, LAST)

    assert on(found) == [("globex", FIRST + timedelta(days=12))]
    assert found.weeks == {
        date(2026, 3, 2): 0,
        date(2026, 3, 9): 1,
        date(2026, 3, 16): 0,
    }


def test_a_changed_playbook_stands_in_for_the_one_of_its_name(history: House) -> None:
    churn = of(history, "churn-risk")
    eager = churn.model_copy(
        update={"guards": churn.guards.model_copy(update={"cool_down_days": 0})}
    )

    found = simulate(history, eager, FIRST, LAST)

    assert on(found) == [("acme", FIRST + timedelta(days=5)), ("acme", FIRST + timedelta(days=11))]


def test_what_began_before_the_first_day_cools_down_but_is_not_listed(history: House) -> None:
    found = simulate(history, of(history, "churn-risk"), FIRST + timedelta(days=8), LAST)

    # The fall of the twelfth day waits for the fourteen days that began with the sixth.
    assert on(found) == [("acme", FIRST + timedelta(days=19))]


def test_a_playbook_that_looks_back_is_simulated_too(history: House) -> None:
    steady = Playbook.model_validate(
        {
            "name": "steady",
            "version": 1,
            "title": "Steady",
            "when": {"kind": "stays", "bands": "healthy", "days": 7},
            "then": [{"step": "alert", "kind": "slack_alert"}],
        }
    )

    assert on(simulate(history, steady, FIRST, LAST)) == [("globex", FIRST + timedelta(days=7))]


def test_a_renewal_coming_near_is_simulated_with_the_date_known_today(house: House) -> None:
    keep(house, [60] * 10, renewal_on=FIRST + timedelta(days=65))
    near = Playbook.model_validate(
        {
            "name": "near",
            "version": 1,
            "title": "Near",
            "when": {"kind": "renewal_near", "within": 60, "bands": "at-risk"},
            "then": [{"step": "alert", "kind": "slack_alert"}],
        }
    )

    assert on(simulate(house, near, FIRST, LAST)) == [("acme", FIRST + timedelta(days=5))]


def test_nothing_is_sent_or_stored(history: House) -> None:
    simulate(history, of(history, "churn-risk"), FIRST, LAST)

    with history.database.reading() as tx:
        assert outbox.counts(tx) == {}
        everybody = customers.active_ids(tx)
    assert len(everybody) == 3


def test_days_without_scores_give_nothing(history: House) -> None:
    house = replace(history, playbooks=(of(history, "churn-risk"),))

    found = simulate(
        house, house.playbooks[0], FIRST + timedelta(days=99), FIRST + timedelta(days=99)
    )

    assert (found.starts, found.customers, found.days) == ((), 0, 0)
    assert list(found.weeks.values()) == [0]
