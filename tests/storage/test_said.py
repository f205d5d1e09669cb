"""What people said of a score is kept, ended, and found again for any day."""

from datetime import date, timedelta
from decimal import Decimal

from storage import said
from storage.database import Database, Transaction
from storage.revisions import revisions_of
from storage.said import OverrideRow
from storage.snapshots import add_snapshots, snapshots_on
from tests.builders import MODEL, NOON, TODAY, customers, day, snapshot


def say(tx: Transaction, acme: int, since: date, until: date, value: int = 60) -> OverrideRow:
    return said.add_override(
        tx,
        acme,
        kind="set",
        value=Decimal(value),
        reason="They renewed by phone",
        author="Carla",
        author_email="carla@ours.example",
        since=since,
        until=until,
        now=NOON,
    )


def test_an_override_holds_for_its_days_and_no_others(database: Database) -> None:
    (acme,) = customers(database, "acme")
    with database.transaction() as tx:
        say(tx, acme, day(5), day(2))

    with database.reading() as tx:
        found = {back: acme in said.overrides_on(tx, [acme], day(back)) for back in range(1, 7)}

    assert found == {6: False, 5: True, 4: True, 3: True, 2: True, 1: False}


def test_an_override_withdrawn_still_held_for_the_days_before(database: Database) -> None:
    (acme,) = customers(database, "acme")
    with database.transaction() as tx:
        say(tx, acme, day(5), TODAY)
        ended = said.withdraw_overrides(tx, acme, day(3), "Ben")

    with database.reading() as tx:
        before = said.overrides_on(tx, [acme], day(4))
        since = said.overrides_on(tx, [acme], day(3))
        (kept,) = said.overrides_of(tx, acme)

    assert ended == 1
    assert before[acme].value == Decimal("60.00")
    assert since == {}
    assert (kept.withdrawn_on, kept.withdrawn_by) == (day(3), "Ben")
    assert kept.holds_on(day(4))
    assert not kept.holds_on(day(3))


def test_what_ran_out_is_untold_until_it_is_told(database: Database) -> None:
    (acme,) = customers(database, "acme")
    with database.transaction() as tx:
        say(tx, acme, day(9), day(5))
        say(tx, acme, day(4), TODAY)

    with database.transaction() as tx:
        ended = said.untold_overrides(tx, TODAY)
        said.mark_told(tx, ended, NOON)
        again = said.untold_overrides(tx, TODAY)

    assert [one.until for one in ended] == [day(5)]
    assert again == ()


def test_the_newest_pulse_stands_until_its_day(database: Database) -> None:
    (acme,) = customers(database, "acme")
    with database.transaction() as tx:
        moods: tuple[said.Mood, ...] = ("good", "worried")
        for mood in moods:
            said.add_pulse(
                tx,
                acme,
                mood=mood,
                note="Their champion left",
                author="Carla",
                author_email=None,
                until=TODAY,
                now=NOON,
            )

    with database.reading() as tx:
        now = said.pulse_of(tx, acme, TODAY)
        later = said.pulse_of(tx, acme, TODAY + timedelta(days=1))
        ended = said.untold_pulses(tx, TODAY + timedelta(days=1))

    assert now is not None
    assert (now.mood, later) == ("worried", None)
    assert [one.mood for one in ended] == ["worried"]


def test_a_correction_keeps_what_stood_there_before(database: Database) -> None:
    (acme,) = customers(database, "acme")
    with database.transaction() as tx:
        add_snapshots(tx, [snapshot(acme)])
        for score in ("61.00", "61.00", "55.00"):
            add_snapshots(tx, [snapshot(acme, score=Decimal(score))], replace=True)

    with database.reading() as tx:
        kept = revisions_of(tx, acme, MODEL)
        stands = snapshots_on(tx, [acme], MODEL, [TODAY])[acme, TODAY]

    assert [(one.revision, one.score) for one in kept] == [
        (1, Decimal("72.00")),
        (2, Decimal("61.00")),
    ]
    assert stands.score == Decimal("55.00")
