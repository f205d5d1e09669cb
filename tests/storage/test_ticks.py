from datetime import timedelta

from storage.database import Database
from storage.ticks import (
    claim_tick,
    extend_tick,
    finish_tick,
    last_tick,
    progress,
    release_tick,
    save_progress,
)
from tests.builders import NOON, noon
from tests.storage.racing import race

LEASE = timedelta(minutes=5)
JOB = "rescore"


def test_of_many_processes_one_runs_a_tick(database: Database) -> None:
    def claim(_: int) -> bool:
        with database.transaction() as tx:
            return claim_tick(tx, JOB, NOON, NOON, LEASE)

    assert sorted(race(claim)) == [False] * 5 + [True]


def test_of_many_processes_one_takes_over_from_a_holder_that_is_gone(database: Database) -> None:
    with database.transaction() as tx:
        claim_tick(tx, JOB, NOON, NOON, LEASE)

    def claim(_: int) -> bool:
        with database.transaction() as tx:
            return claim_tick(tx, JOB, NOON, NOON + LEASE, LEASE)

    assert sorted(race(claim)) == [False] * 5 + [True]


def test_a_living_holder_keeps_its_tick_as_long_as_it_extends_it(database: Database) -> None:
    late = NOON + LEASE
    with database.transaction() as tx:
        claim_tick(tx, JOB, NOON, NOON, LEASE)
        extended = extend_tick(tx, JOB, NOON, NOON + LEASE / 2, LEASE)

        assert extended
        assert not claim_tick(tx, JOB, NOON, late, LEASE)
        assert claim_tick(tx, JOB, NOON, late + LEASE, LEASE)


def test_a_finished_tick_is_never_run_again_even_with_the_clock_set_back(
    database: Database,
) -> None:
    with database.transaction() as tx:
        claim_tick(tx, JOB, NOON, NOON, LEASE)
        finished = finish_tick(tx, JOB, NOON, NOON, {"scored": 80})
        again = finish_tick(tx, JOB, NOON, NOON)

        assert (finished, again) == (True, False)
        assert not claim_tick(tx, JOB, NOON, noon(9), LEASE)
        assert not claim_tick(tx, JOB, NOON, noon(-9), LEASE)
        assert not extend_tick(tx, JOB, NOON, NOON, LEASE)


def test_the_last_tick_is_the_newest_finished_one_of_the_job(database: Database) -> None:
    with database.transaction() as tx:
        assert last_tick(tx, JOB) is None
        for back in (2, 3, 1):
            claim_tick(tx, JOB, noon(back), NOON, LEASE)
        finish_tick(tx, JOB, noon(3), NOON)
        finish_tick(tx, JOB, noon(2), NOON)

        assert last_tick(tx, JOB) == noon(2)
        assert last_tick(tx, "digest") is None


def test_a_tick_given_back_is_anybodys_at_once_and_its_progress_stays(database: Database) -> None:
    with database.transaction() as tx:
        claim_tick(tx, JOB, NOON, NOON, LEASE)
        save_progress(tx, JOB, NOON, 4711)
        release_tick(tx, JOB, NOON, NOON)

        assert claim_tick(tx, JOB, NOON, NOON, LEASE)
        assert progress(tx, JOB, NOON) == 4711
        assert progress(tx, JOB, noon(1)) is None
