"""Yes, no, seen, later: what people click, and what happens to the second click."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from service.ports import House
from service.steps import (
    SNOOZES,
    Done,
    Forbidden,
    Stale,
    Taken,
    acknowledge,
    approve,
    reject,
    snooze,
)
from storage import audit, customers, outbox, plays
from tests.service.stage import Story, acme, member


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41, Carla has been told, and the mail waits for a yes."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    return story


def acts(story: Story) -> list[tuple[str, str]]:
    with story.house.database.reading() as tx:
        return [(each.actor, each.action) for each in reversed(audit.recent(tx))]


def test_a_yes_sends_the_very_mail_and_brings_the_alert_up_to_date(story: Story) -> None:
    shown = story.mail_step().body["mail"]

    answer = approve(story.house, story.mail_step().id, member(story.house), now=story.watch.now())
    story.deliver()

    assert answer == Done("The mail to Acme is on its way.")
    (mail,) = story.email.sent
    assert mail.body == shown
    assert story.slack.views() == [
        "post alert",
        "update alert",
        "update alert",
        "reply thread_note",
    ]
    assert acts(story) == [("carla@bellwether.example", "approve")]


def test_no_mail_leaves_without_a_yes(story: Story) -> None:
    story.deliver()

    assert story.email.sent == []


def test_rule_16_the_second_click_is_told_who_was_first(story: Story) -> None:
    step = story.mail_step().id
    dan = member(story.house, "dan@bellwether.example", name="Dan", role="manager")
    now = story.watch.now()
    first = approve(story.house, step, member(story.house), now=now)

    second = approve(story.house, step, dan, now=now)
    third = reject(story.house, step, dan, reason="too pushy", now=now)
    story.deliver()

    assert isinstance(first, Done)
    assert second == third == Taken("Carla", "approved", now)
    assert len(story.email.sent) == 1


def test_rule_16_opposite_clicks_at_once_have_one_winner(story: Story) -> None:
    step, carla, now = story.mail_step().id, member(story.house), story.watch.now()

    with ThreadPoolExecutor(2) as pool:
        yes = pool.submit(approve, story.house, step, carla, now=now)
        no = pool.submit(reject, story.house, step, carla, reason="no", now=now)
        answers = [yes.result(), no.result()]

    assert sorted(type(each).__name__ for each in answers) == ["Done", "Taken"]


def test_a_no_keeps_its_reason_and_the_mail_at_home(story: Story) -> None:
    answer = reject(
        story.house,
        story.mail_step().id,
        member(story.house),
        reason="We spoke yesterday.",
        now=story.watch.now(),
    )
    story.deliver()

    assert isinstance(answer, Done)
    step = story.mail_step()
    assert (step.state, step.reason, step.decided_by) == (
        "cancelled",
        "We spoke yesterday.",
        "Carla",
    )
    assert story.email.sent == []


def test_rule_17_a_viewer_may_look_and_not_touch(story: Story) -> None:
    viewer = member(story.house, "vic@bellwether.example", role="viewer")
    play, step, now = story.play().id, story.mail_step().id, story.watch.now()

    answers = [
        approve(story.house, step, viewer, now=now),
        reject(story.house, step, viewer, reason="", now=now),
        acknowledge(story.house, play, viewer, now=now),
        snooze(story.house, play, viewer, until=now + SNOOZES["1d"], now=now),
    ]

    assert all(isinstance(each, Forbidden) for each in answers)
    assert acts(story) == []


def test_a_yes_after_the_customer_recovered_is_stale_and_says_why(story: Story) -> None:
    story.days_at(72)

    answer = approve(story.house, story.mail_step().id, member(story.house), now=story.watch.now())

    assert answer == Stale("Back from churn-risk to at-risk, at 72.")


def test_a_yes_after_they_unsubscribed_is_stale_and_the_alert_is_redrawn(story: Story) -> None:
    with story.house.database.transaction() as tx:
        secret = story.house.mail.secret
        customers.opt_out(tx, "acme@customer.example", "unsubscribed", secret, story.watch.now())

    answer = approve(story.house, story.mail_step().id, member(story.house), now=story.watch.now())
    story.deliver()

    assert answer == Stale("Pat Doe has unsubscribed.")
    assert story.email.sent == []
    assert story.slack.views() == ["post alert", "update alert"]


def test_a_yes_for_a_paused_customer_is_stale(story: Story) -> None:
    acme(story.house, status="paused")

    answer = approve(story.house, story.mail_step().id, member(story.house), now=story.watch.now())

    assert answer == Stale("The customer is paused.")


def test_a_yes_a_week_late_is_stale_because_the_words_are(story: Story) -> None:
    late = story.watch.now() + timedelta(days=8)

    answer = approve(story.house, story.mail_step().id, member(story.house), now=late)

    assert isinstance(answer, Stale)
    assert "older than 7 days" in answer.reason


def test_a_button_of_nothing_is_stale(story: Story) -> None:
    now, carla = story.watch.now(), member(story.house)

    answers = [
        approve(story.house, 999_999, carla, now=now),
        acknowledge(story.house, 999_999, carla, now=now),
        snooze(story.house, 999_999, carla, until=now + SNOOZES["1h"], now=now),
    ]

    assert all(isinstance(each, Stale) for each in answers)


def test_an_acknowledgement_persists_and_the_second_is_told_whose_it_is(story: Story) -> None:
    dan = member(story.house, "dan@bellwether.example", name="Dan")
    now = story.watch.now()
    first = acknowledge(story.house, story.play().id, member(story.house), now=now)

    second = acknowledge(story.house, story.play().id, dan, now=now)
    story.deliver()

    assert first == Done("You have Acme.")
    assert second == Taken("Carla", "acknowledged", now)
    assert story.play().acknowledged_by == "Carla"
    assert story.slack.views() == ["post alert", "update alert"]


@pytest.mark.parametrize("preset", list(SNOOZES))
def test_a_snooze_persists_for_each_preset(story: Story, preset: str) -> None:
    until = story.watch.now() + SNOOZES[preset]

    answer = snooze(
        story.house, story.play().id, member(story.house), until=until, now=story.watch.now()
    )

    assert isinstance(answer, Done)
    with story.house.database.reading() as tx:
        assert plays.snoozed_until(tx, [story.customer.id]) == {story.customer.id: until}


@pytest.mark.parametrize("until", [timedelta(0), timedelta(days=91)])
def test_a_snooze_into_the_past_or_for_ever_is_refused(story: Story, until: timedelta) -> None:
    now = story.watch.now()

    answer = snooze(story.house, story.play().id, member(story.house), until=now + until, now=now)

    assert isinstance(answer, Stale)


def test_acknowledging_a_closed_play_is_refused_and_redraws_the_alert(story: Story) -> None:
    story.days_at(72)

    answer = acknowledge(story.house, story.play().id, member(story.house), now=story.watch.now())

    assert answer == Stale("This play is closed: Back from churn-risk to at-risk, at 72.")
    with story.house.database.reading() as tx:
        assert outbox.pending_exists(tx, story.watch.now())
