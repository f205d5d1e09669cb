"""Why did nothing happen for Acme? Whatever the reason was, the first sentences name it."""

from datetime import timedelta

import pytest

from service.errors import UnknownCustomer
from service.pause import pause
from service.ports import House
from service.steps import snooze
from service.why import Why, answer, why
from storage import switches
from storage.endings import cancel_messages
from tests.service.stage import FIRST, Story, acme, commit, member, morning


@pytest.fixture
def story(house: House) -> Story:
    return Story(house, acme(house))


def asked(story: Story, days: int = 14) -> Why:
    return why(story.house, "acme", days=days, now=story.watch.now())


def told(story: Story, days: int = 14) -> str:
    return "\n".join(answer(asked(story, days), now=story.watch.now()))


def test_a_customer_never_scored_is_said_to_be(story: Story) -> None:
    assert told(story) == (
        "Acme has not been scored yet; bellwether rescore or the daily job does it."
    )


def test_a_silent_baseline_is_named(story: Story) -> None:
    story.days_at(41)

    found = asked(story)

    assert "1 skipped" in told(story)
    assert "First sight, in churn-risk: a silent baseline." in told(story)
    assert [move.kind for move in found.moves] == ["baseline"]


def test_a_quiet_customer_is_said_to_stand_where_they_stand(story: Story) -> None:
    story.days_at(90, 91, 90)

    assert "they are healthy at 90.00 since" in told(story, days=1)
    assert "nothing changed that a playbook begins with" in told(story, days=1)
    assert "2026-03-02 is a silent baseline" in told(story)


def test_what_happened_is_told_with_every_reason_newest_first(story: Story) -> None:
    story.days_at(90, 41, 90, 41)

    found = asked(story)

    assert [(one.as_of - FIRST, one.playbook, one.outcome) for one in found.decisions] == [
        (timedelta(3), "churn-risk", "deferred"),
        (timedelta(2), "churn-risk", "closed"),
        (timedelta(2), "recovered", "started"),
        (timedelta(1), "churn-risk", "started"),
    ]
    assert found.decisions[0].reason.startswith("Cooling down until")
    assert "Cooling down until" in told(story)
    assert [move.to_band for move in found.moves] == [
        "churn-risk",
        "healthy",
        "churn-risk",
        "healthy",
    ]
    assert [play.state for play in found.plays] == ["closed"]
    assert {step.state for step in found.steps[found.plays[0].id]} == {"done", "cancelled"}


def test_what_is_older_than_asked_for_is_left_out_but_open_plays_are_not(story: Story) -> None:
    story.days_at(72, 41, *[41] * 9)

    found = asked(story, days=3)

    assert found.decisions == ()
    assert [play.playbook for play in found.plays] == ["churn-risk"]
    assert "churn-risk, is open since 2026-03-04" in told(story, days=3)


def test_messages_are_shown_with_what_became_of_them(story: Story) -> None:
    story.days_at(72)
    story.day_at(41)
    with story.house.database.transaction() as tx:
        cancel_messages(tx, {story.play().id: "for a reason"}, story.watch.now())

    (message,) = asked(story).messages

    assert (message.state, message.error) == ("cancelled", "for a reason")
    assert "1 message is cancelled; see below." in told(story)


def test_messages_held_by_the_brake_are_said_to_wait_for_the_operator(story: Story) -> None:
    story.days_at(72)
    run, story.watch.time = "daily:2026-03-03", morning(1)
    commit(story.house, [story.look(41)], now=morning(1), run=run)
    with story.house.database.transaction() as tx:
        switches.set_switch(tx, f"brake/{run}", "tripped", "the brake", morning(1))

    assert "1 message is held" in told(story)
    assert f"The brake holds the run {run} until a manager" in told(story)


def test_what_stands_in_the_way_of_everything_comes_first(story: Story) -> None:
    story.days_at(72, 41)
    now = story.watch.now()
    pause(story.house, "olga", now=now)
    until = now + timedelta(days=3)
    snooze(story.house, story.play().id, member(story.house), until=until, now=now)

    first, second = answer(asked(story), now=now)[:2]

    assert first.startswith("Everything outward is paused by olga since 2026-03-04")
    assert second.startswith("Acme is snoozed until 2026-03-07")


def test_a_customer_who_is_not_active_or_no_longer_scored_is_said_to_be(house: House) -> None:
    story = Story(house, acme(house, status="paused"))
    story.days_at(72)
    story.watch.time += timedelta(days=5)

    assert "Acme is paused: nothing starts for them." in told(story)
    assert "The newest score is of 2026-03-02: the daily job" in told(story)


def test_nobody_is_answered_about_a_customer_nobody_knows(story: Story) -> None:
    with pytest.raises(UnknownCustomer):
        why(story.house, "globex", days=14, now=story.watch.now())
