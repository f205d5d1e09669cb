"""A town of customers who live a few weeks, and everything that a database holds in the end."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from sqlalchemy import select

from playbooks import load as playbook_files
from playbooks.playbook import Playbook
from service.override import Author, clear_override, set_override
from service.ports import House
from service.rescore import RescoreReport, rescore
from storage import plays
from storage.customers import active_ids
from storage.frames import opened
from storage.records import upsert_invoices, upsert_surveys, upsert_tickets
from storage.tables import current, snapshot
from storage.tables_acts import decision, message, play, step, transition
from storage.tables_said import snapshot_revision
from tests import builders
from tests.builders import day, invoice, new_event, survey, ticket

Score = Callable[..., RescoreReport]

CARLA = Author("Carla", "carla@ours.example")
# What databases number by themselves, or tell the instant of.
OWN = {"id", "play_id", "step_id"}
TABLES = (current, transition, decision, play, step, message)
# The one kind that asks for more of the day's own score than columns hold once it is stored.
OF_FACTORS = "factor_crosses"
WHEN = (
    "{kind: enters_band, bands: [BAND], at_first_sight: true}",
    "{kind: drops, points: 4, days: 7, or: {points: 9, days: 30}}",
    "{kind: crosses, at: 60}",
    "{kind: factor_crosses, factor: FACTOR, at: 40}",
    "{kind: stays, bands: [BAND], days: 4}",
    "{kind: stays, bands: [BAND], days: 5, again: true}",
    "{kind: silent, days: 3, usually: 10}",
    "{kind: record_arrives, record: invoice_overdue}",
    "{kind: record_arrives, record: angry_ticket}",
    "{kind: schedule, every: month}",
    "{kind: trend_turns, to: declining}",
    "{kind: renewal_near, within: [40, 20], bands: [BAND]}",
)
# A condition that columns can tell, unlike that of the others.
LATE = "{kind: record_arrives, record: invoice_overdue, for_days: 4}"
TOLD = (
    "{kind: any, of: [{kind: trend, is: declining}, {kind: factor, factor: FACTOR, at_most: 40}]}"
)


def many_playbooks(house: House, factor: str) -> tuple[Playbook, ...]:
    """Return the shipped playbooks and one of every kind that looks at the score's past."""
    band = house.model.bands[0].name
    some = [_playbook(n, when, factor, band) for n, when in enumerate(WHEN)]
    told = [_playbook(len(WHEN), LATE, factor, band, TOLD)]
    return (*house.playbooks, *some, *told)


def _playbook(
    number: int,
    when: str,
    factor: str,
    band: str,
    only_if: str = "{kind: segment, is: [enterprise]}",
) -> Playbook:
    text = f"""
name: number-{number}
version: 1
title: Number {number}
description: One of many.
when: {when.replace("FACTOR", factor).replace("BAND", band)}
only_if: {only_if.replace("FACTOR", factor)}
then:
  - {{step: call-{number}, kind: task, title: Call them, due_in_business_days: 2}}
"""
    return playbook_files.parse(text, f"number-{number}.yaml")


def live(house: House, seed: int, size: int, days: range, score: Score) -> list[RescoreReport]:
    """Let a town live these days, counted back from today, and be scored after each of them."""
    dice = Random(seed)  # noqa: S311 - the same town for the same seed
    ids = _settle(house, dice, size, first=days[0])
    reports = []
    for back in days:
        _one_day(house, dice, ids, back)
        if dice.random() < 0.15:
            # Data that came late, and a correction of the day before.
            _events(house, dice, ids, back + 3)
            reports.append(score(house, back + 1, decide=False, replace=True))
        if dice.random() < 0.9:
            reports.append(score(house, back))
        if dice.random() < 0.2:
            reports.append(score(house, back))
    return reports


def score_day(house: House, back: int, **how: Any) -> RescoreReport:
    """Score a day on the morning after."""
    given = {"decide": True, "now": builders.noon(back - 1), **how}
    report = rescore(house, day(back), **given)
    return dataclasses.replace(
        report, rebanded=tuple(sorted(report.rebanded)), failures=tuple(sorted(report.failures))
    )


def late(house: House, seed: int, back: int) -> None:
    """Let data of a day come in late, about whoever lives there."""
    with house.database.reading() as tx:
        ids = active_ids(tx)
    _events(house, Random(seed), ids, back)  # noqa: S311 - the same data for the same seed


def _settle(house: House, dice: Random, size: int, first: int) -> list[int]:
    ids = [
        builders.customers(
            house.database,
            f"customer-{number}",
            name=f"Customer {number}",
            created_on=day(first + dice.choice((-3, 2, 200))),
            renewal_on=dice.choice((None, day(dice.randrange(-45, 5)))),
            seats=dice.choice((None, 5, 50)),
            segment=dice.choice((None, "smb", "enterprise")),
            plan=dice.choice((None, "basic", "pro")),
            csm_email="carla@ours.example",
            csm_name="Carla",
            contact_email=f"ann@customer-{number}.example",
        )[0]
        for number in range(size)
    ]
    for back in range(first + 70, first, -1):
        _events(house, dice, ids, back)
    return ids


def _one_day(house: House, dice: Random, ids: list[int], back: int) -> None:
    _events(house, dice, ids, back)
    _records(house, dice, ids, back)
    _people(house, dice, ids, back)


def _events(house: House, dice: Random, ids: list[int], back: int) -> None:
    # Some fall silent for some weeks, others wake up.
    awake = [one for one in ids if (one * 7 + (back // 9) * 3) % 10 > 2]
    builders.events(
        house.database,
        *(
            new_event(
                one,
                kind=dice.choice(("login", "login", "api_call")),
                feature=dice.choice((None, "a", "b", "c", "d", "e")),
                value=Decimal(dice.randrange(1, 400)) / 100,
                back=back,
            )
            for one in awake
            if dice.random() < 0.8
        ),
    )


def _records(house: House, dice: Random, ids: list[int], back: int) -> None:
    some = dice.sample(ids, len(ids) // 8)
    with house.database.transaction() as tx:
        upsert_tickets(
            tx, [ticket(one, f"T{back}-{n}", back, rating=n) for one in some for n in (2, 4)]
        )
        paid = {one: dice.choice((None, day(back + 2))) for one in some}
        upsert_invoices(tx, [invoice(one, f"I{back}", back + 1, paid_on=paid[one]) for one in some])
        upsert_surveys(
            tx, [survey(one, f"A{back}", back, score=Decimal(dice.randrange(11))) for one in some]
        )


def _people(house: House, dice: Random, ids: list[int], back: int) -> None:
    now = builders.noon(back)
    key = f"customer-{dice.randrange(len(ids))}"
    match dice.randrange(6):
        case 0:
            _say(house, dice, key, now)
        case 1:
            clear_override(house, key, author=CARLA, now=now)
        case 2:
            status = dice.choice(("paused", "active"))
            builders.customers(house.database, key, now=now, status=status)
        case 3:
            with house.database.transaction() as tx:
                plays.snooze(tx, dice.choice(ids), until=now + timedelta(days=3), by="c", now=now)
        case _:
            pass


def _say(house: House, dice: Random, key: str, now: datetime) -> None:
    set_override(
        house,
        key,
        kind=dice.choice(("set", "floor", "ceiling")),
        value=Decimal(dice.randrange(100)),
        reason="They said so",
        until=now.date() + timedelta(days=4),
        author=CARLA,
        now=now,
    )


def grow(
    house: House, twin: House, *, seed: int, size: int, days: range, score: Score = score_day
) -> tuple[int, int]:
    """Let the same town live in both houses; return how many scores came of columns in each.

    What is told of each run is compared; what is stored is left to the test.
    """
    told = live(house, seed, size, days, score)
    assert told == live(twin, seed, size, days, partial(score, closely=True))
    return in_columns(house), in_columns(twin)


def in_columns(house: House, where: str = "true") -> int:
    """Return how many of the stored records are framed ones."""
    with house.database.reading() as tx:
        packed = tx.connection.cursor()
        packed.execute(f"SELECT record FROM snapshot WHERE {where}")  # noqa: S608 - our own words
        return sum(bytes(record)[:1] == b"\x02" for (record,) in packed.fetchall())


def everything(house: House) -> dict[str, list[str]]:
    """Return all that is stored of scores and of what was done about them, in plain words."""
    with house.database.reading() as tx:
        records = {
            table.name: [*map(repr, opened(tx, select(table).order_by(*table.primary_key)))]
            for table in (snapshot, snapshot_revision)
        }
        others = {
            table.name: sorted(
                repr([value for name, value in row._mapping.items() if name not in OWN])  # noqa: SLF001 - public
                for row in tx.execute(select(table))
            )
            for table in TABLES
        }
        assert active_ids(tx)
    return records | others
