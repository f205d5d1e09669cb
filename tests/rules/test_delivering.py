"""Rules 9 to 15, where a clause had no story of its own on both databases."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bellwether.settings import Settings
from service import privacy
from service.errors import TryLater
from service.pause import pause
from service.ports import House, Receipt
from storage.outbox import Message
from storage.tables_acts import delivery
from storage.tables_acts import message as messages
from tests.rules.test_deciding import unasked
from tests.service.stage import Story, Watch, Wire, acme, approved, mail, morning


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41; nothing has been delivered yet."""
    story = Story(house, acme(house))
    story.days_at(72)
    story.day_at(41)
    return story


class Watched(Wire):
    """A channel that notes every attempt, and does something of its own in the middle of it."""

    house: House
    tried: list[Message]

    def send(self, message: Message, root: Mapping[str, str] | None) -> Receipt:
        self.tried.append(message)
        self.meanwhile(message)
        return super().send(message, root)

    def meanwhile(self, message: Message) -> None:
        """Do nothing; others may."""


def watched(story: Story, kind: type[Watched]) -> Watched:
    """Put such a channel in the place of mail."""
    wire = kind("email", story.watch)
    wire.house, wire.tried = story.house, []
    story.email = wire
    return wire


def test_rule_9_no_transaction_is_open_while_a_message_is_sent(story: Story) -> None:
    class Locking(Watched):
        def meanwhile(self, message: Message) -> None:
            with self.house.database.transaction() as tx:
                row = select(messages.c.state).where(messages.c.id == message.id)
                assert tx.execute(row.with_for_update(nowait=True)).scalar() == "sending"

    approved(story)
    wire = watched(story, Locking)

    story.deliver()

    assert len(wire.tried) == len(wire.sent) == 1


def test_rule_10_a_mail_to_a_customer_erased_since_stays_at_home(story: Story) -> None:
    approved(story)
    privacy.erase(story.house, "acme", by="olga", now=story.watch.now())

    story.deliver()

    assert story.email.sent == []


def test_rule_11_one_message_id_for_one_intent_however_often_it_is_tried(story: Story) -> None:
    approved(story)
    wire = watched(story, Watched)
    wire.troubles = [TryLater(60, "451"), TryLater(60, "421")]

    for _ in range(3):
        story.deliver()
        story.watch.time += timedelta(minutes=10)

    ids = [each.body["message_id"] for each in wire.tried]
    assert (len(ids), len(set(ids))) == (3, 1)
    assert mail(story).state == "sent"


def test_rule_15_nothing_leaves_five_seconds_after_the_switch(house: House) -> None:
    # Given seven alerts for one CSM, at a second each.
    watch = Pausing(morning(0), house)
    stories = [Story(house, acme(house, f"c{number:02}"), watch) for number in range(7)]
    for story in stories:
        story.day_at(72)
        story.day_at(41)
        story.slack = stories[0].slack
    watch.at = watch.time + timedelta(seconds=1)

    report = stories[0].deliver()

    sent = stories[0].slack.at
    assert report.paused
    assert 0 < len(sent) < len(stories)
    assert max(sent) <= watch.at + timedelta(seconds=5)


class Pausing(Watch):
    """A watch on which somebody turns the kill switch at a certain time."""

    def __init__(self, time: object, house: House) -> None:
        super().__init__(time)  # type: ignore[arg-type] # a moment
        self._house = house
        self.at = self.time + timedelta(days=999)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.time >= self.at:
            pause(self._house, "olga", now=self.time)


def test_rule_15_mail_to_customers_is_a_dry_run_until_somebody_says_otherwise() -> None:
    assert Settings.read({}).mail_mode == "dry-run"


@pytest.mark.parametrize(("mode", "mails"), [("dry-run", 0), ("approval", 0), ("automatic", 1)])
def test_rule_15_unasked_mail_leaves_only_where_automatic_is_said(
    house: House, mode: str, mails: int
) -> None:
    story = unasked(house, mode)

    story.days_at(72, 41)

    assert len(story.email.sent) == mails


def test_rule_15_a_yes_in_a_dry_run_sends_nothing(story: Story) -> None:
    story.live_in(mail=replace(story.house.mail, mode="dry-run"))
    approved(story)

    story.deliver()

    assert story.email.sent == []
    assert (mail(story).error or "").startswith("dry-run")


def test_rule_27_what_broke_leaves_no_address_in_any_column_of_errors(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    words = "550 <acme@customer.example> xoxb-1234-abcd"
    approved(story)
    story.slack.troubles = [RuntimeError(words)] * 3
    story.email.troubles = [RuntimeError(words)]

    story.deliver()

    with story.house.database.reading() as tx:
        told = [
            *tx.execute(select(messages.c.error)).scalars(),
            *tx.execute(select(delivery.c.error)).scalars(),
        ]
    assert "RuntimeError" in told
    assert not [each for each in told if each and ("acme@" in each or "xoxb" in each)]
    assert "acme@" not in caplog.text
