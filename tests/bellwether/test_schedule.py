"""The day's jobs: each once per local date, whoever runs them, whatever happened in between."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from bellwether import house as building
from bellwether.clock import ReplayClock
from bellwether.due import Job
from bellwether.schedule import DIGEST, LEASE, PATIENCE, RESCORE, RETAIN, Ran, run_due
from bellwether.schedule import jobs as all_jobs
from bellwether.settings import Settings
from service.ports import House
from service.rescore import rescore_range
from storage import outbox, snapshots, ticks
from storage.records import TicketFields, upsert_tickets
from tests.builders import customers, events, new_event

# Noon on 20 November: both jobs of that date are due, and scores describe the 19th.
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = NOON.date()
KEY = datetime(2026, 11, 20, tzinfo=UTC)


def jobs(settings: Settings) -> tuple[Job, ...]:
    """Return the jobs of every day; most tests are about them."""
    return tuple(job for job in all_jobs(settings) if not job.weekdays)


def busy(house: House, *keys: str) -> None:
    """Add customers who log in every day, and have for three months."""
    ids = customers(house.database, *keys, created_on=date(2025, 1, 1))
    days = range(1, 90)
    events(
        house.database,
        *(new_event(one, feature="reports", back=back) for one in ids for back in days),
    )


def scored_days(house: House, key: str = "acme") -> list[date]:
    with house.database.reading() as tx:
        found = snapshots.history(tx, _id(house, key), house.model.name, date.min, date.max)
    return [one.as_of for one in found]


def _id(house: House, key: str) -> int:
    (found,) = customers(house.database, key)
    return found


def digests(house: House) -> int:
    with house.database.reading() as tx:
        found = [
            outbox.message_by_key(tx, f"digest/{DAY + timedelta(days=n)}") for n in range(-2, 3)
        ]
    return sum(one is not None for one in found)


def messages(house: House) -> int:
    with house.database.reading() as tx:
        return sum(outbox.counts(tx).values())


def begun(house: House, settings: Settings) -> None:
    """Let the service have been there yesterday: what comes first is over."""
    run_due(house, jobs(settings), ReplayClock(NOON - timedelta(days=1)))


def test_what_is_due_is_done_once_and_in_order(house: House, settings: Settings) -> None:
    busy(house, "acme", "globex")
    begun(house, settings)
    clock = ReplayClock(NOON)

    first = run_due(house, jobs(settings), clock)
    sent = messages(house)
    again = run_due(house, jobs(settings), clock)

    assert first == (Ran(RESCORE, DAY, "done"), Ran(DIGEST, DAY, "done"))
    assert scored_days(house) == [DAY - timedelta(days=2), DAY - timedelta(days=1)]
    assert again == ()
    assert messages(house) == sent > 0


def test_a_fresh_house_draws_its_baseline_at_once_and_begins_with_the_next_digest(
    house: House, settings: Settings
) -> None:
    busy(house, "acme")

    at_noon = run_due(house, jobs(settings), ReplayClock(NOON))
    digests_at_noon = digests(house)
    next_day = run_due(house, jobs(settings), ReplayClock(NOON + timedelta(days=1)))

    assert at_noon == (Ran(RESCORE, DAY, "done"), Ran(DIGEST, DAY, "skipped"))
    assert scored_days(house)[0] == DAY - timedelta(days=1)
    assert digests_at_noon == 0
    assert Ran(DIGEST, DAY + timedelta(days=1), "done") in next_day
    assert digests(house) == 1


def test_a_house_with_an_imported_past_is_silent_when_it_is_first_served(
    house: House, settings: Settings
) -> None:
    # Given years of history, scored day by day up to yesterday, on which acme fell ill.
    busy(house, "acme", "globex")
    ids = customers(house.database, "acme")
    with house.database.transaction() as tx:
        upsert_tickets(
            tx,
            [
                TicketFields(ids[0], f"T{n}", NOON - timedelta(days=1), None, None, None)
                for n in range(12)
            ],
        )
    yesterday = DAY - timedelta(days=1)
    days = rescore_range(house, yesterday - timedelta(days=60), yesterday, now=NOON)
    assert [one.transitions for one in days][-1] == 1

    # When the house is served for the first time.
    run_due(house, jobs(settings), ReplayClock(NOON))

    # Then nobody is told of anything.
    assert messages(house) == 0


def test_a_clock_set_back_runs_nothing_again(house: House, settings: Settings) -> None:
    busy(house, "acme")
    run_due(house, jobs(settings), ReplayClock(NOON))

    assert run_due(house, jobs(settings), ReplayClock(NOON - timedelta(days=3))) == ()


def test_three_days_down_are_one_run_and_a_history_without_gaps(
    house: House, settings: Settings
) -> None:
    busy(house, "acme")
    run_due(house, jobs(settings), ReplayClock(NOON - timedelta(days=4)))

    ran = run_due(house, jobs(settings), ReplayClock(NOON))

    assert [(one.job, one.day) for one in ran] == [(RESCORE, DAY), (DIGEST, DAY)]
    assert scored_days(house) == [DAY - timedelta(days=n) for n in (5, 4, 3, 2, 1)]


def test_a_run_that_somebody_holds_is_left_to_them_until_they_are_gone(
    house: House, settings: Settings
) -> None:
    busy(house, "acme")
    with house.database.transaction() as tx:
        ticks.claim_tick(tx, RESCORE, KEY, NOON, LEASE)

    held = run_due(house, jobs(settings), ReplayClock(NOON))
    later = run_due(house, jobs(settings), ReplayClock(NOON + LEASE))

    assert Ran(RESCORE, DAY, "held") in held
    assert Ran(RESCORE, DAY, "done") in later


def test_the_digest_waits_for_late_scores_but_not_for_ever(
    house: House, settings: Settings
) -> None:
    busy(house, "acme")
    begun(house, settings)
    nine = datetime(2026, 11, 20, 8, tzinfo=UTC)
    with house.database.transaction() as tx:
        ticks.claim_tick(tx, RESCORE, KEY, nine, timedelta(hours=9))

    waiting = run_due(house, jobs(settings), ReplayClock(nine))
    patient = run_due(house, jobs(settings), ReplayClock(nine + PATIENCE))

    assert waiting == (Ran(RESCORE, DAY, "held"),)
    assert Ran(DIGEST, DAY, "done") in patient


def test_of_several_processes_at_once_one_does_each_job(house: House, settings: Settings) -> None:
    busy(house, *(f"customer-{n}" for n in range(20)))
    begun(house, settings)

    def process(_: int) -> tuple[Ran, ...]:
        with building.opened(settings) as opened:
            return run_due(opened, jobs(settings), ReplayClock(NOON))

    with ThreadPoolExecutor(4) as pool:
        ran = [one for each in pool.map(process, range(4)) for one in each]
    ran += run_due(house, jobs(settings), ReplayClock(NOON))

    done = [one for one in ran if one.outcome == "done"]
    assert sorted(one.job for one in done) == [DIGEST, RESCORE]
    assert {one.outcome for one in ran} <= {"done", "held"}


def test_a_failing_job_is_told_to_the_operator_once_and_tried_again(
    sqlite_url: str, settings: Settings
) -> None:
    broken = Settings.read({"DATABASE_URL": sqlite_url, "BELLWETHER_HOME": str(settings.home)})
    with building.opened(broken) as house:
        busy(house, "acme")
        begun(house, broken)
        before = messages(house)
        with closing(sqlite3.connect(str(broken.sqlite_file))) as raw:
            raw.execute("ALTER TABLE snapshot RENAME TO elsewhere")

        failed = run_due(house, jobs(broken), ReplayClock(NOON))
        run_due(house, jobs(broken), ReplayClock(NOON + LEASE))
        told = messages(house)
        with closing(sqlite3.connect(str(broken.sqlite_file))) as raw:
            raw.execute("ALTER TABLE elsewhere RENAME TO snapshot")
        mended = run_due(house, jobs(broken), ReplayClock(NOON + 2 * LEASE))

    assert Ran(RESCORE, DAY, "failed") in failed
    assert told - before <= 2
    assert Ran(RESCORE, DAY, "done") in mended


def test_an_empty_house_has_nothing_to_score_and_no_digest_to_post(
    house: House, settings: Settings
) -> None:
    ran = run_due(house, jobs(settings), ReplayClock(NOON))

    assert [one.outcome for one in ran] == ["done", "skipped"]
    assert messages(house) == 0


def test_once_a_week_what_is_old_is_forgotten_but_not_in_the_first_week(
    house: House, settings: Settings
) -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=UTC)

    ran = [
        one
        for days in range(-7, 9)
        for one in run_due(house, all_jobs(settings), ReplayClock(sunday + timedelta(days=days)))
        if one.job == RETAIN
    ]

    assert [(one.day - sunday.date(), one.outcome) for one in ran] == [
        (timedelta(days=-7), "skipped"),
        (timedelta(0), "done"),
        (timedelta(days=7), "done"),
    ]


def test_a_feed_that_stops_is_told_to_the_operator_once_and_so_is_its_return(
    house: House, settings: Settings
) -> None:
    # Given customers who log in every day, a week of silence from all of them, and their return.
    ids = customers(house.database, "acme", "globex", "initech", created_on=date(2025, 1, 1))
    silent = range(10, 17)
    lives = [new_event(one, back=back) for one in ids for back in range(90) if back not in silent]
    events(house.database, *lives)

    # When the days pass, one of them without a running service.
    for back in (20, 19, 15, 14, 12, 11, 10, 9, 8, 6):
        run_due(house, jobs(settings), ReplayClock(NOON - timedelta(days=back)))

    # Then the operator heard of the stop and of the return, once each.
    told = notes(house, "feed/events:login")
    assert ["since 2026-11-03" in told[0], "comes in again" in told[1]] == [True, True]
    assert len(told) == 2


def notes(house: House, trouble: str) -> list[str]:
    """Return what the operator was told of this, in order."""
    with house.database.reading() as tx:
        found = [
            outbox.message_by_key(tx, f"operator/{trouble}/{DAY - timedelta(days=back)}")
            for back in range(30, -1, -1)
        ]
    return [str(one.body["text"]) for one in found if one is not None]
