"""Rules 5, 10, 15, 16 and 18 by machine: whatever people, scores and servers do, in any order.

One customer lives days of any score; in between people click, servers fail, the switch is thrown
and time passes. After each step the promises are looked at, on what really left the house.
"""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
)
from sqlalchemy import update

from playbooks.load import parse
from service.errors import Lost, Refused, TryLater
from service.overseeing import cancel
from service.pause import pause, paused, resume
from service.ports import House
from service.steps import acknowledge, approve, reject, snooze
from storage import contacts, customers, outbox, plays
from storage.outbox import EMAIL
from storage.plays import Play, Step
from storage.tables_acts import message as messages
from storage.tables_acts import play
from tests.service.stage import Story, acme, member
from tests.stateful.steps import Counted, take

PLAYBOOKS = tuple(
    parse(
        f"""
name: {name}
version: 1
title: A fall
description: Tells the CSM, and waits for a yes to write to the customer.
when: {{kind: enters_band, bands: [{band}]}}
then:
  - {{step: alert, kind: slack_alert, to: csm, drivers: 3}}
  - {{step: outreach, kind: email, to: contact, template: outreach_at_risk, from: house}}
  - {{step: call, kind: task, title: Call them, due_in_business_days: 1}}
""",
        f"{name}.yaml",
    )
    for name, band in (("milder", "at-risk"), ("worse", "churn-risk"))
)
COOL_DOWN = timedelta(days=14)
SCORES = st.sampled_from([90, 76, 74, 72, 60, 50.1, 49.9, 41, 20])
BAD = st.sampled_from([74, 60, 49.9, 41])
TROUBLES = st.sampled_from(
    [TryLater(60, "451"), Lost("after-data"), Refused("550"), RuntimeError("boom")]
)


class Life(Counted):
    """One customer's life in a house of its own."""

    house: House
    number = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).number += 1
        self._end_what_others_began()
        customer = acme(self.house, f"acme-{self.number}")
        self.story = Story(self.house, customer)
        self.story.live_in(playbooks=PLAYBOOKS)
        self.address = f"acme-{self.number}@customer.example"
        self.barred_at: int | None = None
        self.refused: set[int] = set()
        resume(self.house, "olga", now=self.story.watch.now())
        self.story.day_at(90)

    @rule(value=SCORES)
    def day(self, value: float) -> None:
        self.story.day_at(value)

    @rule(value=BAD)
    def bad_day(self, value: float) -> None:
        """Fall: most of what is promised is about that, so it is drawn more often."""
        self.story.day_at(value)

    @rule()
    def deliver(self) -> None:
        before = self._left()
        held = paused(self.house) is not None

        self.story.deliver()

        assert not (held and self._left() > before)

    @rule(trouble=TROUBLES, where=st.sampled_from(["slack", "email"]))
    def trouble(self, trouble: Exception, where: str) -> None:
        wire = self.story.slack if where == "slack" else self.story.email
        wire.troubles = [trouble]
        self.story.deliver()
        wire.troubles = []

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.story.watch.time += timedelta(hours=hours)

    @precondition(lambda self: self._waiting())
    @rule(answer=st.sampled_from([approve, reject]))
    def answer(self, answer: Any) -> None:
        for step in self._waiting()[:1]:
            more = {"reason": "no"} if answer is reject else {}
            answer(self.story.house, step.id, member(self.house), now=self._now(), **more)
            if answer is reject:
                self.refused.add(step.id)

    @precondition(lambda self: self._plays())
    @rule()
    def take_on(self) -> None:
        for one in self._plays()[:1]:
            acknowledge(self.story.house, one.id, member(self.house), now=self._now())

    @precondition(lambda self: self._plays())
    @rule(days=st.integers(1, 20))
    def rest(self, days: int) -> None:
        for one in self._plays()[:1]:
            until = self._now() + timedelta(days=days)
            snooze(self.story.house, one.id, member(self.house), until=until, now=self._now())

    @precondition(lambda self: self._open())
    @rule()
    def call_off(self) -> None:
        for one in self._open():
            cancel(self.story.house, one.id, by="olga", reason="enough", now=self._now())

    @precondition(lambda self: self.barred_at is None)
    @rule()
    def unsubscribe(self) -> None:
        with self.house.database.transaction() as tx:
            secret = self.house.mail.secret
            contacts.opt_out(tx, self.address, "unsubscribed", secret, self._now())
        self.barred_at = len(self.story.email.sent)

    @rule(on=st.booleans())
    def throw_the_switch(self, on: bool) -> None:  # noqa: FBT001 - the machine gives it
        (pause if on else resume)(self.house, "olga", now=self._now())

    @rule(status=st.sampled_from(["active", "paused", "churned"]))
    def change_status(self, status: str) -> None:
        acme(self.house, self.story.customer.key, status=status)
        with self.house.database.reading() as tx:
            found = customers.customer_by_key(tx, self.story.customer.key)
        assert found is not None
        self.story.customer = found

    @invariant()
    def no_intent_leaves_twice(self) -> None:
        left = Counter(each.key for each in (*self.story.email.sent, *self.story.slack.sent))
        assert {key: many for key, many in left.items() if many > 1} == {}

    @invariant()
    def no_mail_leaves_unasked_refused_or_unwelcome(self) -> None:
        steps = {each.id: each for each in self._steps()}
        for sent in self.story.email.sent:
            assert sent.step_id is not None
            assert sent.step_id not in self.refused
            assert steps[sent.step_id].decided_by is not None
        if self.barred_at is not None:
            assert len(self.story.email.sent) == self.barred_at

    @invariant()
    def at_most_one_play_is_open(self) -> None:
        assert len(self._open()) <= 1

    @invariant()
    def a_closed_play_has_no_mail_on_its_way(self) -> None:
        with self.house.database.reading() as tx:
            waiting = tx.execute(
                messages.select().where(
                    messages.c.channel == EMAIL, messages.c.state.in_(["pending", "held"])
                )
            ).all()
            ours = [plays.play(tx, row.play_id) for row in waiting]
        assert all(one is not None and one.state == "open" for one in ours)

    @invariant()
    def alerts_of_one_playbook_keep_their_distance(self) -> None:
        starts = sorted((each.playbook, each.opened_at) for each in self._plays())
        for (one, early), (other, late) in pairwise(starts):
            assert one != other or late - early >= COOL_DOWN

    def _end_what_others_began(self) -> None:
        """Close what earlier examples left in this house, so that they are not heard in this."""
        unfinished = messages.c.state.in_(["pending", "held", "sending"])
        with self.house.database.transaction() as tx:
            tx.execute(update(messages).where(unfinished).values(state="cancelled"))
            # Rows that are closed are let be: to write them all again each time fills the table.
            tx.execute(update(play).where(play.c.state == "open").values(state="closed"))

    def _plays(self) -> tuple[Play, ...]:
        with self.house.database.reading() as tx:
            return plays.plays_of(tx, self.story.customer.id)

    def _open(self) -> list[Play]:
        return [each for each in self._plays() if each.state == "open"]

    def _waiting(self) -> list[Step]:
        return [each for each in self._steps() if each.state == "waiting_approval"]

    def _steps(self) -> list[Step]:
        with self.house.database.reading() as tx:
            return [step for one in self._plays() for step in plays.steps_of(tx, one.id)]

    def _left(self) -> int:
        return len(self.story.email.sent) + len(self.story.slack.sent)

    def _now(self) -> datetime:
        return self.story.watch.now()


SHARE = 0.25


def test_whatever_happens_the_promises_hold(house: House) -> None:
    machine = type("LifeHere", (Life,), {"house": house})

    assert take(machine, few=2, share=SHARE) > 0
    with house.database.reading() as tx:
        assert outbox.counts(tx)
