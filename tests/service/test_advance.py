"""Plays of weeks: waits in business time, answers, escalation, and ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from playbooks.decide import Close
from service import closing, pause
from service.advance import advance
from service.ports import House
from service.steps import Done, Stale, Taken, acknowledge
from storage import audit, customers, people, playlist, plays
from storage.customers import CustomerFields
from tests.service.stage import Story, acme, commit, morning
from tests.service.weeks import (
    answers,
    finishes,
    moves_on,
    someone,
    stands_at,
    steps_of,
    story_of,
    weeks,
)

BACKUP, BOSS = "berta@bellwether.example", "max@bellwether.example"


@pytest.fixture
def story(house: House) -> Story:
    """Acme falls on a Tuesday and is told of on Wednesday morning; 5:00 UTC is 6:00 in Berlin."""
    found = story_of(house, contact_email="bob@acme.example", contact_name="Bob")
    found.days_at(72, 41)
    return found


def texts(story: Story) -> list[str]:
    return [
        str(each.body["text"]) for each in story.slack.sent if each.body["view"] == "slack_post"
    ]


def test_a_play_opens_up_to_its_first_wait(story: Story) -> None:
    states = {name: step.state for name, step in steps_of(story).items()}

    assert states == {
        "alert": "done",
        "attention": "scheduled",
        "cause": "waiting_answer",
        "rest": "scheduled",
    }
    assert steps_of(story)["alert"].body["text"] == "Save Acme."
    assert steps_of(story)["cause"].body["answers"][0] == {"name": "price", "title": "The price"}


def test_a_wait_of_business_days_ends_after_the_weekend_and_not_before(story: Story) -> None:
    # Wednesday and three working days is Monday, at the same local time.
    due = steps_of(story)["rest"].due_at
    assert due == morning(1) + timedelta(days=5)

    moves_on(story, due - timedelta(minutes=1))
    assert texts(story) == []

    moves_on(story, due)
    assert texts(story) == ["Nobody knows why yet."]
    assert steps_of(story)["call"].body["title"] == "Call Acme"


def test_the_tick_that_comes_twice_adds_nothing(story: Story) -> None:
    due = steps_of(story)["rest"].due_at
    moves_on(story, due)
    before = len(story.slack.sent)

    again = moves_on(story, due)

    assert (again.moved, again.closed, len(story.slack.sent)) == (0, 0, before)


def test_holidays_of_the_houses_region_are_no_working_days(house: House) -> None:
    # 6 March 2026, a Friday, is a holiday in nobody's region but Ghana's: Independence Day.
    story = story_of(replace(house, region="GH"))
    story.days_at(72, 41)

    assert steps_of(story)["rest"].due_at == morning(1) + timedelta(days=6)


def test_an_answer_begins_what_follows_it_and_the_first_click_wins(story: Story) -> None:
    with story.house.database.transaction() as tx:
        people.upsert_member(tx, BOSS, "Max", role="manager")

    first = answers(story, "cause", "price")
    second = answers(story, "cause", "other", who=BOSS)

    assert isinstance(first, Done)
    assert isinstance(second, Taken)
    assert second.by == "Carla"
    assert steps_of(story)["discount"].state == "waiting_answer"
    with story.house.database.reading() as tx:
        acts = audit.recent(tx, subject=f"step/{steps_of(story)['cause'].id}")
    assert [(act.action, act.details["answer"]) for act in acts] == [("question", "price")]


def test_a_yes_to_an_offer_drafts_the_mail_that_waits_for_another_yes(story: Story) -> None:
    answers(story, "cause", "price")

    answers(story, "discount", "yes")
    story.deliver()

    assert steps_of(story)["letter"].state == "waiting_approval"
    assert steps_of(story)["letter"].body["mail"]["to"] == "bob@acme.example"
    notes = [str(each.body.get("text")) for each in story.slack.sent if each.verb == "reply"]
    asked = "A mail waits for your yes in the alert above: "
    assert any(note.startswith(asked) for note in notes)
    assert story.email.sent == []


def test_a_no_to_an_offer_does_the_other_thing(story: Story) -> None:
    answers(story, "cause", "price")

    answers(story, "discount", "no")

    with story.house.database.reading() as tx:
        found = customers.customer_by_id(tx, story.customer.id)
    assert found is not None
    assert found.tags == ("no-discount",)


def test_a_branch_goes_by_an_answer_given_before(story: Story) -> None:
    answers(story, "cause", "price")

    moves_on(story, steps_of(story)["rest"].due_at)

    assert texts(story) == ["It is about the price."]


def test_a_question_nobody_answers_lapses_and_its_button_is_refused(story: Story) -> None:
    due = steps_of(story)["cause"].due_at

    moves_on(story, due)

    assert steps_of(story)["cause"].state == "cancelled"
    late = answers(story, "cause", "price")
    assert isinstance(late, Stale)
    assert "Nobody answered" in late.reason


def test_an_answer_that_is_none_of_the_answers_is_refused(story: Story) -> None:
    assert answers(story, "cause", "revenge") == Stale("That is none of the answers.")


def test_rule_16_who_may_only_look_may_not_answer(story: Story) -> None:
    with story.house.database.transaction() as tx:
        people.upsert_member(tx, "vera@bellwether.example", "Vera", role="viewer")

    outcome = answers(story, "cause", "price", who="vera@bellwether.example")

    assert type(outcome).__name__ == "Forbidden"
    assert steps_of(story)["cause"].state == "waiting_answer"


def test_a_task_is_finished_once(story: Story) -> None:
    moves_on(story, steps_of(story)["rest"].due_at)

    assert isinstance(finishes(story, "call"), Done)
    assert isinstance(finishes(story, "call"), Taken)
    assert steps_of(story)["call"].decided_by == "Carla"


def test_nobody_acknowledges_so_the_backup_and_then_the_manager_are_told_once_each(
    story: Story,
) -> None:
    name_stand_ins(story)
    # 6:00 on Wednesday in Berlin: work begins at nine, and four hours later it is one o'clock.
    first = steps_of(story)["attention"].due_at
    assert first == datetime(2026, 3, 4, 12, tzinfo=UTC)

    moves_on(story, first)
    moves_on(story, first + timedelta(hours=3))
    second = steps_of(story)["attention2"].due_at
    assert second == first + timedelta(hours=4)
    moves_on(story, second)
    moves_on(story, second + timedelta(days=30))

    told = [each.recipient for each in story.slack.sent if each.body["view"] == "escalation"]
    assert told == [f"member:{BACKUP}", f"member:{BOSS}"]
    with story.house.database.reading() as tx:
        acts = audit.recent(tx, subject=f"play/{story.play('weeks').id}")
    assert [a.details["to"] for a in acts if a.action == "escalate"] == ["manager", "backup"]


def test_an_acknowledgement_ends_the_escalation(story: Story) -> None:
    name_stand_ins(story)
    carla = someone(story.house)
    acknowledge(story.house, story.play("weeks").id, carla, now=story.watch.now())

    moves_on(story, steps_of(story)["attention"].due_at)

    assert steps_of(story)["attention"].reason == "Carla has it."
    assert [each for each in story.slack.sent if each.body["view"] == "escalation"] == []


def test_whoever_has_answered_has_the_alert_and_nobody_else_is_told(story: Story) -> None:
    name_stand_ins(story)
    answers(story, "cause", "price")

    moves_on(story, steps_of(story)["attention"].due_at)

    assert steps_of(story)["attention"].reason == "Carla has it."
    assert [each for each in story.slack.sent if each.body["view"] == "escalation"] == []


def test_whoever_answers_before_the_word_has_left_is_not_told_on(story: Story) -> None:
    story.watch.time = steps_of(story)["attention"].due_at
    advance(story.house, now=story.watch.now())
    answers(story, "cause", "price")

    story.deliver()

    assert [each for each in story.slack.sent if each.body["view"] == "escalation"] == []


def test_where_nobody_stands_in_the_houses_conversation_is_told_once(story: Story) -> None:
    first = steps_of(story)["attention"].due_at

    moves_on(story, first)
    moves_on(story, first + timedelta(days=3))

    told = [each.recipient for each in story.slack.sent if each.body["view"] == "escalation"]
    assert told == ["#alerts"]


def test_a_play_whose_customer_recovered_is_closed_when_it_would_go_on(story: Story) -> None:
    stands_at(story, 90, "healthy")

    done = moves_on(story, steps_of(story)["rest"].due_at)

    play = story.play("weeks")
    assert done.closed == 1
    assert (play.state, play.reason) == ("closed", "Back from churn-risk to healthy, at 90.00.")
    assert texts(story) == []
    assert {step.state for step in steps_of(story).values()} == {"done", "cancelled"}


def test_a_customer_who_left_ends_the_play(story: Story) -> None:
    with story.house.database.transaction() as tx:
        gone = [CustomerFields("acme", status="churned")]
        customers.upsert_customers(tx, gone, story.watch.now())

    moves_on(story, steps_of(story)["rest"].due_at)

    assert story.play("weeks").reason == "The customer is churned."


def test_nothing_goes_on_while_everything_is_paused_and_all_of_it_does_after(story: Story) -> None:
    due = steps_of(story)["rest"].due_at
    pause.pause(story.house, "Max", now=due)
    moves_on(story, due)
    assert "call" not in steps_of(story)

    pause.resume(story.house, "Max", now=due + timedelta(days=1))
    moves_on(story, due + timedelta(days=1))

    assert texts(story) == ["Nobody knows why yet."]


def test_a_play_goes_on_with_the_playbook_it_began_with(story: Story) -> None:
    story.live_in(playbooks=(weeks(**{"Nobody knows why yet.": "Edited since."}),))
    moves_on(story, steps_of(story)["rest"].due_at)
    story.live_in(playbooks=())
    moves_on(story, steps_of(story)["later"].due_at)

    assert texts(story) == ["Nobody knows why yet."]
    assert steps_of(story)["end"].state == "scheduled"


def test_a_stop_ends_the_play_a_day_later(story: Story) -> None:
    moves_on(story, steps_of(story)["rest"].due_at)
    moves_on(story, steps_of(story)["later"].due_at)
    end = steps_of(story)["end"].due_at
    assert end == steps_of(story)["later"].due_at + timedelta(days=1)

    moves_on(story, end)

    play = story.play("weeks")
    assert (play.state, play.reason) == ("closed", "Three weeks have passed.")
    assert steps_of(story)["call"].state == "cancelled"


def test_a_merge_field_that_is_not_known_blocks_that_step_and_says_so(house: House) -> None:
    asking = weeks(**{"Call {{ customer.name }}": "Renew {{ customer.plan }}"})
    story = story_of(house, asking)
    story.days_at(72, 41)

    moves_on(story, steps_of(story)["rest"].due_at)

    call = steps_of(story)["call"]
    assert call.state == "cancelled"
    assert call.reason is not None
    assert "plan" in call.reason
    assert steps_of(story)["later"].state == "scheduled"


def test_a_field_and_a_webhook_are_written_in_the_same_transaction(house: House) -> None:
    calling = weeks(
        **{
            '{step: asked, kind: slack_post, to: csm, text: "Nobody knows why yet."}': (
                '{step: crm, kind: webhook, endpoint: crm, fields: {why: "{{ play.reason }}"}}, '
                "{step: phase, kind: set_field, field: lifecycle, to: rescue}"
            )
        }
    )
    story = story_of(house, calling)
    story.days_at(72, 41)

    moves_on(story, steps_of(story)["rest"].due_at)

    with story.house.database.reading() as tx:
        found = customers.customer_by_id(tx, story.customer.id)
        said = playlist.messages_of_play(tx, story.play("weeks").id)
        (call,) = [one for one in said if one.channel == "webhook"]
    assert found is not None
    assert found.lifecycle == "rescue"
    assert (call.recipient, call.body["type"]) == ("crm", "playbook.step")
    assert call.body["data"]["why"] == "From at-risk to churn-risk: 72 to 41."


def test_rule_8_a_play_whose_alert_is_held_waits_with_it(house: House) -> None:
    story = story_of(house)
    story.days_at(72)
    seen = story.look(41)
    commit(story.house, [seen], now=morning(1), run="daily:held")
    due = steps_of(story)["rest"].due_at

    assert moves_on(story, due).moved == 0
    assert "call" not in steps_of(story)


def test_a_play_that_breaks_holds_up_no_other_and_is_raised_at_the_end(house: House) -> None:
    first = story_of(house)
    first.days_at(72, 41)
    second = Story(first.house, acme(house, "bolt"))
    second.days_at(72, 41)
    broken, due = steps_of(first)["attention"], steps_of(second)["attention"].due_at
    with house.database.transaction() as tx:
        plays.rewrite_step(tx, broken.id, "scheduled", {"nothing": 1}, due_at=broken.due_at)

    with pytest.raises(ExceptionGroup) as caught:
        # So few at a time that the broken one, due first, alone would fill a tick.
        advance(first.house, now=due, limit=1)

    assert [type(one) for one in caught.value.exceptions] == [KeyError]
    assert steps_of(first)["attention"].state == "scheduled"
    assert steps_of(second)["attention"].state == "done"


def name_stand_ins(story: Story) -> None:
    with story.house.database.transaction() as tx:
        backup = people.upsert_member(tx, BACKUP, "Berta")
        boss = people.upsert_member(tx, BOSS, "Max", role="manager")
        carla = people.member_by_email(tx, "carla@bellwether.example")
        assert carla is not None
        people.name_stand_ins(tx, carla.id, backup_id=backup.id, manager_id=boss.id)


def test_one_who_is_both_backup_and_manager_is_told_once(story: Story) -> None:
    with story.house.database.transaction() as tx:
        boss = people.upsert_member(tx, BOSS, "Max", role="manager")
        carla = people.upsert_member(tx, "carla@bellwether.example")
        people.name_stand_ins(tx, carla.id, backup_id=boss.id, manager_id=boss.id)
    first = steps_of(story)["attention"].due_at

    moves_on(story, first)
    moves_on(story, first + timedelta(days=3))

    told = [each.recipient for each in story.slack.sent if each.body["view"] == "escalation"]
    assert told == [f"member:{BOSS}"]


def test_a_play_closed_by_two_at_once_is_closed_and_told_of_once(story: Story) -> None:
    play = story.play("weeks")
    first = Close(play.id, play.playbook, "recovered", "Well again.")
    with story.house.database.transaction() as tx:
        ending = closing.Ending(story.customer, play, first)
        told = closing.close(tx, story.house, [ending], now=story.watch.now())
        # Who decided before that commit still holds the play as it was, open.
        second = replace(first, outcome="over", reason="The customer is churned.")
        later = replace(ending, decision=second)
        again = closing.close(tx, story.house, [later], now=story.watch.now())

    assert [each.verb for each in told] == ["update", "reply"]
    assert again == []
    assert story.play("weeks").reason == "Well again."
