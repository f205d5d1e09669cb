"""A second for each conversation, leases of senders that were killed, and limits."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from service.deliver import LEASE, deliver
from service.errors import Suspended
from service.pace import PACE, Pace
from service.ports import House, Receipt
from service.steps import approve
from storage import outbox
from storage.outbox import Message
from tests.service.stage import Story, Wire, acme, alert, approved, mail, member, morning


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41; nothing has been delivered yet."""
    story = Story(house, acme(house))
    story.days_at(72)
    story.day_at(41)
    return story


def test_rule_12_one_message_a_second_in_a_conversation_and_others_do_not_wait(
    house: House,
) -> None:
    tales = [Story(house, acme(house, f"c{number}")) for number in range(3)]
    tales.append(Story(house, acme(house, "other", csm_email="dan@bellwether.example")))
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    first = tales[0]
    start = first.watch.time = morning(1)

    first.deliver()

    seconds = [(at - start).total_seconds() for at in first.slack.at]
    by = [each.recipient.partition(":")[2].partition("@")[0] for each in first.slack.sent]
    assert sorted(zip(by, seconds, strict=True)) == [
        ("carla", 0),
        ("carla", 1),
        ("carla", 2),
        ("dan", 0),
    ]


def test_one_letter_a_second_to_a_mail_domain_and_the_others_do_not_wait(house: House) -> None:
    far = {"contact_email": "pat@other.example"}
    tales = [Story(house, acme(house, f"c{number}")) for number in range(3)]
    tales.append(Story(house, acme(house, "other", **far)))
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    first = tales[0]
    first.deliver()
    for told in tales:
        approve(house, told.mail_step().id, member(house), now=first.watch.now())
    start = first.watch.now()

    first.deliver()

    seconds = [(at - start).total_seconds() for at in first.email.at]
    domains = [each.recipient.rpartition("@")[2] for each in first.email.sent]
    assert sorted(zip(domains, seconds, strict=True)) == [
        ("customer.example", 0),
        ("customer.example", 1),
        ("customer.example", 2),
        ("other.example", 0),
    ]


def test_the_seconds_of_a_conversation_outlive_a_handful(house: House) -> None:
    tales = [Story(house, acme(house, f"c{number}")) for number in range(3)]
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    first, pace = tales[0], Pace()

    for _ in range(6):
        deliver(house, {"slack": first.slack}, first.watch, limit=1, pace=pace)

    gaps = [after - before for before, after in pairwise(first.slack.at)]
    assert len(gaps) == 2
    assert all(gap >= PACE for gap in gaps)


def test_waiting_for_a_second_is_no_attempt(house: House) -> None:
    tales = [Story(house, acme(house, f"c{number}")) for number in range(3)]
    for told in tales:
        told.days_at(72)
        told.day_at(41)

    tales[0].deliver()

    assert [alert(told).attempts for told in tales] == [1, 1, 1]


class Crawling(Wire):
    """Takes a minute for every message, and wants the sender to hold it all the while."""

    def send(self, message: Message, root: Mapping[str, str] | None) -> Receipt:
        assert message.lease_until is not None
        self.watch.sleep(60)
        assert self.watch.now() < message.lease_until
        return super().send(message, root)


def test_what_a_slow_slack_leaves_no_lease_for_goes_back_before_another_process_takes_it(
    house: House,
) -> None:
    tales = [Story(house, acme(house, f"c{n}", csm_email=f"c{n}@ours.example")) for n in range(8)]
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    first = tales[0]

    first.slack = Crawling("slack", first.watch)

    report = first.deliver()

    assert report.sent == len(tales)
    assert [alert(told).attempts for told in tales] == [1] * len(tales)


def test_a_sender_killed_while_mailing_leaves_an_unknown_mail_and_the_csm_is_told(
    story: Story,
) -> None:
    approved(story)
    with story.house.database.transaction() as tx:
        outbox.claim(tx, story.watch.now(), LEASE, 1, ["email"])

    story.watch.time += LEASE
    story.deliver()

    assert mail(story).state == "unknown"
    assert story.email.sent == []
    assert story.slack.sent[-1].body["note"] == "mail_unknown"


def test_a_sender_killed_while_posting_leaves_a_message_that_goes_again(story: Story) -> None:
    with story.house.database.transaction() as tx:
        outbox.claim(tx, story.watch.now(), LEASE, 1, ["slack"])

    early = story.deliver()
    story.watch.time += LEASE
    late = story.deliver()

    assert (early.sent, late.sent) == (0, 1)


def test_a_limit_is_kept(house: House) -> None:
    tales = [Story(house, acme(house, f"c{number}")) for number in range(3)]
    for told in tales:
        told.days_at(72)
        told.day_at(41)

    first = tales[0]
    report = deliver(house, {"slack": first.slack}, first.watch, limit=1)

    assert report.sent == 1


def test_a_channel_nobody_gave_us_keeps_its_messages(story: Story) -> None:
    approved(story)

    deliver(story.house, {"slack": story.slack}, story.watch)

    assert mail(story).state == "pending"


def test_a_second_promised_to_a_message_somebody_else_sent_is_forgotten(story: Story) -> None:
    pace, now = Pace(), story.watch.now()
    first, second = alert(story), replace(alert(story), id=-1)
    pace.slot(first, now)

    promised = pace.slot(second, now)

    assert promised == now + PACE
    assert pace.next_slot(now) == promised
    assert pace.next_slot(promised) is None


def test_a_closed_channel_ends_the_run_though_conversations_wait_for_their_second(
    house: House,
) -> None:
    tales = [Story(house, acme(house, f"c{number}")) for number in range(3)]
    for told in tales:
        told.days_at(72)
        told.day_at(41)
    tales[0].slack.troubles = [None, Suspended("token_revoked")]

    report = tales[0].deliver()

    assert (report.sent, report.suspended) == (1, {"slack"})
