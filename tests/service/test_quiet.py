"""Quiet customers are scored in columns, and what is stored is what looking closely stores."""

from dataclasses import replace

import pytest

from playbooks.load import parse
from scoring.load import shipped
from service.ports import House
from storage import plays
from storage.endings import close_plays
from storage.records import upsert_invoices
from tests import builders
from tests.builders import day, invoice, new_event
from tests.service.twins import everything, grow, in_columns, many_playbooks, score_day


def test_a_town_is_stored_alike_in_columns_and_looked_at_closely(house: House, twin: House) -> None:
    books = many_playbooks(house, "login_frequency")

    quiet, close = grow(
        replace(house, playbooks=books), replace(twin, playbooks=books),
        seed=7, size=18, days=range(8, 1, -1),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert quiet > 5
    assert close == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "factor", "seed"),
    [("adaptive", "recency", 1), ("points-and-penalties", "login_days", 2)],
)
def test_longer_lives_under_other_models_are_stored_alike(
    house: House, twin: House, name: str, factor: str, seed: int
) -> None:
    model = shipped(name)
    books = many_playbooks(replace(house, model=model), factor)

    quiet, _ = grow(
        replace(house, model=model, playbooks=books), replace(twin, model=model, playbooks=books),
        seed=seed, size=24, days=range(14, 1, -1),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert quiet > 5


LATE = """
name: late
version: 1
title: Late
description: An invoice is overdue, and the customer is doing badly.
when: {kind: record_arrives, record: invoice_overdue, for_days: 6}
only_if: {kind: score, at_most: 1}
then:
  - {step: call, kind: task, title: Call them, due_in_business_days: 2}
"""
# How many days before the overdue invoice's first day, 3 days ago, its playbook had begun.
BEGUN = {"never": None, "before": 1, "that-day": 0, "since": -1}


def test_a_record_answered_before_is_not_refused_once_more_in_columns(
    house: House, twin: House
) -> None:
    """What began on an earlier day than the record speaks of another record; see why NAME."""
    told = [
        _refusals(replace(each, playbooks=(parse(LATE, "late.yaml"),)), **how)
        for each, how in ((house, {}), (twin, {"closely": True}))
    ]

    assert told[0] == told[1]
    assert told[0] == {"never": 2, "before": 2, "that-day": 2, "since": 0}
    assert in_columns(house) > in_columns(twin) == 0


def _refusals(house: House, **how: bool) -> dict[str, int]:
    """Score two days on which an invoice is overdue; return how often its playbook said no."""
    found = {}
    for key, before in BEGUN.items():
        (one,) = builders.customers(house.database, key, created_on=day(300))
        logins = [new_event(one, back=back) for back in range(60)]
        builders.events(house.database, *logins)
        with house.database.transaction() as tx:
            upsert_invoices(tx, [invoice(one, f"I-{key}", 4)])
            if before is not None:
                at = builders.noon(3 + before)
                begun = builders.a_play(tx, one, playbook="late", opened_at=at)
                assert begun is not None
                close_plays(tx, {begun.id: "Over"}, at)
        found[key] = one
    for back in (3, 2, 1):
        score_day(house, back, **how)
    with house.database.reading() as tx:
        told = {key: plays.decisions_of(tx, one, day(9)) for key, one in found.items()}
    return {
        key: sum("The condition" in str(each.reason) for each in several)
        for key, several in told.items()
    }
