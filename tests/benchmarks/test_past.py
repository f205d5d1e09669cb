"""The benchmark of the past looks at a whole year, on either database."""

from contextlib import closing

import pytest

from benchmarks.past import DAYS, LOOKS, looked_back, report, tried
from benchmarks.world import fill, house
from storage.database import Database


@pytest.mark.slow
def test_a_year_is_looked_back_on_and_a_model_tried_on_everybody(database_url: str) -> None:
    fill(database_url, 15, DAYS, raw=False)

    with closing(Database.open(database_url)) as database:
        past = looked_back(house(database))
        another = tried(house(database))

    assert another["customers"] == 15
    assert 0 < past["cases"] <= 15 * LOOKS


def test_ratios_are_of_medians() -> None:
    times = {"job": [1.0, 9.0, 2.0], "try": [1.0, 1.0, 1.0], "backtest": [52.0, 26.0, 78.0]}
    found = {
        way: [{"seconds": one, "cases": 7, "fired": 3, "peak_mb": 80} for one in runs]
        for way, runs in times.items()
    }

    told = report(found, 15)

    assert "52 daily jobs | 0.5 |" in told
    assert "the daily job | 0.5 |" in told
    assert "all playbooks" not in told
