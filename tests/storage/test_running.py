"""What of the plays is due, who has it, and the playbooks they are pinned to."""

from datetime import timedelta
from typing import Any

from storage import outbox, plays, running
from storage.database import Database
from storage.endings import close_plays
from storage.plays import Step
from storage.running import Pinned
from tests import builders
from tests.builders import NOON, noon


def _play(database: Database, key: str = "acme", **given: Any) -> int:
    (customer,) = builders.customers(database, key)
    with database.transaction() as tx:
        opened = builders.a_play(tx, customer, **given)
    assert opened is not None
    return opened.id


def _step(database: Database, play_id: int, name: str = "pause", **given: Any) -> Step:
    fields: dict[str, Any] = {
        "kind": "wait",
        "occurrence": 1,
        "state": "scheduled",
        "due_at": NOON,
        "body": {},
    }
    with database.transaction() as tx:
        return plays.add_step(tx, play_id=play_id, name=name, **fields | given)


def test_a_play_is_due_when_a_step_of_it_is(database: Database) -> None:
    play_id = _play(database)
    soon = _step(database, play_id, due_at=NOON + timedelta(days=2))

    with database.transaction() as tx:
        assert running.due_plays(tx, NOON) == []
        assert running.due_plays(tx, noon(-2)) == [play_id]
        assert [one.id for one in running.due_steps(tx, play_id, noon(-2))] == [soon.id]


def test_a_mail_on_its_way_and_a_thing_to_do_are_not_for_the_engine(database: Database) -> None:
    play_id = _play(database)
    _step(database, play_id, "mail", kind="email")
    _step(database, play_id, "call", kind="task", state="to_do")
    _step(database, play_id, "draft", kind="email", state="waiting_approval")

    with database.transaction() as tx:
        assert running.due_plays(tx, NOON) == []


def test_a_closed_play_and_one_whose_alert_is_held_are_not_due(database: Database) -> None:
    held = _play(database, "acme", root_key="root")
    closed = _play(database, "bolt")
    for play_id in (held, closed):
        _step(database, play_id)
    with database.transaction() as tx:
        outbox.enqueue(tx, [builders.message("root", play_id=held)], now=NOON, held_by="run")
        close_plays(tx, {closed: "over"}, NOON)

    with database.transaction() as tx:
        assert running.due_plays(tx, NOON) == []
        assert running.claim(tx, closed) is None
        outbox.release(tx, "run", NOON, NOON)
        assert running.due_plays(tx, NOON) == [held]


def test_the_first_answer_stands(database: Database) -> None:
    step = _step(database, _play(database), kind="question", state="waiting_answer")

    with database.transaction() as tx:
        first = running.answer(tx, step.id, "waiting_answer", "price", by="Carla", now=NOON)
        second = running.answer(tx, step.id, "waiting_answer", "support", by="Max", now=NOON)
        found = plays.step(tx, step.id)

    assert (first, second) == (True, False)
    assert found is not None
    assert (found.state, found.answer, found.decided_by) == ("done", "price", "Carla")


def test_a_pinned_playbook_stays_as_it_was(database: Database) -> None:
    with database.transaction() as tx:
        running.pin(tx, [Pinned("d1", "quiet@1", {"name": "quiet"})], NOON)
        running.pin(tx, [Pinned("d1", "quiet@1", {"name": "changed"})], NOON)

    with database.reading() as tx:
        assert running.pinned(tx, {"d1", "d2"}) == {"d1": {"name": "quiet"}}


def test_plays_are_counted_by_playbook_since_an_instant(database: Database) -> None:
    _play(database, "acme", opened_at=noon(1))
    _play(database, "bolt")

    with database.reading() as tx:
        assert running.started_since(tx, noon(0), {"churn-risk", "quiet"}) == {"churn-risk": 1}


def test_the_last_touch_is_a_mail_that_left_or_an_alert_somebody_took(database: Database) -> None:
    play_id = _play(database, "acme", opened_at=noon(9))
    (bolt,) = builders.customers(database, "bolt")
    with database.transaction() as tx:
        plays.acknowledge(tx, play_id, "Carla", noon(5))
        mail = builders.message(
            "m", channel="email", customer_id=bolt, recipient="bob@bolt.example"
        )
        outbox.enqueue(tx, [mail], now=noon(3))
        (claimed,) = outbox.claim(tx, NOON, timedelta(minutes=5), 1)
        outbox.settle(tx, claimed.id, "sent", now=noon(2))
        acme = plays.play(tx, play_id)

    with database.reading() as tx:
        assert acme is not None
        found = running.last_touches(tx, [acme.customer_id, bolt])
    assert found == {acme.customer_id: noon(5).date(), bolt: noon(2).date()}
