"""The benchmark compares ways that answer the same, and tells what it measured."""

from contextlib import closing

import pytest

from benchmarks.bench import EVES, GROUPS, OLD, WAYS, broken
from benchmarks.eve import forget
from benchmarks.measure import BEFORE, LONGER, MEASUREMENTS, OUTSIDE, daily_job, orm
from benchmarks.report import LINES, RATIOS, report
from benchmarks.world import fill, house
from storage.database import Database


def test_every_run_begins_from_one_eve_and_both_ways_come_to_the_same_scores(
    database_url: str,
) -> None:
    fill(database_url, 70)

    with closing(Database.open(database_url)) as database:
        first, again = (daily_job(house(database)) for _ in range(2))
        theirs = orm(house(database))
    forget(database_url)

    told = ("customers", "started", "transitions", "checksum")
    assert [first[one] for one in told] == [again[one] for one in told]
    assert again["checksum"] == theirs["checksum"]
    assert again["customers"] == 70
    assert theirs["statements"] > again["statements"]


def test_every_way_can_be_measured_and_is_reported() -> None:
    one = {"seconds": 2.0, "own_seconds": 1.0, "server_seconds": 1.0, "started": 3,
           "statements": 9, "peak_mb": 80, "events": 1000, "p99": 3.0, "p50": 1.0,
           "lost": 0, "astray": 0, "counted": 5, "scored": 6, "checksum": "a"}  # fmt: skip
    found = {"SQLite": {way: [one] for way in WAYS}}

    told = report(found, 2_000)

    assert {OLD.get(way, way) for way in WAYS} == MEASUREMENTS.keys() | OUTSIDE.keys()
    assert EVES.keys() | LONGER.keys() <= set(WAYS)
    assert set(EVES.values()) == BEFORE.keys()
    assert {line.way for line in LINES} <= set(WAYS)
    assert sum(len(group) for group in GROUPS) == len(set(WAYS))
    assert all(line.words in told for line in (*RATIOS, *LINES))
    assert "| 500 |" in told
    assert list(broken("SQLite", found["SQLite"])) == []


@pytest.mark.parametrize(
    ("way", "figure", "value", "words"),
    [
        ("http-all", "lost", 1, "lost"),
        ("http", "astray", 1, "counted wrongly"),
        ("job", "peak_mb", 301, "300 MB"),
        ("job", "statements", 10, "more statements"),
        ("work-old", "counted", 6, "two years"),
    ],
)
def test_what_may_never_be_fails_the_benchmark_and_times_do_not(
    way: str, figure: str, value: int, words: str
) -> None:
    one = {"seconds": 1e9, "statements": 9, "peak_mb": 300, "lost": 0, "astray": 0, "counted": 5}
    runs = {each: [one, one] for each in WAYS}
    runs[way] = [one | {figure: value}, one | {figure: value} if way != "job" else one]

    (fault,) = broken("SQLite", runs)

    assert words in fault
