"""What begins a play beside the score: silence, records, the calendar, and a first sight."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from playbooks.playbook import Playbook
from service import records
from service.ports import House
from service.simulate import simulate
from storage import customers, plays
from storage.plays import Decision
from tests.service.daily import customers as enrol
from tests.service.daily import days, run, work

SINCE = date(2026, 1, 1)
LAST = date(2026, 3, 4)  # A Wednesday, the last day on which Acme is heard of.


def day(number: int) -> date:
    return LAST + timedelta(days=number)


def book(when: dict[str, Any], **changed: Any) -> Playbook:
    written = {
        "name": "mine",
        "version": 1,
        "title": "Mine",
        "when": when,
        "then": [{"step": "alert", "kind": "slack_alert"}],
        "guards": {"cool_down_days": 0},
    }
    return Playbook.model_validate(written | changed)


def lives(house: House, playbook: Playbook, first: int, last: int) -> list[date]:
    """Let the daily job run from one day to another; return on which Acme's play began."""
    there = replace(house, playbooks=(playbook,))
    for one in days(day(first), day(last)):
        assert run(there, one).failures == ()
    return [one.as_of for one in decisions(there) if one.outcome == "started"]


def decisions(house: House, key: str = "acme") -> Sequence[Decision]:
    with house.database.reading() as tx:
        found = customers.customer_by_key(tx, key)
        assert found is not None
        return sorted(plays.decisions_of(tx, found.id, SINCE), key=lambda one: one.as_of)


def closed(house: House, key: str = "acme") -> list[str]:
    with house.database.reading() as tx:
        found = customers.customer_by_key(tx, key)
        assert found is not None
        return [str(one.reason) for one in plays.plays_of(tx, found.id) if one.state == "closed"]


@pytest.fixture
def town(house: House) -> House:
    """Acme works on every working day until it falls silent; Globex, on every day, goes on."""
    enrol(house, "acme", "globex")
    work(house, "acme", [one for one in days(SINCE, LAST) if one.weekday() < 5])
    work(house, "globex", days(SINCE, LAST + timedelta(days=40)))
    return house


SILENT = {"kind": "silent", "of": "login", "days": 7, "usually": 50}


def test_a_customer_who_worked_most_days_is_missed_on_the_seventh_day_once(town: House) -> None:
    assert lives(town, book(SILENT), 0, 12) == [day(7)]
    assert decisions(town)[0].reason == "No login for 7 days, which is unusual."


@pytest.mark.slow
def test_silence_on_a_day_nothing_ran_is_found_on_the_next(town: House) -> None:
    assert lives(town, book(SILENT), 0, 6) == []

    assert run(replace(town, playbooks=(book(SILENT),)), day(9)).failures == ()

    assert [one.as_of for one in decisions(town)] == [day(9)]


@pytest.mark.slow
def test_a_silence_that_is_a_customers_habit_is_none(house: House) -> None:
    enrol(house, "acme", "globex")
    weekly = [one for one in days(SINCE, LAST) if (LAST - one).days % 9 == 0]
    work(house, "acme", weekly)
    work(house, "globex", days(SINCE, LAST + timedelta(days=20)))

    rare = {"kind": "silent", "days": 7, "usually": 5}
    assert lives(house, book(rare), 0, 9) == []


def test_a_feed_that_is_silent_for_everybody_says_nothing_of_anybody(house: House) -> None:
    enrol(house, "acme", "globex")
    for key in ("acme", "globex"):
        work(house, key, days(SINCE, LAST))

    assert lives(house, book(SILENT), 0, 9) == []


@pytest.mark.slow
def test_a_play_for_a_silence_ends_when_they_are_heard_again(town: House) -> None:
    lives(town, book(SILENT), 0, 8)
    work(town, "acme", [day(9)])

    lives(town, book(SILENT), 9, 10)

    assert closed(town) == ["Heard from again, after 7 days of silence or more."]


def invoice(house: House, due: date, paid: date | None = None) -> None:
    item = ("acme", {"id": "I-1", "dueOn": due, "paidOn": paid, "amount": 900})
    now = datetime.combine(due, time(), UTC)
    (outcome,) = records.accept_invoices(house, "api", [item], now=now)
    assert outcome.status != "rejected"


OVERDUE = {"kind": "record_arrives", "record": "invoice_overdue"}


def test_an_invoice_is_overdue_on_the_day_after_it_was_due_and_paying_it_ends_the_play(
    town: House,
) -> None:
    invoice(town, day(2))
    assert lives(town, book(OVERDUE), 0, 6) == [day(3)]

    invoice(town, day(2), paid=day(7))
    lives(town, book(OVERDUE), 7, 8)

    assert closed(town) == ["No invoice is overdue any more."]


@pytest.mark.slow
def test_a_simulation_finds_the_silences_and_records_that_the_days_brought(town: House) -> None:
    invoice(town, day(2), paid=day(9))
    silent, overdue = book(SILENT), book(OVERDUE | {"for_days": 2}, name="owing")
    both = replace(town, playbooks=(silent, overdue))
    for one in days(day(0), day(9)):
        assert run(both, one).failures == ()
    lived = [(one.playbook, one.as_of) for one in decisions(town) if one.outcome == "started"]

    found = [
        (playbook.name, start.on)
        for playbook in (silent, overdue)
        for start in simulate(both, playbook, day(0), day(9)).starts
        if start.customer == "acme"
    ]

    assert sorted(found) == sorted(lived) == [("mine", day(7)), ("owing", day(3))]


def test_rule_7_an_invoice_that_arrives_late_raises_no_back_dated_alert(town: House) -> None:
    assert lives(town, book(OVERDUE), 0, 5) == []
    invoice(town, day(1))

    assert lives(town, book(OVERDUE), 6, 8) == []


@pytest.mark.slow
def test_for_some_days_after_a_record_the_condition_may_still_come_true(town: House) -> None:
    invoice(town, day(2))
    waiting = OVERDUE | {"for_days": 12}
    low = {"kind": "factor", "factor": "login_frequency", "at_most": 75}

    (began,) = lives(town, book(waiting, only_if=low), 0, 14)

    assert day(3) < began <= day(14)


@pytest.mark.slow
@pytest.mark.parametrize(("score", "fires"), [(6, True), (7, False)])
def test_a_detractor_is_who_answers_the_nps_with_six_or_less(
    town: House, score: int, *, fires: bool
) -> None:
    at = datetime.combine(day(2), time(9), UTC)
    answer = {"id": "A-1", "survey": "nps", "answeredAt": at.isoformat(), "score": score}
    assert list(records.accept_surveys(town, "api", [("acme", answer)], now=at))
    playbook = book({"kind": "record_arrives", "record": "nps_detractor"})

    assert lives(town, playbook, 0, 5) == ([day(2)] if fires else [])


@pytest.mark.slow
@pytest.mark.parametrize(("rating", "fires"), [(2, True), (3, False)])
def test_a_ticket_is_angry_when_it_is_rated_one_or_two(
    town: House, rating: int, *, fires: bool
) -> None:
    at = datetime.combine(day(3), time(9), UTC)
    ticket = {"id": "T-1", "openedAt": at.isoformat(), "closedAt": at.isoformat(), "rating": rating}
    assert list(records.accept_tickets(town, "api", [("acme", ticket)], now=at))
    playbook = book({"kind": "record_arrives", "record": "angry_ticket"})

    assert lives(town, playbook, 0, 5) == ([day(3)] if fires else [])


@pytest.mark.slow
def test_a_schedule_fires_with_the_first_day_that_is_run_of_a_new_month(town: House) -> None:
    playbook = book({"kind": "schedule", "every": "month"})

    began = lives(town, playbook, 20, 30)

    assert began == [date(2026, 4, 1)]


def test_who_was_there_at_first_sight_is_told_of_on_the_next_day_and_only_then(
    house: House,
) -> None:
    enrol(house, "acme")
    work(house, "acme", days(SINCE, SINCE + timedelta(days=3)))
    first = {"kind": "enters_band", "bands": ["churn-risk"], "at_first_sight": True}

    assert lives(house, book(first), 0, 4) == [day(1)]
    (told,) = [one.reason for one in decisions(house) if one.outcome == "started"]
    assert told.startswith("In churn-risk since first seen")


@pytest.mark.slow
@pytest.mark.parametrize(("bound", "begins"), [("at_least", 1), ("at_most", 0)])
def test_who_was_never_touched_was_touched_longer_ago_than_anything(
    town: House, bound: str, begins: int
) -> None:
    weekly = {"kind": "schedule", "every": "week"}
    playbook = book(weekly, only_if={"kind": "last_touch", bound: 30})

    assert len(lives(town, playbook, 3, 6)) == begins
