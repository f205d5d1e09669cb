"""Rule 8: a run that looks insane is held, one card asks, and release sends what is still true."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scoring.feeds import FeedDays
from service.brake import Alarm, discard, feed_falls, finish_run, release
from service.ports import House
from service.steps import Done, Forbidden, Taken
from storage import outbox
from tests.service.stage import FIRST, Story, Watch, acme, commit, member, morning
from tests.service.weeks import moves_on, steps_of, weeks

RUN = "daily:2026-03-03"


def stories(house: House, many: int) -> list[Story]:
    """Return customers who all were at 72 on the first day, on one clock and one pair of wires."""
    watch = Watch(morning(0))
    told = [Story(house, acme(house, f"c{number}"), watch) for number in range(many)]
    baseline = [story.look(72) for story in told]
    commit(house, baseline, now=morning(0), run="daily:2026-03-02")
    for story, seen in zip(told, baseline, strict=True):
        story.slack, story.email = told[0].slack, told[0].email
        story.last = story.first = seen.current
        story.day = 1
    return told


def fall(house: House, told: Sequence[Story], to: float = 41) -> Alarm | None:
    told[0].watch.time = morning(1)
    commit(house, [story.look(to) for story in told], now=morning(1), run=RUN)
    return finish_run(house, RUN, as_of=FIRST + timedelta(days=1), now=morning(1))


def test_ten_who_worsen_are_ordinary(house: House) -> None:
    told = stories(house, 10)

    alarm = fall(house, told)
    told[0].deliver()

    assert alarm is None
    assert told[0].slack.views() == ["post alert"] * 10


def test_rule_8_eleven_of_eleven_are_held_and_one_card_asks(house: House) -> None:
    told = stories(house, 11)

    alarm = fall(house, told)
    told[0].deliver()

    assert alarm is not None
    assert (alarm.worsened, alarm.customers, alarm.held) == (11, 11, 11)
    assert told[0].slack.views() == ["post brake"]
    assert told[0].slack.sent[0].recipient == "#operators"
    assert told[0].email.sent == []


def test_rule_8_finishing_twice_asks_once(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)

    again = finish_run(house, RUN, as_of=FIRST + timedelta(days=1), now=morning(1))
    told[0].deliver()

    assert again is not None
    assert told[0].slack.views() == ["post brake"]


def test_rule_8_release_sends_exactly_what_still_holds_true(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)
    told[0].deliver()
    gone = told[3].customer
    acme(house, gone.key, status="churned")
    olga = member(house, "olga@bellwether.example", name="Olga", role="admin")

    answer = release(house, RUN, olga, now=morning(1))
    told[0].deliver()

    assert answer == Done("11 messages released.")
    alerts = [each for each in told[0].slack.sent if each.body["view"] == "alert"]
    assert {each.customer_id for each in alerts} == {
        story.customer.id for story in told if story.customer.id != gone.id
    }
    (update,) = [each for each in told[0].slack.sent if each.verb == "update"]
    assert (update.body["verdict"], update.body["by"]) == ("released", "Olga")


def test_rule_8_what_is_released_late_is_fresh_again(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)
    told[0].watch.time = morning(4)

    release(house, RUN, None, now=morning(4))
    told[0].deliver()

    assert "post alert" in told[0].slack.views()


def test_rule_8_who_hears_of_it_at_the_release_has_their_time_from_then_on(house: House) -> None:
    playbook = weeks()
    told = stories(replace(house, playbooks=(playbook,)), 11)
    fall(told[0].house, told)
    before = steps_of(told[0])
    held = timedelta(days=2)

    release(told[0].house, RUN, None, now=morning(1) + held)
    moves_on(told[0], morning(1) + held)

    after = steps_of(told[0])
    assert {name: step.due_at - before[name].due_at for name, step in after.items()} == {
        "alert": timedelta(0), "attention": held, "cause": held, "rest": held,
    }  # fmt: skip
    assert "post escalation" not in told[0].slack.views()


def test_rule_8_discard_sends_nothing_and_closes_what_nobody_heard_of(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)

    discard(house, RUN, None, now=morning(1))
    told[0].deliver()

    assert "post alert" not in told[0].slack.views()
    play = told[0].play()
    assert (play.state, play.reason) == ("closed", "Discarded by the operator at the brake.")
    assert told[0].mail_step().state == "cancelled"


def test_rule_8_discard_opens_again_what_the_run_had_closed(house: House) -> None:
    told = stories(house, 11)
    first, run = told[0], "daily:2026-03-05"
    fall_to(first, 90, morning(1))
    fall_to(first, 62, morning(2))
    waiting = first.steps("new-at-risk")
    for story in told:
        story.day = 3
    commit(house, [story.look(41) for story in told], now=morning(3), run=run)
    finish_run(house, run, as_of=FIRST + timedelta(days=3), now=morning(3))
    closed = first.play("new-at-risk").state

    discard(house, run, None, now=morning(3))
    first.deliver()

    assert closed == "closed"
    assert first.play("new-at-risk").state == "open"
    assert {name: (step.state, step.reason) for name, step in waiting.items()} == {
        name: (step.state, step.reason) for name, step in first.steps("new-at-risk").items()
    }
    assert first.play("churn-risk").state == "closed"
    # When it is true one day, the thread hears of it.
    first.day = 4
    fall_to(first, 90, morning(4))
    assert first.play("new-at-risk").state == "closed"
    assert first.slack.sent[-1].body.get("note") == "recovered"


def fall_to(story: Story, value: float, now: datetime) -> None:
    """Let one customer move to this score in a run of their own that nobody held."""
    seen, run = story.look(value), f"daily:alone-{story.day}"
    story.watch.time = now
    commit(story.house, [seen], now=now, run=run)
    finish_run(story.house, run, as_of=seen.current.as_of, now=now)
    story.last, story.day = seen.current, story.day + 1
    story.deliver()


def test_a_discarded_play_cools_nothing_down(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)
    discard(house, RUN, None, now=morning(1))
    story = told[0]
    story.last, story.day = story.look(90).current, 3

    story.days_at(41)

    assert "post alert" in story.slack.views()


def test_rule_16_the_second_answer_is_told_who_gave_the_first(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)
    olga = member(house, "olga@bellwether.example", name="Olga", role="admin")
    discard(house, RUN, olga, now=morning(1))

    answer = release(house, RUN, None, now=morning(1))

    assert answer == Taken("Olga", "discarded", morning(1))


def test_rule_17_a_csm_may_not_release(house: House) -> None:
    told = stories(house, 11)
    fall(house, told)

    answer = release(house, RUN, member(house), now=morning(1))

    assert isinstance(answer, Forbidden)
    with house.database.reading() as tx:
        assert outbox.held_count(tx, RUN) == 11


def test_a_killed_run_that_is_resumed_counts_everybody(house: House) -> None:
    told = stories(house, 11)
    commit(house, [story.look(41) for story in told[:6]], now=morning(1), run=RUN)

    alarm = fall(house, told[6:])

    assert alarm is not None
    assert alarm.worsened == 11


def feed(today: int, usual: int) -> dict[str, FeedDays]:
    days = {FIRST - timedelta(weeks=back): usual for back in range(1, 9)} | {FIRST: today}
    known = FeedDays(source="events:login", days=days, customers=usual, first_day=min(days))
    return {"events:login": known}


@pytest.mark.parametrize(
    ("today", "usual", "falls"), [(20, 41, 1), (21, 41, 0), (0, 40, 1), (2, 9, 0)]
)
def test_rule_8_a_feed_under_half_its_weekdays_median_is_a_fall(
    today: int, usual: int, falls: int
) -> None:
    assert len(list(feed_falls(feed(today, usual), FIRST))) == falls


def test_a_young_feed_is_not_judged() -> None:
    days = {FIRST - timedelta(weeks=back): 50 for back in range(1, 4)}
    young = {"events:login": FeedDays("events:login", days, 50, min(days))}

    assert list(feed_falls(young, FIRST)) == []
