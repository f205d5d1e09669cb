"""A snoozed alert rests: nobody else is told of it before the snooze ends, nor at once then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from service.advance import advance
from service.alert import alert_view
from service.ports import House
from service.resting import AWAKE
from service.steps import acknowledge, snooze
from tests.service.stage import Story
from tests.service.weeks import moves_on, someone, steps_of, story_of

WAKING = AWAKE.partition(".")[0]


@pytest.fixture
def story(house: House) -> Story:
    """Acme falls on a Tuesday and is told of on Wednesday morning; four hours later others are."""
    found = story_of(house)
    found.days_at(72, 41)
    return found


def due(story: Story) -> datetime:
    return steps_of(story)["attention"].due_at


def rests(story: Story, until: datetime) -> None:
    snooze(
        story.house, story.play("weeks").id, someone(story.house), until=until,
        now=story.watch.now(),
    )  # fmt: skip


def told(story: Story) -> Sequence[str]:
    """Return who was told that nobody took it, and what the thread said of the snooze."""
    others = [each.recipient for each in story.slack.sent if each.body["view"] == "escalation"]
    return [*others, *(WAKING for each in story.slack.sent if each.body.get("note") == "awake")]


def test_others_are_told_only_after_the_snooze_and_after_as_long_again(story: Story) -> None:
    # From one in the afternoon to nine in the morning, where Acme is.
    first, end = due(story), due(story) + timedelta(hours=20)
    rests(story, end)

    moves_on(story, first)
    assert told(story) == []
    moves_on(story, end)
    assert told(story) == [WAKING]
    again = due(story)
    moves_on(story, again - timedelta(minutes=1))
    assert told(story) == [WAKING]
    moves_on(story, again)

    assert again - end == timedelta(hours=4)
    assert told(story) == ["#alerts", WAKING]


def test_a_snooze_that_is_over_before_moves_nothing(story: Story) -> None:
    rests(story, due(story) - timedelta(minutes=1))

    moves_on(story, due(story))

    assert told(story) == ["#alerts"]


@pytest.mark.slow
def test_who_takes_it_while_it_rests_ends_it(story: Story) -> None:
    first, end = due(story), due(story) + timedelta(hours=1)
    rests(story, end)
    moves_on(story, first)
    acknowledge(story.house, story.play("weeks").id, someone(story.house), now=story.watch.now())

    moves_on(story, end)
    moves_on(story, end + timedelta(days=1))

    assert told(story) == []
    assert steps_of(story)["attention"].reason == "Carla has it."


@pytest.mark.slow
def test_snoozed_once_more_it_rests_on(story: Story) -> None:
    first, end = due(story), due(story) + timedelta(hours=1)
    rests(story, end)
    moves_on(story, first)
    rests(story, end + timedelta(hours=1))

    moves_on(story, end)
    assert told(story) == []
    moves_on(story, end + timedelta(hours=1))

    assert told(story) == [WAKING]


def test_a_word_that_has_not_left_waits_for_the_end_too(story: Story) -> None:
    story.watch.time = due(story)
    advance(story.house, now=story.watch.now())
    end = story.watch.now() + timedelta(days=2)
    rests(story, end)

    story.deliver()
    assert told(story) == []
    story.watch.time = end
    story.deliver()

    assert told(story) == ["#alerts"]


def test_snoozed_anew_for_a_shorter_time_it_rests_no_longer_than_that(story: Story) -> None:
    first = due(story)
    rests(story, first + timedelta(days=7))
    moves_on(story, first)
    rests(story, first + timedelta(hours=1))

    moves_on(story, first + timedelta(hours=1))

    assert told(story) == [WAKING]


def test_a_snooze_spoken_before_the_alert_was_raised_is_not_about_it(story: Story) -> None:
    early = story.play("weeks").opened_at - timedelta(minutes=1)
    snooze(
        story.house, story.play("weeks").id, someone(story.house),
        until=due(story) + timedelta(days=2), now=early,
    )  # fmt: skip

    moves_on(story, due(story))

    assert told(story) == ["#alerts"]


def test_the_card_says_that_it_rests(story: Story) -> None:
    end = due(story) + timedelta(hours=1)
    rests(story, end)

    now = alert_view(story.house, story.play("weeks").id, now=story.watch.now())
    later = alert_view(story.house, story.play("weeks").id, now=end)

    assert (now.rests_until, later.rests_until) == (end, None)


@pytest.mark.slow
def test_the_tick_that_comes_twice_wakes_it_once(story: Story) -> None:
    first, end = due(story), due(story) + timedelta(hours=1)
    rests(story, end)
    moves_on(story, first)
    moves_on(story, end)

    again = advance(story.house, now=end)

    assert (again.moved, again.closed) == (0, 0)
    assert told(story) == [WAKING]
