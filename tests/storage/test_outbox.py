import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import outbox
from storage.database import Database
from storage.endings import cancel_messages
from storage.outbox import Message
from tests import builders
from tests.builders import NOON, a_play, message
from tests.storage.racing import race

LEASE = timedelta(minutes=2)
LATER = NOON + LEASE


def _enqueue(database: Database, *messages: Any, held_by: str | None = None) -> int:
    with database.transaction() as tx:
        return outbox.enqueue(tx, messages, now=NOON, held_by=held_by)


def _claim(database: Database, now: Any = NOON, limit: int = 100, **given: Any) -> list[Message]:
    with database.transaction() as tx:
        return list(outbox.claim(tx, now, LEASE, limit, **given))


def _settle(database: Database, one: Message, state: Any, **given: Any) -> bool:
    with database.transaction() as tx:
        return outbox.settle(tx, one.id, state, now=NOON, **given)


def _states(database: Database) -> dict[str, str]:
    with database.reading() as tx:
        found = [outbox.message_by_key(tx, key) for key in "abcdefgh"]
    return {one.key: one.state for one in found if one}


def test_a_key_is_one_intent_for_ever(database: Database) -> None:
    first = _enqueue(database, message("a"), message("b"))
    (one, _) = _claim(database)
    _settle(database, one, "sent", reference={"ts": "1"})

    again = _enqueue(database, message("a", body={"other": "words"}), message("c"))

    assert (first, again) == (2, 1)
    with database.reading() as tx:
        kept = outbox.message_by_key(tx, "a")
    assert kept is not None
    assert (kept.state, kept.body, kept.reference) == ("sent", {"view": "alert"}, {"ts": "1"})


def test_no_two_of_many_claimers_get_the_same_message(database: Database) -> None:
    _enqueue(database, *(message(f"m{n}", recipient=f"#{n}") for n in range(120)))

    def work(_: int) -> list[str]:
        taken: list[str] = []
        while batch := _claim(database, limit=7):
            taken += [one.key for one in batch]
        return taken

    claimed = [key for keys in race(work) for key in keys]

    assert len(claimed) == len(set(claimed)) == 120


def test_a_claimed_message_is_nobody_elses_until_its_lease_lapses(database: Database) -> None:
    _enqueue(database, message("a"))

    (first,) = _claim(database)

    assert (first.state, first.attempts, first.lease_until) == ("sending", 1, LATER)
    assert _claim(database, LATER - timedelta(seconds=1)) == []
    assert [one.attempts for one in _claim(database, LATER)] == [2]


def test_a_mail_whose_sender_is_gone_is_unknown_and_never_sent_again(database: Database) -> None:
    _enqueue(database, message("a", channel="email", recipient="chris@acme.example"))
    _claim(database)

    with database.transaction() as tx:
        doubtful = outbox.lapse(tx, LATER)
    rest = _claim(database, LATER + 1000 * LEASE)

    assert [one.key for one in doubtful] == ["a"]
    assert rest == []
    assert _states(database) == {"a": "unknown"}


def test_what_is_due_later_waits_and_the_longest_due_goes_first(database: Database) -> None:
    _enqueue(
        database,
        message("a", due_at=NOON + timedelta(minutes=2)),
        message("b", due_at=NOON + timedelta(minutes=1)),
        message("c", due_at=NOON + timedelta(hours=1)),
    )
    with database.reading() as tx:
        soonest = outbox.next_ready(tx)
        now, soon = (outbox.pending_exists(tx, at) for at in (NOON, LATER))

    assert soonest == NOON + timedelta(minutes=1)
    assert (now, soon) == (False, True)
    assert _claim(database) == []
    assert [one.key for one in _claim(database, LATER)] == ["b", "a"]


def test_channels_can_be_claimed_apart(database: Database) -> None:
    _enqueue(database, message("a"), message("b", channel="email"), message("c"))

    mails = _claim(database, channels=("email",))
    nothing = _claim(database, channels=())
    rest = _claim(database)

    assert [one.key for one in mails] == ["b"]
    assert nothing == []
    assert [one.key for one in rest] == ["a", "c"]


def test_replies_and_updates_wait_until_what_they_hang_on_is_sent(database: Database) -> None:
    _enqueue(
        database,
        message("b", verb="reply", root_key="a"),
        message("c", verb="update", root_key="a"),
        message("a"),
    )

    (root,) = _claim(database)
    waiting = _claim(database)
    _settle(database, root, "sent", reference={"ts": "1"})

    assert (root.key, waiting) == ("a", [])
    assert [one.key for one in _claim(database)] == ["b", "c"]


@pytest.mark.parametrize("end", ["failed", "cancelled", "unknown"])
def test_what_hangs_on_a_message_that_is_never_sent_is_cancelled(
    database: Database, end: str
) -> None:
    _enqueue(database, message("a"), message("b", verb="reply", root_key="a"))
    (root,) = _claim(database)
    _settle(database, root, end)

    nothing = _claim(database)

    assert nothing == []
    assert _states(database) == {"a": end, "b": "cancelled"}


def test_what_hangs_on_nothing_is_cancelled(database: Database) -> None:
    _enqueue(database, message("a", verb="reply", root_key="never written"))

    _claim(database)

    assert _states(database) == {"a": "cancelled"}


def test_a_retry_waits_for_its_time(database: Database) -> None:
    _enqueue(database, message("a"))
    (one,) = _claim(database)

    _settle(database, one, "pending", retry_at=LATER, error="ratelimited")

    assert _claim(database) == []
    assert [(again.attempts, again.error) for again in _claim(database, LATER)] == [
        (2, "ratelimited")
    ]


def test_giving_back_counts_no_attempt_and_redirecting_does(database: Database) -> None:
    _enqueue(database, message("a"), message("b"))
    first, second = _claim(database)

    with database.transaction() as tx:
        given_back = outbox.give_back(tx, [first.id, 999], NOON)
        redirected = outbox.redirect(tx, second.id, "#fallback", NOON)
        too_late = outbox.redirect(tx, second.id, "#elsewhere", NOON)

    assert (given_back, redirected, too_late) == (1, True, False)
    assert [(one.attempts, one.recipient) for one in _claim(database)] == [
        (1, "#alerts"),
        (2, "#fallback"),
    ]


def test_a_sender_thought_lost_cannot_undo_the_claim_of_its_successor(database: Database) -> None:
    _enqueue(database, message("a"))
    (lost,) = _claim(database)
    (successor,) = _claim(database, LATER)

    undone = _settle(database, lost, "pending", attempt=lost.attempts)
    settled = _settle(database, successor, "sent", attempt=successor.attempts)

    assert (undone, settled) == (False, True)
    assert _states(database) == {"a": "sent"}


def test_a_sender_thought_lost_may_still_say_that_its_mail_was_sent(database: Database) -> None:
    _enqueue(database, message("a", channel="email"))
    (lost,) = _claim(database)
    _claim(database, LATER)

    again = _settle(database, lost, "pending")
    truth = _settle(database, lost, "sent", reference={"message_id": "<1@x>"})

    assert (again, truth) == (False, True)
    assert _states(database) == {"a": "sent"}


def test_a_sent_message_is_settled_for_good(database: Database) -> None:
    _enqueue(database, message("a"))
    (one,) = _claim(database)
    _settle(database, one, "sent")

    assert not _settle(database, one, "failed")
    assert not _settle(database, one, "pending")
    assert _states(database) == {"a": "sent"}


def test_held_messages_leave_when_released_and_are_fresh_then(database: Database) -> None:
    _enqueue(database, message("a"), message("b"), held_by="daily:1")
    _enqueue(database, message("c"), held_by="daily:2")
    with database.transaction() as tx:
        count, held = outbox.held_count(tx, "daily:1"), outbox.held(tx, "daily:1")
    before = _claim(database)

    with database.transaction() as tx:
        released = outbox.release(tx, "daily:1", LATER, LATER + LEASE)
        again = outbox.release(tx, "daily:1", LATER, LATER + LEASE)
        discarded = outbox.discard(tx, "daily:2", "thrown away", LATER)

    assert (count, [one.key for one in held], before) == (2, ["a", "b"], [])
    assert (released, again, discarded) == (2, 0, 1)
    assert [(one.key, one.expires_at) for one in _claim(database, LATER)] == [
        ("a", LATER + LEASE),
        ("b", LATER + LEASE),
    ]
    assert _states(database)["c"] == "cancelled"


def test_closing_a_play_cancels_what_of_it_is_not_out_yet(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    with database.transaction() as tx:
        play = a_play(tx, acme)
        assert play is not None
    _enqueue(database, message("a", play_id=play.id, customer_id=acme))
    _claim(database)
    _enqueue(database, message("b", play_id=play.id, customer_id=acme), message("c"))
    _enqueue(database, message("d", play_id=play.id, customer_id=acme), held_by="daily:1")

    with database.transaction() as tx:
        cancelled = cancel_messages(tx, {play.id: "recovered"}, NOON)
        about = [one.key for one in outbox.messages_of(tx, acme)]

    assert cancelled == 2
    assert about == ["d", "b", "a"]
    assert _states(database) == {"a": "sending", "b": "cancelled", "c": "pending", "d": "cancelled"}


def test_attempts_are_kept_and_states_counted(database: Database) -> None:
    _enqueue(database, message("a"), message("b"))
    (one,) = _claim(database, limit=1)

    with database.transaction() as tx:
        outbox.record_delivery(tx, one.id, one.attempts, "retried", NOON, error="ratelimited")
        outbox.record_delivery(tx, one.id, one.attempts, "sent", NOON)
        found = outbox.counts(tx)

    assert found == {"sending": 1, "pending": 1}


numbers = itertools.count()


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    acts=st.lists(
        st.sampled_from(["claim", "send", "retry", "die", "enqueue", "hold", "release"]),
        max_size=25,
    )
)
def test_whatever_happens_a_mail_is_sent_at_most_once_and_none_is_lost(
    database: Database, acts: list[str]
) -> None:
    run, now = next(numbers), NOON
    sent: list[str] = []
    keys = [f"{run}/{n}" for n in range(3)]
    holding: list[Message] = []
    for act in acts:
        match act:
            case "enqueue":
                _enqueue(database, *(message(key, channel="email") for key in keys))
            case "hold":
                rows = [message(key, channel="email") for key in keys]
                _enqueue(database, *rows, held_by=str(run))
            case "release":
                with database.transaction() as tx:
                    outbox.release(tx, str(run), now, now + LEASE)
            case "claim":
                holding += _claim(database, now, 2)
            case "send" if holding:
                one = holding.pop()
                sent.append(one.key)
                _settle(database, one, "sent")
            case "retry" if holding:
                _settle(database, holding.pop(), "pending", retry_at=now)
            case "die":
                holding.clear()
                now += LEASE
                with database.transaction() as tx:
                    outbox.lapse(tx, now)

    with database.reading() as tx:
        states = [kept.state for key in keys if (kept := outbox.message_by_key(tx, key))]
    _claim(database, now + LEASE)
    with database.transaction() as tx:
        outbox.lapse(tx, now + 3 * LEASE)

    assert len(sent) == len(set(sent))
    assert states.count("sent") == len(sent)
    assert len(states) == (3 if {"enqueue", "hold"} & set(acts) else 0)
