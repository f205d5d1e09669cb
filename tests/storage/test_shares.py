"""A run dealt out in shares: each is done by one worker, once, whoever is killed meanwhile."""

from datetime import timedelta

from storage.database import Database
from storage.shares import (
    DealtRun,
    Progress,
    Share,
    claim_share,
    deal,
    dealt_run,
    forget_run,
    hold_share,
    progress,
    release_shares,
    settle_share,
    tallies,
)
from tests.builders import NOON, TODAY
from tests.storage.racing import race

LEASE = timedelta(seconds=30)
RUN = DealtRun("rescore/today", TODAY, NOON, {"decide": True})


def dealt(database: Database, *shares: range) -> None:
    with database.transaction() as tx:
        deal(tx, RUN, [("five@1", list(ids)) for ids in shares])


def claimed(database: Database, holder: str = "one", later: timedelta = timedelta(0)) -> Share:
    with database.transaction() as tx:
        found = claim_share(tx, RUN.name, holder, NOON + later, LEASE)
    assert found is not None
    return found


def test_a_run_is_dealt_once_and_read_by_all_as_it_was_dealt(database: Database) -> None:
    dealt(database, range(1, 4))

    with database.transaction() as tx:
        again = deal(tx, RUN, [("five@1", [7])])
        found = dealt_run(tx, RUN.name)
        unknown = dealt_run(tx, "another")

    assert (again, found, unknown) == (False, RUN, None)
    assert claimed(database).customers == (1, 2, 3)


def test_of_many_workers_each_gets_a_share_of_its_own(database: Database) -> None:
    dealt(database, *(range(n, n + 1) for n in range(5)))

    def claim(number: int) -> Share | None:
        with database.transaction() as tx:
            return claim_share(tx, RUN.name, f"worker {number}", NOON, LEASE)

    found = race(claim)

    assert found.count(None) == 1
    assert sorted(one.number for one in found if one) == [0, 1, 2, 3, 4]


def test_a_share_is_claimed_again_when_its_holder_has_not_been_heard_of(
    database: Database,
) -> None:
    dealt(database, range(3))
    lost = claimed(database)

    with database.transaction() as tx:
        early = claim_share(tx, RUN.name, "two", NOON + LEASE / 2, LEASE)
    again = claimed(database, "two", LEASE)

    assert early is None
    assert (again.number, again.claims) == (lost.number, lost.claims + 1)


def test_who_lost_a_share_finds_out_before_writing_anything_down(database: Database) -> None:
    dealt(database, range(3))
    lost = claimed(database)
    again = claimed(database, "two", LEASE)

    with database.transaction() as tx:
        assert hold_share(tx, lost) is None
        settle_share(tx, lost, {"scored": 9}, done=True, until=NOON + LEASE)
    with database.transaction() as tx:
        assert hold_share(tx, again) == {}
        settle_share(tx, again, {"scored": 3}, done=True, until=NOON + LEASE)

    with database.reading() as tx:
        assert tallies(tx, RUN.name) == [{"scored": 3}]


def test_what_a_killed_worker_held_is_given_back_by_whoever_saw_it_die(
    database: Database,
) -> None:
    dealt(database, range(3), range(3, 6))
    lost, kept = claimed(database, "dead"), claimed(database, "alive")

    with database.transaction() as tx:
        release_shares(tx, RUN.name, "dead", NOON)

    assert claimed(database).number == lost.number
    with database.transaction() as tx:
        assert claim_share(tx, RUN.name, "one", NOON, LEASE) is None
        assert hold_share(tx, kept) == {}


def test_a_worker_that_gets_on_with_its_share_keeps_it(database: Database) -> None:
    dealt(database, range(3))
    held = claimed(database)

    with database.transaction() as tx:
        settle_share(tx, held, {"scored": 1}, done=False, until=NOON + 3 * LEASE)

    with database.transaction() as tx:
        assert claim_share(tx, RUN.name, "two", NOON + 2 * LEASE, LEASE) is None


def test_how_far_a_run_is_counts_customers_and_what_is_not_done(database: Database) -> None:
    dealt(database, range(3), range(3, 5))
    held = claimed(database)
    with database.transaction() as tx:
        settle_share(tx, held, {"scored": 2}, done=False, until=NOON + LEASE)
        half = progress(tx, RUN.name)
        assert hold_share(tx, held) == {"scored": 2}
        settle_share(tx, held, {"scored": 3}, done=True, until=NOON + LEASE)

    with database.reading() as tx:
        assert half == Progress(done=0, total=5, open=2)
        assert progress(tx, RUN.name) == Progress(done=3, total=5, open=1)


def test_a_told_run_is_cleared_away_and_so_is_one_that_was_given_up(database: Database) -> None:
    dealt(database, range(3))
    later = DealtRun("rescore/later", TODAY, NOON + timedelta(days=3), {})

    with database.transaction() as tx:
        deal(tx, later, [("five@1", [1])])
        assert dealt_run(tx, RUN.name) is None
        forget_run(tx, later.name)

        assert dealt_run(tx, later.name) is None


def test_a_share_in_a_living_workers_hands_is_skipped_though_its_lease_has_lapsed(
    postgres_url: str,
) -> None:
    database = Database.open(postgres_url)
    dealt(database, range(3))
    slow = claimed(database)

    with database.transaction() as at_work, database.transaction() as other:
        assert hold_share(at_work, slow) == {}
        robbed = claim_share(other, RUN.name, "two", NOON + 2 * LEASE, LEASE)
    database.close()

    assert robbed is None
