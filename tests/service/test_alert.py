"""What an alert shows: the day it was raised, its mail and tasks, and what people did since."""

from datetime import timedelta

import pytest

from service.alert import alert_view
from service.errors import UnknownPlay
from service.ports import House
from service.steps import acknowledge, approve, snooze
from tests.service.stage import Story, acme, member


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41 and Carla has been told."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    return story


def test_the_alert_shows_the_day_it_was_raised_on_a_week_later_too(story: Story) -> None:
    story.days_at(43, 44, 45)

    view = alert_view(story.house, story.play().id, now=story.watch.now())

    assert view.title == "Churn risk"
    assert view.raised is not None
    assert view.raised.reason == "From at-risk to churn-risk: 72 to 41."
    assert (str(view.raised.score_before), str(view.raised.score)) == ("72", "41")
    assert [cause.title for cause in view.raised.causes] == ["Logins"]


def test_it_shows_the_very_mail_that_waits_and_the_task(story: Story) -> None:
    view = alert_view(story.house, story.play().id, now=story.watch.now())

    (mail,) = view.mails
    assert (mail.to, mail.to_name, mail.delivery) == ("acme@customer.example", "Pat Doe", None)
    assert mail.subject
    assert mail.text == story.mail_step().body["mail"]["text"]
    assert [task.title for task in view.tasks] == ["Speak with the decision maker"]


def test_it_shows_what_became_of_the_mail(story: Story) -> None:
    approve(story.house, story.mail_step().id, member(story.house), now=story.watch.now())
    waiting = alert_view(story.house, story.play().id, now=story.watch.now())

    story.deliver()

    sent = alert_view(story.house, story.play().id, now=story.watch.now())
    assert [waiting.mails[0].delivery, sent.mails[0].delivery] == ["pending", "sent"]
    assert sent.mails[0].step.decided_by == "Carla"


def test_a_blocked_mail_says_why_instead(house: House) -> None:
    story = Story(house, acme(house, contact_email=None, contact_name=None))
    story.days_at(72, 41)

    (mail,) = alert_view(house, story.play().id, now=story.watch.now()).mails

    assert mail.blocked == "The customer has no contact with an address."
    assert mail.subject is None


def test_it_shows_who_has_it_and_until_when_it_is_quiet(story: Story) -> None:
    carla, play, now = member(story.house), story.play().id, story.watch.now()
    acknowledge(story.house, play, carla, now=now)
    snooze(story.house, play, carla, until=now + timedelta(days=1), now=now)

    during = alert_view(story.house, play, now=now)
    after = alert_view(story.house, play, now=now + timedelta(days=2))

    assert during.acknowledged_by == "Carla"
    assert during.snoozed_until == now + timedelta(days=1)
    assert after.snoozed_until is None


def test_a_play_whose_playbook_is_gone_is_called_by_its_name(story: Story) -> None:
    story.live_in(playbooks=())

    view = alert_view(story.house, story.play().id, now=story.watch.now())

    assert view.title == "churn-risk"


def test_an_unknown_play_says_so(house: House) -> None:
    with pytest.raises(UnknownPlay, match="There is no play 999"):
        alert_view(house, 999, now=Story(house, acme(house)).watch.now())
