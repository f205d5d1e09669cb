"""What a day is compared with, and whom the daily job leaves out (rules 3-6)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from service.ports import House
from storage.snapshots import add_snapshots
from tests.service.daily import (
    BEGIN,
    CROSSING,
    FULL,
    customers,
    days,
    noon,
    plays,
    run,
    stored,
    work,
)


def test_a_customer_that_comes_back_begins_with_a_silent_baseline(falling: House) -> None:
    run(falling, FULL)
    customers(falling, "acme", status="paused", now=noon(FULL + timedelta(days=1)))
    away = run(falling, FULL + timedelta(days=1))
    customers(falling, "acme", status="active", now=noon(CROSSING))

    back = run(falling, CROSSING)
    next_day = run(falling, CROSSING + timedelta(days=1))

    assert away.scored == 3
    assert (back.scored, back.baselines, back.transitions, back.started) == (4, 1, 0, 0)
    assert (next_day.baselines, next_day.started) == (0, 0)


def test_another_version_of_the_model_is_a_silent_baseline_and_tells_who_moved(
    falling: House,
) -> None:
    run(falling, FULL)
    bands = falling.model.bands
    harder = (bands[0].model_copy(update={"at_least": Decimal(99)}), *bands[1:])
    changed = falling.model.model_copy(update={"version": 2, "bands": harder})
    house = replace(falling, model=changed)

    report = run(house, FULL + timedelta(days=3))

    assert (report.baselines, report.transitions, report.started) == (4, 0, 0)
    assert report.rebanded == ()
    crossed = run(house, CROSSING)
    assert crossed.transitions == 1


def test_a_customer_moved_by_the_model_alone_is_named(falling: House) -> None:
    run(falling, CROSSING - timedelta(days=1))
    bands = falling.model.bands
    harder = (bands[0].model_copy(update={"at_least": Decimal(90)}), *bands[1:])
    house = replace(falling, model=falling.model.model_copy(update={"version": 2, "bands": harder}))

    report = run(house, CROSSING)

    assert report.rebanded == (("acme", "healthy", "at-risk"),)
    assert (report.transitions, report.started) == (0, 0)
    snapshot = stored(house, "acme", CROSSING)
    assert snapshot is not None
    assert (snapshot.trend, snapshot.change_7, snapshot.change_30) == ("stable", None, None)


def test_a_customer_whose_data_breaks_the_calculation_is_reported_and_all_others_finish(
    falling: House,
) -> None:
    run(falling, CROSSING - timedelta(days=1))
    week_ago = CROSSING - timedelta(days=7)
    whole = stored(falling, "acme", CROSSING - timedelta(days=1))
    assert whole is not None
    with falling.database.transaction() as tx:
        add_snapshots(tx, [replace(whole, as_of=week_ago, record={"factors": "broken"})])

    report = run(falling, CROSSING)

    ((key, reason),) = report.failures
    assert key == "acme"
    assert reason
    assert report.written == 3
    assert stored(falling, "acme", CROSSING) is None
    assert plays(falling, "acme") == ()


def test_who_is_not_active_or_not_yet_a_customer_is_not_scored(falling: House) -> None:
    customers(falling, "paused", status="paused")
    customers(falling, "gone", status="churned")
    customers(falling, "later", createdOn=(FULL + timedelta(days=1)).isoformat())

    report = run(falling, FULL)

    assert report.scored == 4
    assert stored(falling, "later", FULL) is None


def test_a_feed_that_stops_for_everybody_alarms_nobody(house: House) -> None:
    keys = ["acme", "globex", "initech", "umbrella"]
    customers(house, *keys)
    for key in keys:
        work(house, key, days(BEGIN, FULL))

    reports = [run(house, day) for day in days(FULL, FULL + timedelta(days=40))[::4]]

    assert sum(report.transitions for report in reports) == 0
    assert sum(report.started for report in reports) == 0


def test_a_band_is_left_upwards_only_past_the_hysteresis(house: House) -> None:
    customers(house, "acme", "globex")
    work(house, "globex", days(BEGIN, FULL + timedelta(days=40)))
    work(house, "acme", days(FULL - timedelta(days=8), FULL + timedelta(days=40)))

    bands = {}
    for day in days(FULL, FULL + timedelta(days=5)):
        run(house, day)
        snapshot = stored(house, "acme", day)
        assert snapshot is not None
        bands[snapshot.score] = snapshot.band

    # Nine logins are 45 of 100, with all features 72.50; each day adds one login, 2.5 points.
    assert bands == {
        Decimal("72.50"): "at-risk",
        Decimal("75.00"): "at-risk",
        Decimal("77.50"): "at-risk",
        Decimal("80.00"): "healthy",
        Decimal("82.50"): "healthy",
        Decimal("85.00"): "healthy",
    }


def test_change_and_trend_are_measured_against_stored_scores(falling: House) -> None:
    for day in (FULL, FULL + timedelta(days=13), FULL + timedelta(days=20)):
        run(falling, day)

    snapshot = stored(falling, "acme", FULL + timedelta(days=20))
    first = stored(falling, "acme", FULL)
    assert snapshot is not None
    assert first is not None
    # Seven logins fewer than a week ago: 35 of 100, half of the weight that is known.
    assert snapshot.change_7 == Decimal("-17.50")
    assert snapshot.trend == "declining"
    assert (first.change_7, first.change_30) == (None, None)


def test_a_customer_that_flaps_around_a_threshold_is_told_once(house: House) -> None:
    customers(house, "acme", "globex")
    work(house, "globex", days(BEGIN, BEGIN + timedelta(days=60)))
    # Ten logins on even days, a month later ten on odd days: in between, the logins of the last
    # thirty days are nine on one day and ten on the next, 72.50 and 75.00 points.
    work(house, "acme", [BEGIN + timedelta(days=n) for n in range(0, 20, 2)])
    work(house, "acme", [BEGIN + timedelta(days=n) for n in range(31, 51, 2)])

    flapping = days(BEGIN + timedelta(days=29), BEGIN + timedelta(days=49))
    reports = [run(house, day) for day in flapping]

    scores = [snapshot.score for day in flapping if (snapshot := stored(house, "acme", day))]
    assert scores[:4] == [Decimal(75), Decimal("72.50"), Decimal(75), Decimal("72.50")]
    assert set(scores) == {Decimal(75), Decimal("72.50")}
    assert sum(report.transitions for report in reports) == 1
    assert sum(report.started for report in reports) == 1
