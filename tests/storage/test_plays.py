from decimal import Decimal

import pytest

from storage import audit, endings, plays
from storage.database import Database
from storage.errors import AlreadyThere
from storage.keys import add_key, key_by_prefix, keys, revoke_key
from storage.plays import Decision, Step, TransitionRow
from storage.requests import forget_requests, remember_request
from storage.switches import set_switch, switch
from tests import builders
from tests.builders import MODEL, NOON, TODAY, a_play, day, noon
from tests.storage.racing import race


def _step(database: Database, play_id: int, **given: object) -> Step:
    fields = {"name": "outreach", "occurrence": 1, "state": "waiting_approval", "due_at": NOON}
    with database.transaction() as tx:
        return plays.add_step(
            tx,
            play_id=play_id,
            kind="email",
            body={"subject": "Hello"},
            **(fields | given),
        )


def _open(database: Database, customer_id: int, episode: str = "1", **given: object) -> int:
    with database.transaction() as tx:
        play = a_play(tx, customer_id, episode, **given)
    assert play is not None
    return play.id


def test_an_episode_has_one_play_however_many_open_it_at_once(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    def open_it(_: int) -> bool:
        with database.transaction() as tx:
            return a_play(tx, acme) is not None

    assert sorted(race(open_it)) == [False] * 5 + [True]


def test_open_plays_and_last_starts_are_told_by_customer(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    first = _open(database, acme, "1", opened_at=noon(9), band="at-risk")
    second = _open(database, acme, "2", opened_at=noon(5))
    _open(database, bolt, "1", opened_at=noon(1))
    with database.transaction() as tx:
        closed = endings.close_plays(tx, {first: "recovered"}, noon(6))
        again = endings.close_plays(tx, {first: "another"}, NOON)

        open_now = plays.open_plays(tx, [acme])
        starts = plays.last_started(tx, [acme])
        history = [one.id for one in plays.plays_of(tx, acme)]

    assert (closed, again) == ({first}, set())
    assert {who: [one.id for one in found] for who, found in open_now.items()} == {acme: [second]}
    assert [(key, one.at) for key, one in starts.items()] == [((acme, "churn-risk"), noon(5))]
    assert history == [second, first]


def test_a_play_the_brake_threw_away_cools_nothing_down(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    thrown = _open(database, acme)

    with database.transaction() as tx:
        endings.close_plays(tx, {thrown: "Discarded by the operator at the brake."}, NOON)

        assert plays.last_started(tx, [acme]) == {}


def test_the_first_to_acknowledge_wins(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    play_id = _open(database, acme)

    def acknowledge(number: int) -> bool:
        with database.transaction() as tx:
            return plays.acknowledge(tx, play_id, f"member {number}", NOON)

    assert sorted(race(acknowledge)) == [False] * 5 + [True]
    with database.reading() as tx:
        found = plays.play(tx, play_id)
    assert found is not None
    assert found.acknowledged_at == NOON


def test_the_first_click_settles_a_step(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    step = _step(database, _open(database, acme))

    def approve(number: int) -> bool:
        with database.transaction() as tx:
            plays.step(tx, step.id, lock=True)
            return plays.settle_step(
                tx, step.id, "waiting_approval", "done", by=f"m{number}", reason=None, now=NOON
            )

    assert sorted(race(approve)) == [False] * 5 + [True]
    with database.reading() as tx:
        found = plays.step(tx, step.id)
    assert found is not None
    assert (found.state, found.decided_at) == ("done", NOON)


def test_a_play_has_a_step_and_occurrence_once(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    play_id = _open(database, acme)
    _step(database, play_id)

    with pytest.raises(AlreadyThere, match="this step of the play"):
        _step(database, play_id)
    second = _step(database, play_id, occurrence=2)

    with database.reading() as tx:
        assert [one.occurrence for one in plays.steps_of(tx, play_id)] == [1, 2]
    assert second.body == {"subject": "Hello"}


def _transition(customer_id: int, back: int, kind: str = "worsened") -> TransitionRow:
    return TransitionRow(
        customer_id, MODEL, day(back), kind, "healthy", "at-risk", Decimal(80), Decimal(60), NOON
    )


def test_a_transition_is_kept_once_per_customer_model_and_day(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")

    with database.transaction() as tx:
        first = plays.add_transitions(tx, [_transition(acme, 0), _transition(bolt, 0, "baseline")])
        again = plays.add_transitions(tx, [_transition(acme, 0, "improved"), _transition(acme, 3)])
        worse = plays.worsened_on(tx, MODEL, TODAY)
        since = plays.transitions_on(tx, MODEL, day(3), TODAY)

    assert (first, again, worse) == (2, 1, 1)
    assert since == (_transition(acme, 0), _transition(bolt, 0, "baseline"))


def test_a_decision_is_kept_once_with_its_reason(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    skipped = Decision(acme, TODAY, "churn-risk", "skipped", "still cooling down", NOON)

    with database.transaction() as tx:
        new = plays.record_decisions(tx, [skipped])
        again = plays.record_decisions(tx, [skipped])
        found = plays.decisions_of(tx, acme, day(7))

    assert (new, again, found) == (1, 0, (skipped,))


def test_the_latest_snooze_counts(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")

    with database.transaction() as tx:
        plays.snooze(tx, acme, until=noon(-7), by="Anna", now=NOON)
        plays.snooze(tx, acme, until=noon(-1), by="Bob", now=NOON)

        assert plays.snoozed_until(tx, [acme, bolt]) == {acme: noon(-1)}


def test_the_audit_trail_is_newest_first_and_by_subject(database: Database) -> None:
    with database.transaction() as tx:
        audit.append(tx, "anna", "approve", "step/1", {"fingerprint": "ab"}, NOON)
        audit.append(tx, "bob", "pause", "delivery", {}, NOON)

        everything = [(one.actor, one.action) for one in audit.recent(tx)]
        about = [one.details for one in audit.recent(tx, subject="step/1")]

    assert everything == [("bob", "pause"), ("anna", "approve")]
    assert about == [{"fingerprint": "ab"}]


def test_a_key_is_found_by_its_prefix_and_stays_listed_when_revoked(database: Database) -> None:
    with database.transaction() as tx:
        add_key(tx, name="ci", prefix="p1", digest="d", scopes=("write",), now=NOON)
        revoked = revoke_key(tx, "ci", NOON)
        again = revoke_key(tx, "ci", NOON)
        found = key_by_prefix(tx, "p1")

        assert (revoked, again) == (True, False)
        assert found is not None
        assert (found.scopes, found.revoked_at) == (("write",), NOON)
        assert keys(tx) == (found,)
        assert key_by_prefix(tx, "p2") is None


def test_a_taken_name_of_a_key_is_told_in_words(database: Database) -> None:
    with pytest.raises(AlreadyThere, match="an API key of this name"):
        _add_the_key_twice(database)


def _add_the_key_twice(database: Database) -> None:
    for prefix in ("p1", "p2"):
        with database.transaction() as tx:
            add_key(tx, name="ci", prefix=prefix, digest="d", scopes=(), now=NOON)


def test_a_switch_says_who_turned_it_last(database: Database) -> None:
    with database.transaction() as tx:
        assert switch(tx, "pause") is None
        set_switch(tx, "pause", "on", "anna", noon(1))
        set_switch(tx, "pause", "off", "bob", NOON)
        found = switch(tx, "pause")

    assert found is not None
    assert (found.value, found.by, found.at) == ("off", "bob", NOON)


def test_a_request_is_new_once_however_many_ask_until_it_is_forgotten(database: Database) -> None:
    def remember(_: int) -> bool:
        with database.transaction() as tx:
            return remember_request(tx, "digest", NOON)

    assert sorted(race(remember)) == [False] * 5 + [True]
    with database.transaction() as tx:
        assert forget_requests(tx, NOON) == 0
        assert forget_requests(tx, noon(-1)) == 1
        assert remember_request(tx, "digest", NOON)
