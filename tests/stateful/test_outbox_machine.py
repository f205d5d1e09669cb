"""Rules 9 and 11 by machine: the outbox does what a dictionary would, whatever is done to it.

The dictionary is a second telling of the outbox in thirty lines. Messages are enqueued, held,
released, claimed, sent, refused, given back and forgotten by senders that die, in any order, and
after each step the table must say what the dictionary says.
"""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    invariant,
    multiple,
    rule,
)
from sqlalchemy import delete, select

from storage import outbox
from storage.database import Database
from storage.outbox import DEAD, EMAIL, Message
from storage.tables_acts import delivery
from storage.tables_acts import message as messages
from tests.builders import NOON, message
from tests.stateful.steps import Counted, take

LEASE = timedelta(minutes=5)
KEYS = st.sampled_from("abcdefgh")
RUNS = st.sampled_from(["daily:1", "daily:2"])
CHANNELS = st.sampled_from(["slack", EMAIL])


@dataclass
class Known:
    """What the dictionary knows of a message."""

    key: str
    channel: str
    root: str | None
    state: str
    ready_at: object = NOON
    lease_until: object = NOON
    attempts: int = 0
    held_by: str | None = None


class Outbox(Counted):
    """The table and the dictionary, step by step."""

    database: Database
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.known: dict[str, Known] = {}
        self.left: list[str] = []
        with self.database.transaction() as tx:
            tx.execute(delete(delivery))
            tx.execute(delete(messages))

    @rule(key=KEYS, channel=CHANNELS, root=st.none() | KEYS, held=st.none() | RUNS)
    def enqueue(self, key: str, channel: str, root: str | None, held: str | None) -> None:
        root = None if root == key or channel == EMAIL else root
        new = message(key, channel=channel, root_key=root, due_at=self.now)
        with self.database.transaction() as tx:
            added = outbox.enqueue(tx, [new], now=self.now, held_by=held)
        assert added == int(key not in self.known)
        state = "pending" if held is None else "held"
        one = Known(key, channel, root, state, ready_at=self.now, held_by=held)
        self.known.setdefault(key, one)

    @rule(run=RUNS)
    def release(self, run: str) -> None:
        with self.database.transaction() as tx:
            released = outbox.release(tx, run, self.now, self.now + LEASE)
        mine = self._held(run)
        assert released == len(mine)
        for one in mine:
            one.state, one.ready_at = "pending", self.now

    @rule(run=RUNS)
    def discard(self, run: str) -> None:
        with self.database.transaction() as tx:
            discarded = outbox.discard(tx, run, "thrown away", self.now)
        mine = self._held(run)
        assert discarded == len(mine)
        for one in mine:
            one.state = "cancelled"

    @rule(target=claims, limit=st.integers(1, 3), channel=st.none() | CHANNELS)
    def claim(self, limit: int, channel: str | None) -> object:
        chosen = None if channel is None else (channel,)
        with self.database.transaction() as tx:
            taken = outbox.claim(tx, self.now, LEASE, limit, chosen)
        self._lapse()
        self._orphans()
        ready = {one.key for one in self._ready(channel)}
        assert {one.key for one in taken} <= ready
        assert len(taken) == min(limit, len(ready))
        for one in taken:
            mine = self.known[one.key]
            mine.state, mine.lease_until = "sending", self.now + LEASE
            mine.attempts += 1
        return multiple(*taken)

    @rule(one=consumes(claims), outcome=st.sampled_from(["sent", "failed", "pending", "unknown"]))
    def settle(self, one: Message, outcome: str) -> None:
        """Let a sender, perhaps long thought dead, report; a mail it says it sent did leave."""
        if outcome == "sent":
            self.left.append(one.key)
        with self.database.transaction() as tx:
            settled = outbox.settle(
                tx,
                one.id,
                outcome,  # type: ignore[arg-type] # one of the states above
                now=self.now,
                retry_at=self.now + LEASE,
                attempt=one.attempts,
            )
        mine = self.known[one.key]
        holding = mine.attempts == one.attempts and mine.state == "sending"
        late = outcome in {"sent", "failed"} and mine.state in {"unknown", "pending"}
        assert settled == (holding or late)
        if settled:
            mine.state = outcome
            mine.ready_at = self.now + LEASE if outcome == "pending" else mine.ready_at

    @rule(one=consumes(claims))
    def give_back(self, one: Message) -> None:
        """Only a sender whose lease still runs gives back."""
        mine = self.known[one.key]
        if mine.state != "sending" or mine.attempts != one.attempts:
            return
        with self.database.transaction() as tx:
            assert outbox.give_back(tx, [one.id], self.now) == 1
        mine.state, mine.ready_at, mine.attempts = "pending", self.now, mine.attempts - 1

    @rule(one=consumes(claims))
    def die(self, one: Message) -> None:
        """Nothing more is heard of this sender."""

    @rule(minutes=st.integers(1, 7))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def lapse(self) -> None:
        with self.database.transaction() as tx:
            doubtful = {one.key for one in outbox.lapse(tx, self.now)}
        assert doubtful == self._lapse()

    @invariant()
    def the_table_says_what_the_dictionary_says(self) -> None:
        with self.database.reading() as tx:
            rows = tx.execute(select(messages.c.key, messages.c.state)).all()
        assert dict(rows) == {key: one.state for key, one in self.known.items()}

    @invariant()
    def no_mail_leaves_twice(self) -> None:
        mails = [key for key in self.left if self.known[key].channel == EMAIL]
        assert len(mails) == len(set(mails))

    def _held(self, run: str) -> list[Known]:
        return [one for one in self.known.values() if (one.held_by, one.state) == (run, "held")]

    def _lapse(self) -> set[str]:
        """Judge what lapsed; return the mails that became unknown."""
        doubtful = set()
        for one in self.known.values():
            if one.state == "sending" and one.lease_until <= self.now:  # type: ignore[operator] # times
                one.state = "unknown" if one.channel == EMAIL else "pending"
                one.ready_at = self.now
                doubtful |= {one.key} if one.channel == EMAIL else set()
        return doubtful

    def _orphans(self) -> None:
        dead = {
            one.key
            for one in self.known.values()
            if one.state == "pending" and one.root is not None and self._is_dead(one.root)
        }
        for key in dead:
            self.known[key].state = "cancelled"

    def _is_dead(self, root: str) -> bool:
        return root not in self.known or self.known[root].state in DEAD

    def _ready(self, channel: str | None) -> list[Known]:
        return [
            one
            for one in self.known.values()
            if one.state == "pending"
            and one.ready_at <= self.now  # type: ignore[operator] # times
            and channel in {None, one.channel}
            and (one.root is None or self.known[one.root].state == "sent")
        ]


SHARE = 0.25


def test_the_outbox_does_what_a_dictionary_would(database: Database) -> None:
    machine = type("OutboxHere", (Outbox,), {"database": database})

    assert take(machine, few=6, share=SHARE) > 0
