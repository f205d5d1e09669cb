"""Rule 10: not at night where the customer is, and not too often, whatever was approved."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from service.manners import welcome_at
from service.ports import House, Quiet
from service.recheck import not_before, objection
from storage import outbox
from storage.outbox import NewMessage
from tests.service.stage import Story, acme, approved, mail, morning

NIGHT: Quiet = (time(20), time(8))


def fallen(house: House, **policy: Any) -> Story:
    """Let Acme fall to 41, and somebody approve the mail, in a house of such a policy."""
    story = Story(house, acme(house))
    story.live_in(mail=replace(house.mail, **policy))
    story.days_at(72)
    story.day_at(41)
    return approved(story)


@pytest.mark.parametrize(
    ("zone", "now", "then"),
    [
        ("Europe/Berlin", "2026-05-20T18:00:00", "2026-05-21T06:00:00"),
        ("Europe/Berlin", "2026-05-20T17:59:59", None),
        ("Europe/Berlin", "2026-05-20T05:59:59", "2026-05-20T06:00:00"),
        ("Europe/Berlin", "2026-05-20T06:00:00", None),
        ("America/New_York", "2026-05-20T06:00:00", "2026-05-20T12:00:00"),
        ("Pacific/Auckland", "2026-05-20T06:00:00", None),
        # The nights in which the clocks change are an hour longer or shorter.
        ("Europe/Berlin", "2026-10-24T22:00:00", "2026-10-25T07:00:00"),
        ("Europe/Berlin", "2026-03-28T22:00:00", "2026-03-29T06:00:00"),
        ("Europe/Berlin", "2028-02-28T22:00:00", "2028-02-29T07:00:00"),
    ],
)
def test_the_night_ends_by_the_customers_own_clock(
    house: House, zone: str, now: str, then: str | None
) -> None:
    quiet = replace(house, mail=replace(house.mail, quiet=NIGHT))
    customer = replace(acme(house), timezone=zone)

    found = welcome_at(quiet, customer, datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert found == (datetime.fromisoformat(then).replace(tzinfo=UTC) if then else None)


@pytest.mark.parametrize(
    ("quiet", "hour", "ends"),
    [((time(12), time(14)), 13, 14), ((time(12), time(14)), 14, None), (None, 3, None)],
)
def test_quiet_hours_may_lie_within_a_day_or_be_none(
    house: House, quiet: Quiet | None, hour: int, ends: int | None
) -> None:
    there = replace(house, mail=replace(house.mail, quiet=quiet))
    customer = replace(acme(house), timezone="UTC")

    found = welcome_at(there, customer, datetime(2026, 5, 20, hour, tzinfo=UTC))

    assert found == (datetime(2026, 5, 20, ends, tzinfo=UTC) if ends else None)


def test_a_zone_nobody_knows_any_more_is_the_houses(house: House) -> None:
    quiet = replace(house, mail=replace(house.mail, quiet=NIGHT))
    night = datetime(2026, 5, 20, 23, tzinfo=UTC)

    lost = welcome_at(quiet, replace(acme(house), timezone="Mars/Olympus"), night)

    assert lost == welcome_at(quiet, replace(acme(house), timezone=None), night)


def test_a_mail_approved_before_eight_leaves_at_eight_and_counts_one_attempt(
    house: House,
) -> None:
    story = fallen(house, quiet=NIGHT)

    story.deliver()
    waiting = mail(story).state, len(story.email.sent)
    story.watch.sleep(3 * 3600)
    story.deliver()

    assert waiting == ("pending", 0)
    assert (mail(story).state, mail(story).attempts) == ("sent", 1)


def test_what_stopped_being_true_while_it_waited_does_not_leave(house: House) -> None:
    story = fallen(house, quiet=NIGHT)
    story.deliver()

    acme(house, status="churned")
    story.watch.sleep(3 * 3600)
    story.deliver()

    assert story.email.sent == []
    assert mail(story).error == "the customer is churned"


@pytest.mark.parametrize(
    ("weekly", "days", "state"), [(1, 6, "cancelled"), (1, 8, "sent"), (2, 6, "sent")]
)
def test_no_customer_is_written_to_more_often_than_the_house_allows(
    house: House, weekly: int, days: int, state: str
) -> None:
    story = fallen(house, weekly=weekly)
    before(story, days)

    story.deliver()

    assert mail(story).state == state
    if state == "cancelled":
        assert mail(story).error == "enough: the customer got 1 mail within seven days"
        assert story.slack.sent[-1].body["note"] == "mail_cancelled"


def before(story: Story, days: int) -> None:
    """Let another mail have gone to the customer so many days ago."""
    at = story.watch.now() - (morning(days) - morning(0))
    other = NewMessage(
        key="another mail",
        channel="email",
        recipient="acme@customer.example",
        body={},
        play_id=None,
        step_id=None,
        customer_id=story.customer.id,
        due_at=at,
        expires_at=None,
        verb="post",
        root_key=None,
    )
    with story.house.database.transaction() as tx:
        outbox.enqueue(tx, [other], now=at)
        found = outbox.message_by_key(tx, other.key)
        assert found is not None
        assert outbox.claim(tx, at, morning(1) - morning(0), 1, ["email"])
        assert outbox.settle(tx, found.id, "sent", now=at)


@pytest.mark.parametrize("minute", [0, 20, 40])
def test_a_night_that_ends_in_the_hour_the_clocks_leave_out_ends_after_it(
    house: House, minute: int
) -> None:
    quiet = replace(house, mail=replace(house.mail, quiet=(time(20), time(2, 30))))
    customer = replace(acme(house), timezone="Europe/Berlin")

    found = welcome_at(quiet, customer, datetime(2026, 3, 29, 0, minute, tzinfo=UTC))

    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_of_two_mails_claimed_at_once_where_one_is_allowed_one_leaves(house: House) -> None:
    story = fallen(house, weekly=1)
    another = replace(_new(mail(story)), key="customer/1/another/mail")
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [another], now=story.watch.now())
        # Two replicas hold one each, and neither knows whether the other's will leave.
        now = story.watch.now()
        both = outbox.claim(tx, now, timedelta(minutes=5), 2, ["email"])
        seen = [objection(tx, story.house, each, now) for each in both]
        later = [not_before(tx, story.house, each, now) for each in both]
        for each, until in zip(both, later, strict=True):
            outbox.put_off(tx, each, until or now, now)
    story.watch.sleep(300)
    story.deliver()

    assert seen == [None, None]
    assert later[0] != later[1]
    assert None not in later
    assert len(story.email.sent) == 1


def _new(message: outbox.Message) -> NewMessage:
    return NewMessage(**{name: getattr(message, name) for name in NewMessage.__slots__})
