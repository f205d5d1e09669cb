"""Was the alert worth it, and what did the playbook come to? Counted, and called few where few."""

from datetime import timedelta
from decimal import Decimal

import pytest

from service import privacy, results
from service.brake import discard, finish_run
from service.digest import post_digest
from service.feedback import judge
from service.overseeing import cancel
from service.ports import House, Keep
from service.results import FEWEST_ANSWERS, Result, span
from service.retain import retain
from service.steps import Done, Forbidden, Stale, acknowledge
from storage import audit, feedback, outbox, plays
from storage.feedback import Opinion
from tests.service.stage import FIRST, Story, acme, commit, member, morning


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41 and Carla has been told."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    return story


def says(story: Story, verdict: Opinion, email: str = "carla@bellwether.example") -> object:
    who = member(story.house, email, name=email.partition("@")[0].capitalize())
    return judge(story.house, story.play().id, who, verdict, now=story.watch.now())


def result(story: Story) -> Result:
    found = results.results(story.house, now=story.watch.now())
    return next(one for one in found if one.playbook == "churn-risk")


def test_each_person_has_one_word_and_may_change_it(story: Story) -> None:
    assert says(story, "useful") == Done("You called this alert useful.")
    says(story, "false_alarm", "dan@bellwether.example")
    says(story, "false_alarm")

    with story.house.database.reading() as tx:
        said = feedback.verdicts_of(tx, story.play().id)
    assert {(each.by, each.verdict) for each in said} == {
        ("Carla", "false_alarm"),
        ("Dan", "false_alarm"),
    }
    assert (result(story).useful, result(story).false_alarms) == (0, 2)


def test_the_same_word_twice_changes_nothing_and_is_noted_once(story: Story) -> None:
    says(story, "useful")
    says(story, "useful")

    with story.house.database.reading() as tx:
        acts = [each.action for each in audit.recent(tx, subject=f"play/{story.play().id}")]
    assert acts == ["judge"]


def test_a_closed_alert_may_be_judged_and_a_viewer_may_not(story: Story) -> None:
    viewer = member(story.house, "vic@bellwether.example", role="viewer")
    story.days_at(72)

    assert isinstance(says(story, "useful"), Done)
    refused = judge(story.house, story.play().id, viewer, "useful", now=story.watch.now())
    assert isinstance(refused, Forbidden)


def test_a_word_on_what_is_gone_is_stale(story: Story) -> None:
    answer = judge(story.house, 999_999, member(story.house), "useful", now=story.watch.now())

    assert isinstance(answer, Stale)


def test_a_recovery_counts_with_what_the_customer_is_worth(story: Story) -> None:
    told = story.watch.now()
    story.watch.time = told + timedelta(minutes=90)
    acknowledge(story.house, story.play().id, member(story.house), now=story.watch.now())
    story.days_at(72)

    found = result(story)

    assert (found.started, found.ended, found.recovered) == (1, 1, 1)
    assert found.saved == Decimal(12_000)
    assert found.to_acknowledge == timedelta(minutes=90)
    assert found.few_ends
    assert found.few_acknowledged


def test_a_play_ended_by_hand_is_no_recovery(story: Story) -> None:
    cancel(story.house, story.play().id, reason="We spoke", by="Carla", now=story.watch.now())

    found = result(story)

    assert (found.ended, found.recovered, found.saved) == (1, 0, Decimal(0))


def test_what_the_brake_threw_away_was_never_begun(house: House) -> None:
    stories = [Story(house, acme(house, f"c{n}")) for n in range(12)]
    for each in stories:
        each.day_at(72)
    run, now = f"daily:{FIRST + timedelta(days=1)}", morning(1)
    commit(house, [each.look(41) for each in stories], now=now, run=run)
    finish_run(house, run, as_of=FIRST + timedelta(days=1), now=now)
    assert results.results(house, now=now)[0].started == 12

    discard(house, run, None, now=now)

    assert results.results(house, now=now) == ()


def test_more_than_one_in_five_is_noise_once_ten_have_spoken(story: Story) -> None:
    for number in range(FEWEST_ANSWERS - 1):
        says(story, "useful" if number > 2 else "false_alarm", f"p{number}@bellwether.example")
    assert result(story).suggestion is None
    assert result(story).few_answers

    says(story, "useful", "last@bellwether.example")

    suggestion = result(story).suggestion or ""
    assert suggestion.startswith("3 of 10 answers call ")
    assert "bellwether simulate churn-risk" in suggestion
    assert not result(story).few_answers


def test_one_in_five_is_none_yet(story: Story) -> None:
    for number in range(FEWEST_ANSWERS):
        says(story, "useful" if number > 1 else "false_alarm", f"p{number}@bellwether.example")

    assert result(story).precision == Decimal("0.8")
    assert result(story).suggestion is None


def test_the_first_digest_of_a_week_says_what_people_said(story: Story) -> None:
    says(story, "useful")
    for day in (0, 1, 7):
        post_digest(story.house, now=story.watch.now(), local_day=FIRST + timedelta(days=day))

    bodies = []
    for day in (0, 1, 7):
        with story.house.database.reading() as tx:
            found = outbox.message_by_key(tx, f"digest/{FIRST + timedelta(days=day)}")
        assert found is not None
        bodies.append(found.body["judged"])
    assert [len(each) for each in bodies] == [1, 0, 1]
    assert bodies[0][0]["useful"] == bodies[0][0]["answers"] == 1


def test_rule_19_what_was_said_goes_with_the_customer_and_with_the_play(story: Story) -> None:
    says(story, "useful")
    story.days_at(72)
    other = Story(story.house, acme(story.house, "beta"))
    other.days_at(72, 41)
    says(other, "useful")
    other.days_at(72)
    assert {"feedback", "play_end"} <= set(privacy.export(story.house, "acme"))

    privacy.erase(story.house, "acme", by="ann", now=story.watch.now())
    story.live_in(keep=Keep(messages=timedelta(days=30)))
    gone = retain(story.house, now=other.watch.now() + timedelta(days=400))

    assert gone["plays"] == 1
    assert results.results(story.house, now=other.watch.now()) == ()


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "1 min"), (40, "40 min"), (210, "3.5 h"), (60 * 60, "2.5 days")]
)
def test_a_wait_is_said_as_people_say_it(minutes: int, said: str) -> None:
    assert span(timedelta(minutes=minutes)) == said


def test_a_play_begun_where_all_was_well_has_nothing_to_recover_from(story: Story) -> None:
    with story.house.database.transaction() as tx:
        play = plays.open_play(
            tx, customer_id=story.customer.id, playbook="growth", version="growth@1", episode="1",
            opened_at=story.watch.now(), trigger_as_of=FIRST, band="healthy",
            score=Decimal(95), root_key=None,
        )  # fmt: skip
        assert play is not None
        feedback.note_ends(tx, [feedback.Ended(play, "over", Decimal(1))], story.watch.now())

    found = results.results(story.house, now=story.watch.now())

    (growth,) = [one for one in found if one.playbook == "growth"]
    assert (growth.started, growth.ended, growth.recovery) == (1, 0, None)
