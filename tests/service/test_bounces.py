"""Mail that came back, on both databases: matched, told once, and nobody is taken at their word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from service import privacy
from service.alert import alert_view
from service.approving import unwelcome
from service.bounces import Taken, take
from service.errors import Lost
from service.ports import House, Keep
from service.retain import retain
from service.returned import read_mail
from storage import audit, bounces, customers, outbox
from tests.service.reports import bounce, complaint
from tests.service.stage import Story, acme, approved, mail

ADDRESS = "acme@customer.example"


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen and its contact was written to."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    approved(story)
    story.deliver()
    assert mail(story).state == "sent"
    return story


def letter(story: Story) -> str:
    return str(mail(story).body["message_id"])


def came_back(story: Story, raw: bytes) -> Taken:
    return take(story.house, read_mail(raw), now=story.watch.now())


def suppressed(house: House, address: str = ADDRESS) -> bool:
    with house.database.reading() as tx:
        return customers.is_suppressed(tx, address, house.mail.secret)


def told(story: Story) -> list[str]:
    """Deliver, and return which notes of the mail's fate stand in the thread."""
    story.deliver()
    notes = [str(each.body.get("note", "")) for each in story.slack.sent]
    return [
        note for note in notes if note in {"mail_bounced", "mail_undelivered", "mail_complaint"}
    ]


def test_rule_11_a_hard_bounce_suppresses_the_address_and_tells_the_csm_once(story: Story) -> None:
    raw = bounce(recipient=ADDRESS, letter=letter(story))

    first, again = came_back(story, raw), came_back(story, raw)

    assert (first, again) == (Taken(hard=1), Taken(known=1))
    assert suppressed(story.house)
    assert told(story) == ["mail_bounced"]
    assert "nobody has this address (5.1.1)" in str(story.slack.sent[-1].body["text"])
    with story.house.database.reading() as tx:
        (entry,) = (each for each in audit.recent(tx) if each.actor == "mail")
        (kept,) = bounces.bounces_of(tx, story.customer.id)
    assert (entry.action, kept.kind, kept.status) == ("hard", "hard", "5.1.1")


def test_a_complaint_suppresses_the_address_and_tells_the_csm(story: Story) -> None:
    taken = came_back(story, complaint(recipient=ADDRESS, letter=letter(story)))

    assert taken == Taken(complaint=1)
    assert suppressed(story.house)
    assert told(story) == ["mail_complaint"]


def test_a_full_mailbox_is_told_and_its_address_stays(story: Story) -> None:
    words = "smtp; 552 5.2.2 mailbox full"

    taken = came_back(story, bounce("5.2.2", words, recipient=ADDRESS, letter=letter(story)))

    assert taken == Taken(failed=1)
    assert not suppressed(story.house)
    assert told(story) == ["mail_undelivered"]


def test_a_delay_is_noted_and_nobody_is_told(story: Story) -> None:
    raw = bounce("4.4.1", action="delayed", recipient=ADDRESS, letter=letter(story))

    assert came_back(story, raw) == Taken(delayed=1)
    assert not suppressed(story.house)
    assert told(story) == []


def test_a_forwarded_mail_that_bounces_elsewhere_suppresses_the_address_we_wrote_to(
    story: Story,
) -> None:
    came_back(story, bounce(recipient="somebody@else.example", letter=letter(story)))

    assert suppressed(story.house)
    assert not suppressed(story.house, "somebody@else.example")


@pytest.mark.parametrize(
    "forged",
    [
        "<0.1@bellwether.example>", "<x.999999@bellwether.example>", "<.1@x>",
        "<a.99999999999999999999@x>", "<a.-1@x>",
    ],
)  # fmt: skip
def test_a_report_of_a_mail_and_an_address_we_did_not_write_to_changes_nothing(
    story: Story, forged: str
) -> None:
    globex = acme(story.house, "globex")

    taken = came_back(story, bounce(recipient="globex@customer.example", letter=forged))

    assert taken == Taken(unmatched=1)
    assert not suppressed(story.house, "globex@customer.example")
    with story.house.database.reading() as tx:
        assert bounces.bounces_of(tx, globex.id) == ()


def test_a_report_without_our_message_id_is_told_and_suppresses_nobody(story: Story) -> None:
    """Anybody can write such a report; our Message-ID, nobody can guess."""
    taken = came_back(story, bounce(recipient=ADDRESS, letter=None))

    assert taken == Taken(hard=1)
    assert not suppressed(story.house)
    assert told(story) == ["mail_undelivered"]


def test_a_complaint_without_our_message_id_changes_nothing(story: Story) -> None:
    came_back(story, complaint(recipient=ADDRESS, letter=None))

    assert not suppressed(story.house)
    assert told(story) == []


def test_without_our_message_id_only_a_mail_of_the_last_days_is_meant(story: Story) -> None:
    story.watch.time += timedelta(days=8)

    assert came_back(story, bounce(recipient=ADDRESS, letter=None)) == Taken(unmatched=1)


def test_a_mail_that_has_not_left_cannot_come_back(house: House) -> None:
    story = Story(house, acme(house))
    story.days_at(72, 41)
    approved(story)

    assert came_back(story, bounce(recipient=ADDRESS, letter=letter(story))) == Taken(unmatched=1)
    assert not suppressed(house)


def test_a_mail_whose_outcome_was_unknown_is_known_not_to_have_arrived(house: House) -> None:
    story = Story(house, acme(house))
    story.days_at(72, 41)
    approved(story)
    story.email.troubles = [Lost("smtp-TimeoutError-after-data")]
    story.deliver()
    assert mail(story).state == "unknown"

    came_back(story, bounce("5.7.1", "smtp; 550 5.7.1 no", recipient=ADDRESS, letter=letter(story)))

    assert (mail(story).state, mail(story).error) == ("failed", "came back: 5.7.1")


def test_rule_18_what_bounced_stays_suppressed_after_erasing_and_importing_again(
    story: Story,
) -> None:
    came_back(story, bounce(recipient=ADDRESS, letter=letter(story)))
    exported = privacy.export(story.house, "acme")
    privacy.erase(story.house, "acme", by="ann@ours.example", now=story.watch.now())

    back = Story(story.house, acme(story.house))
    back.watch.time = story.watch.now()

    assert [row["kind"] for row in exported["bounce"]] == ["hard"]
    assert suppressed(story.house)
    assert came_back(back, bounce(recipient=ADDRESS, letter="<x.1@y>")) == Taken(unmatched=1)


def test_the_next_mail_to_an_address_that_bounced_stays_at_home(story: Story) -> None:
    came_back(story, bounce(recipient=ADDRESS, letter=letter(story)))
    again = replace(_new(mail(story)), key="customer/1/again")
    with story.house.database.transaction() as tx:
        outbox.enqueue(tx, [again], now=story.watch.now())

    story.deliver()

    with story.house.database.reading() as tx:
        kept = outbox.message_by_key(tx, "customer/1/again")
    assert kept is not None
    assert kept.state == "cancelled"
    assert len(story.email.sent) == 1


def _new(message: outbox.Message) -> outbox.NewMessage:
    return outbox.NewMessage(
        **{name: getattr(message, name) for name in outbox.NewMessage.__slots__}
    )


def test_rule_19_reports_are_forgotten_in_time_and_suppressed_addresses_are_not(
    story: Story,
) -> None:
    came_back(story, bounce(recipient=ADDRESS, letter=letter(story)))
    house = replace(story.house, keep=Keep(messages=timedelta(days=30)))

    early = retain(house, now=story.watch.now())
    late = retain(house, now=story.watch.now() + timedelta(days=400))

    assert (early["bounces"], late["bounces"]) == (0, 1)
    assert suppressed(story.house)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (bounce, "Mail to Pat Doe came back: nobody has this address."),
        (complaint, "Pat Doe called our mail spam."),
    ],
)
def test_rule_10_whoever_asks_next_is_told_why_they_are_not_written_to(
    story: Story, raw: Callable[..., bytes], said: str
) -> None:
    came_back(story, raw(recipient=ADDRESS, letter=letter(story)))

    with story.house.database.reading() as tx:
        assert unwelcome(tx, story.house, story.customer.id, ADDRESS) == said


@pytest.mark.parametrize(("raw", "fate"), [(bounce, "came_back"), (complaint, "complaint")])
def test_the_alert_itself_says_what_became_of_the_mail(
    story: Story, raw: Callable[..., bytes], fate: str
) -> None:
    came_back(story, raw(recipient=ADDRESS, letter=letter(story)))

    view = alert_view(story.house, story.play().id, now=story.watch.now())

    assert [each.delivery for each in view.mails if each.step.name == "outreach"] == [fate]
