"""A day is scored once, for everybody, together with what follows from it (rules 1-7)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from service import answer, records
from service.ports import House
from service.rescore import rescore_range
from storage import outbox
from storage.switches import set_switch
from tests.service.daily import (
    CROSSING,
    FULL,
    days,
    intent,
    morning_after,
    noon,
    plays,
    run,
    states,
    stored,
    work,
)


def test_first_sight_of_a_customer_is_a_silent_baseline(falling: House) -> None:
    report = run(falling, CROSSING)

    assert (report.scored, report.written, report.baselines) == (4, 4, 4)
    assert (report.transitions, report.started) == (0, 0)
    assert plays(falling, "acme") == ()
    snapshot = stored(falling, "acme", CROSSING)
    assert snapshot is not None
    assert (snapshot.band, snapshot.trend, snapshot.change_7) == ("at-risk", "stable", None)


def test_the_crossing_is_told_on_its_day_and_only_then(falling: House) -> None:
    reports = {day: run(falling, day) for day in days(CROSSING - timedelta(days=4), CROSSING)}
    after = [run(falling, CROSSING + timedelta(days=later)) for later in (1, 2, 3)]

    *before, on = reports.values()
    assert [report.transitions for report in before] == [0, 0, 0, 0]
    assert (on.transitions, on.started) == (1, 1)
    assert [report.started for report in after] == [0] * len(after)
    (play,) = plays(falling, "acme")
    assert (play.playbook, play.trigger_as_of) == ("new-at-risk", CROSSING)


def test_a_day_run_again_adds_nothing(falling: House) -> None:
    run(falling, CROSSING - timedelta(days=1))
    first = run(falling, CROSSING)

    again = run(falling, CROSSING)

    assert (first.written, first.started) == (4, 1)
    assert (again.scored, again.written, again.transitions, again.started) == (0, 0, 0, 0)
    assert len(plays(falling, "acme")) == 1


def test_a_run_broken_off_goes_on_where_it_stopped(falling: House) -> None:
    run(falling, CROSSING - timedelta(days=1))

    class Killed(Exception):  # noqa: N818 - stands for the end of the process
        pass

    def kill(done: int, _total: int) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        run(falling, CROSSING, batch=1, progress=kill)
    half = [stored(falling, key, CROSSING) for key in ("acme", "globex", "initech", "umbrella")]
    rest = run(falling, CROSSING, batch=1)

    assert [snapshot is not None for snapshot in half] == [True, True, False, False]
    assert rest.written == 2
    assert len(plays(falling, "acme")) == 1


def test_what_a_run_killed_at_its_very_end_held_leaves_with_the_next_days_run(
    falling: House,
) -> None:
    run(falling, CROSSING - timedelta(days=1))

    class Killed(Exception):  # noqa: N818 - stands for the end of the process
        pass

    def kill(done: int, total: int) -> None:
        if done == total:
            raise Killed

    # Given a run that decided, and was killed before it let its messages go; and a day's silence.
    with pytest.raises(Killed):
        run(falling, CROSSING, progress=kill)
    assert states(falling) == {"held": 1}

    # When the next day's run comes.
    run(falling, CROSSING + timedelta(days=1))

    # Then the alert is on its way, once.
    assert states(falling) == {"pending": 1}


def test_what_the_brake_holds_is_no_abandoned_run_and_waits_on(falling: House) -> None:
    run(falling, CROSSING - timedelta(days=1))
    run(falling, CROSSING, run="another run that holds its messages")
    with falling.database.transaction() as tx:
        rows = outbox.messages_of(tx, plays(falling, "acme")[0].customer_id)
        set_switch(tx, f"brake/daily:{CROSSING}", "tripped", "the brake", morning_after(CROSSING))
        message = replace(intent(rows[0]), key="held by the brake")
        outbox.enqueue(tx, [message], now=morning_after(CROSSING), held_by=f"daily:{CROSSING}")

    run(falling, CROSSING + timedelta(days=1))

    assert states(falling) == {"pending": 1, "held": 1}


def test_progress_is_told_batch_by_batch(falling: House) -> None:
    seen: list[tuple[int, int]] = []

    run(falling, CROSSING, batch=3, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(3, 4), (4, 4)]


def test_two_runs_at_once_decide_once(falling: House) -> None:
    run(falling, CROSSING - timedelta(days=1))

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: run(falling, CROSSING, batch=2), range(2)))

    assert sum(report.written for report in reports) == 4
    assert sum(report.started for report in reports) == 1
    assert len(plays(falling, "acme")) == 1


def test_a_past_day_is_scored_as_it_stood_and_changes_nothing_of_the_present(
    falling: House,
) -> None:
    run(falling, CROSSING + timedelta(days=5))

    past = run(falling, FULL - timedelta(days=1))
    middle = run(falling, CROSSING)

    snapshot = stored(falling, "acme", FULL - timedelta(days=1))
    assert snapshot is not None
    assert snapshot.score == Decimal(100)
    assert (past.decided, middle.decided) == (False, False)
    assert middle.transitions == 1
    assert plays(falling, "acme") == ()
    assert answer.portfolio(falling).as_of == CROSSING + timedelta(days=5)


def test_a_fall_that_only_a_correction_brought_to_light_is_told_the_next_day_once(
    falling: House,
) -> None:
    # Given a day on which acme was well, and tickets of that day that come in late.
    eve = CROSSING - timedelta(days=3)
    run(falling, eve)
    late = [
        ("acme", {"id": f"T{n}", "openedAt": noon(eve - timedelta(days=n)).isoformat()})
        for n in range(8)
    ]
    assert list(records.accept_tickets(falling, "api", late, now=morning_after(eve)))

    # When the day is corrected, nobody is alarmed about it.
    corrected = run(falling, eve, decide=False, replace=True)
    snapshot = stored(falling, "acme", eve)
    assert snapshot is not None
    assert (snapshot.band, corrected.started) == ("at-risk", 0)

    # Then acme's standing is told with the next day, and with that day only.
    started = [run(falling, eve + timedelta(days=n)).started for n in (1, 2, 3)]
    assert started == [1, 0, 0]


def test_late_data_corrects_history_and_raises_no_alarm(falling: House) -> None:
    run(falling, CROSSING - timedelta(days=1))
    run(falling, CROSSING, decide=False)
    work(falling, "acme", days(FULL, CROSSING))

    report = run(falling, CROSSING, replace=True)

    snapshot = stored(falling, "acme", CROSSING)
    assert snapshot is not None
    assert (report.written, report.started) == (4, 0)
    assert (snapshot.score, snapshot.band) == (Decimal(100), "healthy")
    assert plays(falling, "acme") == ()


def test_a_day_rescored_by_hand_before_the_daily_job_is_still_decided_on_once(
    falling: House,
) -> None:
    run(falling, CROSSING - timedelta(days=1))
    by_hand = run(falling, CROSSING, decide=False)

    daily = run(falling, CROSSING)
    again = run(falling, CROSSING)

    assert (by_hand.started, by_hand.decided) == (0, False)
    assert (daily.written, daily.started) == (0, 1)
    assert again.started == 0
    assert len(plays(falling, "acme")) == 1


def test_a_range_is_backfilled_oldest_first_and_starts_no_play(falling: House) -> None:
    seen: list[tuple[int, int]] = []

    reports = list(
        rescore_range(
            falling,
            CROSSING - timedelta(days=2),
            CROSSING + timedelta(days=2),
            now=morning_after(CROSSING + timedelta(days=30)),
            progress=lambda done, total: seen.append((done, total)),
        )
    )

    assert [report.transitions for report in reports] == [0, 0, 1, 0, 0]
    assert seen == [(n, 5) for n in range(1, 6)]
    assert plays(falling, "acme") == ()
    assert answer.portfolio(falling).as_of == CROSSING + timedelta(days=2)
