"""A day scored by hand, silently, is one that the daily job still asks its playbooks about."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import update

from playbooks import load as playbook_files
from service.ports import House
from service.rescore import rescore
from storage.plays import open_plays
from storage.tables import customer
from tests import builders
from tests.builders import day
from tests.service.test_statements import thriving

NEAR = """
name: renewal
version: 1
title: Renewal
description: Forty days are left.
when: {kind: renewal_near, within: [40], bands: [healthy]}
then:
  - {step: call, kind: task, title: Call them, due_in_business_days: 2}
"""
NOW = builders.noon(0)


@pytest.fixture
def near(house: House) -> House:
    """Return a house of three customers whose renewal comes near on the day that is scored."""
    thriving(house.database, "steady", 3, back=3)
    with house.database.transaction() as tx:
        tx.execute(update(customer).values(renewal_on=day(1) + timedelta(days=40)))
    house = replace(house, playbooks=(playbook_files.parse(NEAR, "renewal.yaml"),))
    rescore(house, day(2), now=builders.noon(1), decide=True)
    return house


def begun(house: House) -> int:
    with house.database.reading() as tx:
        return sum(map(len, open_plays(tx, range(1, 10)).values()))


@pytest.mark.parametrize("closely", [False, True])
def test_playbooks_are_asked_about_who_stayed_too(near: House, *, closely: bool) -> None:
    job = partial(rescore, near, day(1), now=NOW, closely=closely)
    job(decide=False)
    assert begun(near) == 0

    assert job(decide=True).scored == 0
    assert begun(near) == 3


def test_a_day_that_was_asked_about_is_not_asked_about_again(near: House) -> None:
    without = replace(near, playbooks=())
    rescore(without, day(1), now=NOW, decide=True)
    rescore(without, day(1), now=NOW, decide=False, replace=True)

    rescore(near, day(1), now=NOW, decide=True)

    assert begun(near) == 0


def test_a_first_sight_by_hand_stays_silent(near: House) -> None:
    thriving(near.database, "new", 2, back=1)
    with near.database.transaction() as tx:
        tx.execute(update(customer).values(renewal_on=day(1) + timedelta(days=40)))

    rescore(near, day(1), now=NOW, decide=False)
    rescore(near, day(1), now=NOW, decide=True)

    assert begun(near) == 3
