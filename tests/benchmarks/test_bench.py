"""The benchmark compares ways that answer the same, and tells what it measured."""

from contextlib import closing

from benchmarks.bench import RATIOS, WAYS, _report
from benchmarks.measure import MEASUREMENTS, OUTSIDE, daily_job, orm
from benchmarks.world import fill, house
from storage.database import Database


def test_both_ways_of_scoring_come_to_the_same_scores(database_url: str) -> None:
    fill(database_url, 70)

    with closing(Database.open(database_url)) as database:
        ours = daily_job(house(database))
        theirs = orm(house(database))

    assert ours["checksum"] == theirs["checksum"]
    assert ours["customers"] == 70
    assert theirs["statements"] > ours["statements"]


def test_every_way_can_be_measured_and_is_reported() -> None:
    one = {"seconds": 2.0, "own_seconds": 1.0, "started": 3,
           "statements": 9, "peak_mb": 80, "events": 1000, "p99": 3.0, "p50": 1.0,
           "lost": 0}  # fmt: skip
    found = {"SQLite": {way: [one] for way in WAYS}}

    report = _report(found, 2_000)

    assert set(WAYS) == MEASUREMENTS.keys() | OUTSIDE.keys()
    assert all(ratio.words in report for ratio in RATIOS)
    assert "| 500 |" in report
