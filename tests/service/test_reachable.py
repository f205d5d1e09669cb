"""Our own people sleep too: what is not urgent waits for their morning, and caps hold for a day."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from playbooks.load import parse
from playbooks.playbook import Playbook
from service.manners import reachable_at
from service.ports import Caps, House
from storage import people
from tests.service.stage import CSM, Story, alert, morning
from tests.service.weeks import moves_on, stands_at, steps_of, story_of

CALM = """
name: churn-risk
version: 1
title: Calm
when: {kind: enters_band, bands: [churn-risk]}
then:
  - {step: alert, kind: slack_alert, urgent: false}
  - {step: note, kind: slack_post, to: "#x", text: hi}
"""
GROWTH = """
name: growth
version: 1
title: Growth
when: {kind: crosses, at: 60, direction: above}
then:
  - {step: alert, kind: slack_alert}
  - {step: rest, kind: wait, days: 3}
  - {step: praise, kind: slack_post, to: csm, text: "Ask {{ customer.name }} for a story."}
"""


def calm(*, urgent: bool = False) -> Playbook:
    return parse(CALM.replace("urgent: false", f"urgent: {str(urgent).lower()}"), "calm.yaml")


def asleep(house: House, *playbooks: Playbook) -> Story:
    """Acme falls; Carla, in New York, is told at 5:00 UTC, which is midnight there."""
    story = story_of(replace(house, csm_quiet=(time(20), time(8))), *playbooks)
    with house.database.transaction() as tx:
        people.upsert_member(tx, CSM, timezone="America/New_York")
    return story


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-20T12:00", None),  # A Friday.
        ("2026-11-20T19:30", "2026-11-23T07:00"),
        ("2026-11-21T12:00", "2026-11-23T07:00"),
        ("2026-11-22T22:59", "2026-11-23T07:00"),
        ("2026-11-23T06:59", "2026-11-23T07:00"),
    ],
)
def test_a_friday_evening_and_a_weekend_wait_for_mondays_morning(
    house: House, now: str, then: str | None
) -> None:
    resting = replace(house, csm_quiet=(time(20), time(8)), weekends=False)

    found = reachable_at(
        resting, ZoneInfo("Europe/Berlin"), datetime.fromisoformat(now).replace(tzinfo=UTC)
    )

    assert found == (datetime.fromisoformat(then).replace(tzinfo=UTC) if then else None)


def test_an_alert_waits_for_the_csms_own_morning_however_long_its_day_is(house: House) -> None:
    story = asleep(house, calm())
    story.live_in(weekends=False)
    story.days_at(72, 41)
    assert story.slack.sent == []

    story.watch.time = morning(1) + timedelta(hours=8)
    story.deliver()

    assert [each.recipient for each in story.slack.sent] == [f"member:{CSM}", "#x"]
    assert alert(story).attempts == 1


def test_what_is_urgent_wakes_somebody(house: House) -> None:
    story = asleep(house, calm(urgent=True))

    story.days_at(72, 41)

    assert f"member:{CSM}" in [each.recipient for each in story.slack.sent]


def test_what_was_resolved_in_the_night_is_not_told_in_the_morning(house: House) -> None:
    story = asleep(house, calm())
    story.days_at(72, 41)
    stands_at(story, 90, "healthy")

    story.watch.time = morning(1) + timedelta(hours=8)
    story.deliver()

    assert story.slack.sent == []
    assert "Back from churn-risk to healthy" in (alert(story).error or "")


def test_the_wait_for_a_morning_is_none_of_a_messages_age(house: House) -> None:
    story = asleep(house, calm())
    story.days_at(72, 41)
    before = alert(story).expires_at
    assert before is not None

    assert before == morning(1) + timedelta(hours=24 + 8)


def test_who_got_as_much_as_the_house_allows_in_a_day_is_told_the_rest_tomorrow(
    house: House,
) -> None:
    posts = "".join(
        f"\n  - {{step: note-{number}, kind: slack_post, to: csm, text: hi}}" for number in range(3)
    )
    many = parse(CALM.partition("then:")[0] + "then:" + posts, "many.yaml")
    story = story_of(replace(house, caps=Caps(csm_a_day=2)), many)
    story.days_at(72, 41)
    assert len(story.slack.sent) == 2

    story.watch.time = morning(2)
    story.deliver()

    assert len(story.slack.sent) == 3


def test_what_grows_with_a_customer_is_not_dropped_because_they_got_better(house: House) -> None:
    story = story_of(house, parse(GROWTH, "growth.yaml"))
    story.days_at(55, 65)
    assert story.play("growth").band == "at-risk"
    stands_at(story, 90, "healthy")

    moves_on(story, steps_of(story, "growth")["rest"].due_at)

    assert story.play("growth").state == "open"
    said = [each.body.get("text") for each in story.slack.sent]
    assert "Ask Acme for a story." in said


def test_what_grows_with_a_customer_stops_when_that_is_gone(house: House) -> None:
    story = story_of(house, parse(GROWTH, "growth.yaml"))
    story.days_at(55, 65)
    stands_at(story, 50, "at-risk")

    moves_on(story, steps_of(story, "growth")["rest"].due_at)

    found = story.play("growth")
    assert (found.state, found.reason) == ("closed", "The score is under 60 again, at 50.00.")
