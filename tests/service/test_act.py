"""What a run leaves behind: plays, steps, intents, and a reason for everything."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from service.act import Acted, act
from service.brake import finish_run
from service.ports import House
from storage import customers, outbox, plays
from tests.service.stage import CSM, FIRST, Story, acme, commit, morning


@pytest.fixture
def story(house: House) -> Story:
    return Story(house, acme(house))


def reasons(story: Story) -> dict[tuple[str, str], str]:
    with story.house.database.reading() as tx:
        found = plays.decisions_of(tx, story.customer.id, FIRST)
    return {(each.playbook, each.outcome): each.reason for each in reversed(found)}


def counted(story: Story) -> dict[str, int]:
    with story.house.database.reading() as tx:
        return outbox.counts(tx)


def test_rule_3_the_first_run_is_silent_and_says_so(story: Story) -> None:
    acted = story.day_at(41)

    assert acted == Acted(started=0, closed=0, skipped=1)
    assert counted(story) == {}
    said = reasons(story)["churn-risk", "skipped"]
    assert said == "First sight, in churn-risk: a silent baseline."


def test_a_fall_opens_one_play_with_an_alert_a_waiting_mail_and_a_task(story: Story) -> None:
    story.days_at(72)

    story.day_at(41)

    steps = story.steps()
    assert {name: step.state for name, step in steps.items()} == {
        "alert": "done",
        "outreach": "waiting_approval",
        "call": "to_do",
    }
    assert counted(story) == {"pending": 1}
    assert reasons(story)["churn-risk", "started"] == "From at-risk to churn-risk: 72 to 41."


def test_the_alert_goes_to_the_csm_and_freezes_what_it_was_raised_on(story: Story) -> None:
    story.days_at(72)

    story.days_at(41)

    (alert,) = story.slack.sent
    assert alert.recipient == f"member:{CSM}"
    assert alert.body == {"view": "alert", "play_id": story.play().id}
    frozen = story.steps()["alert"].body
    assert (frozen["score_before"], frozen["score"]) == ("72", "41")
    assert frozen["drivers"][0]["sentence"].startswith("Logins fell from 14 to 8")


def test_a_customer_without_a_csm_is_told_about_in_the_fallback_conversation(house: House) -> None:
    story = Story(house, acme(house, csm_email=None, csm_name=None))

    story.days_at(72, 41)

    assert [each.recipient for each in story.slack.sent] == ["#alerts"]


def test_rule_2_acting_twice_on_one_day_adds_nothing(story: Story) -> None:
    story.days_at(72)
    seen = story.look(41)
    run, now = "daily:again", morning(1)
    commit(story.house, [seen], now=now, run=run)
    before = counted(story)

    again = commit(story.house, [seen], now=now, run=run)

    assert again.started == 0
    assert counted(story) == before == {"held": 1}


def test_rule_1_a_batch_that_is_rolled_back_leaves_nothing(story: Story) -> None:
    story.days_at(72)
    seen = story.look(41)

    def killed() -> None:
        with story.house.database.transaction() as tx:
            act(tx, story.house, [seen], now=morning(1), run="daily:killed")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()

    assert counted(story) == {}
    assert story.day_at(41).started == 1


def test_nothing_leaves_before_the_run_is_finished(story: Story) -> None:
    story.days_at(72)
    run, story.watch.time = "daily:unfinished", morning(1)
    commit(story.house, [story.look(41)], now=morning(1), run=run)

    before = story.deliver().sent
    finish_run(story.house, run, as_of=FIRST + timedelta(days=1), now=morning(1))

    assert (before, story.deliver().sent) == (0, 1)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"contact_email": None, "contact_name": None}, "no contact"),
        ({"contact_email": "gone@customer.example"}, "has unsubscribed"),
    ],
)
def test_a_mail_that_cannot_be_written_is_blocked_and_says_why(
    house: House, changed: dict[str, Any], reason: str
) -> None:
    with house.database.transaction() as tx:
        secret = house.mail.secret
        customers.opt_out(tx, "gone@customer.example", "unsubscribed", secret, morning(-2))
    story = Story(house, acme(house, **changed))

    story.days_at(72, 41)

    mail = story.mail_step()
    assert mail.state == "cancelled"
    assert reason in mail.body["blocked"]
    assert story.slack.views() == ["post alert"]


def test_a_template_that_does_not_exist_blocks_its_mail_and_nothing_else(house: House) -> None:
    churn = house.playbooks[1]
    mail = churn.then[1].model_copy(update={"template": "missing"})
    broken = churn.model_copy(update={"then": (churn.then[0], mail)})
    story = Story(house, acme(house))
    story.live_in(playbooks=(broken,))

    story.days_at(72, 41)

    assert "could not be worded" in story.mail_step().body["blocked"]
    assert story.slack.views() == ["post alert"]


def test_a_mail_is_in_the_operators_own_words_where_they_wrote_some(
    house: House, tmp_path: Path
) -> None:
    own = tmp_path / "email" / "outreach_churn_risk"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("Ours for {{ customer.name }}")
    story = Story(house, acme(house))
    story.live_in(mail=replace(house.mail, templates=tmp_path))

    story.days_at(72, 41)

    worded = story.mail_step().body["mail"]
    assert worded["subject"] == "Ours for Acme"
    assert "Acme" in worded["text"]


def test_the_draft_is_the_mail_to_the_letter(story: Story) -> None:
    story.days_at(72, 41)

    mail = story.mail_step().body["mail"]

    assert mail["to"] == "acme@customer.example"
    assert mail["from"] == "success@bellwether.example"
    assert mail["message_id"].endswith("@bellwether.example>")
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["headers"]["List-Unsubscribe"].startswith(
        "<https://bellwether.example/unsubscribe/"
    )
    assert "Acme" in mail["text"]
    assert "Logins fell from 14 to 8" in mail["text"]
    assert "points" not in mail["text"]


def test_a_csm_s_mail_carries_their_name_and_answers_go_to_them(story: Story) -> None:
    story.days_at(90, 60)

    mail = story.mail_step("new-at-risk").body["mail"]

    assert mail["from_name"] == "Carla"
    assert mail["headers"]["Reply-To"] == CSM


def test_recovery_closes_the_play_cancels_the_mail_and_tells_the_thread(story: Story) -> None:
    story.days_at(72, 41)

    story.days_at(72)

    play = story.play()
    assert (play.state, play.reason) == ("closed", "Back from churn-risk to at-risk, at 72.")
    assert story.mail_step().state == "cancelled"
    assert story.slack.views() == ["post alert", "update alert", "reply thread_note"]
    note = story.slack.sent[-1].body
    assert note["note"] == "recovered"
    assert [words.partition(" “")[0] for words in note["cancelled"]] == ["the mail", "the task"]
    assert note["text"] == "Recovered. Thank you to everybody who acted."
    assert story.slack.roots[-1] == {"channel": "D1", "ts": "1"}


def test_a_worse_fall_takes_over_and_cancels_the_milder_mail(story: Story) -> None:
    story.days_at(90, 60)

    story.days_at(41)

    assert story.play("new-at-risk").state == "closed"
    assert story.mail_step("new-at-risk").state == "cancelled"
    assert story.mail_step("churn-risk").state == "waiting_approval"
    assert [each.body.get("note") for each in story.slack.sent if each.verb == "reply"] == [
        "superseded"
    ]


def test_an_alert_that_never_left_is_not_followed_by_its_notes(story: Story) -> None:
    story.days_at(72)
    story.day_at(41)

    story.days_at(72)

    assert story.slack.sent == []
    assert counted(story) == {"cancelled": 3}


def test_rule_5_red_green_red_mails_nobody_twice(story: Story) -> None:
    story.days_at(72, 41, 72, 41, 72, 41)

    assert [each for each in story.slack.views() if each == "post alert"] == ["post alert"]
    assert story.email.sent == []


def test_a_fall_inside_the_cool_down_is_told_once_it_ends(story: Story) -> None:
    story.days_at(72, 41, 72, 41)
    assert reasons(story)["churn-risk", "deferred"].startswith("Cooling down until 2026-03-18")

    story.days_at(*[41] * 12)

    assert story.slack.views().count("post alert") == 2
    assert reasons(story)["churn-risk", "started"] == "Still in churn-risk, at 41."


def test_in_an_automatic_house_a_playbook_that_asks_nobody_mails_at_once(house: House) -> None:
    churn = house.playbooks[1]
    mail = churn.then[1].model_copy(update={"approval": False})
    eager = churn.model_copy(update={"then": (churn.then[0], mail)})
    policy = type(house.mail)(house.mail.sender, "automatic", house.mail.base_url, b"s" * 32)
    story = Story(house, acme(house, arr=Decimal(5)))
    story.live_in(playbooks=(eager,), mail=policy)

    story.days_at(72, 41)

    assert [each.recipient for each in story.email.sent] == ["acme@customer.example"]
