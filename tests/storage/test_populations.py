from storage.database import Database
from storage.populations import keep_population, newest_population
from tests.builders import TODAY, day

RECORD = {"presence": {"": [["1/3", 2], ["7", 5]], "smb ä": [["7", 1]]}}


def test_a_population_comes_back_as_it_went_in(database: Database) -> None:
    with database.transaction() as tx:
        keep_population(tx, "adaptive", 1, day(2), RECORD)
        found = newest_population(tx, "adaptive", 1, day(7), TODAY)

    assert found == (day(2), RECORD)


def test_the_newest_of_the_days_asked_for_is_taken(database: Database) -> None:
    with database.transaction() as tx:
        for back in (9, 3, 1):
            keep_population(tx, "adaptive", 1, day(back), {"back": back})

        assert newest_population(tx, "adaptive", 1, day(7), day(2)) == (day(3), {"back": 3})
        assert newest_population(tx, "adaptive", 1, day(8), day(4)) is None


def test_each_version_of_a_model_has_its_own(database: Database) -> None:
    with database.transaction() as tx:
        keep_population(tx, "adaptive", 1, TODAY, RECORD)

        assert newest_population(tx, "adaptive", 2, TODAY, TODAY) is None
        assert newest_population(tx, "other", 1, TODAY, TODAY) is None


def test_a_day_done_again_replaces_what_was_kept(database: Database) -> None:
    with database.transaction() as tx:
        keep_population(tx, "adaptive", 1, TODAY, {"first": 1})
        keep_population(tx, "adaptive", 1, TODAY, RECORD)

        assert newest_population(tx, "adaptive", 1, TODAY, TODAY) == (TODAY, RECORD)
