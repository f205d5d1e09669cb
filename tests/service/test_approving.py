"""A mail's way to its yes: edited, four eyes, managers, and the days within which it is asked."""

from datetime import timedelta

import pytest

from service.approving import approve, edit, reject, shown_words
from service.expiry import expire_approvals
from service.ports import Approval, House
from service.reword import Words, faults, words_of
from service.steps import Done, Forbidden, Stale, Taken
from storage import audit, plays
from tests.service.stage import CSM, Story, acme, approved, mail, member

WORDS = Words("Acme and us", "Hello Pat,\n\nshall we talk?")


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41, Carla has been told, and the mail waits for a yes."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    return story


def edited(story: Story, words: Words = WORDS) -> object:
    step = story.mail_step()
    carla, now = member(story.house), story.watch.now()
    return edit(story.house, step.id, carla, words, seen=shown_words(step), now=now)


def yes(story: Story, email: str = CSM, **role: str) -> object:
    who = member(story.house, email, **role)
    return approve(story.house, story.mail_step().id, who, now=story.watch.now())


def test_an_edited_mail_is_sent_in_the_words_it_was_edited_to(story: Story) -> None:
    assert isinstance(edited(story), Done)
    assert isinstance(yes(story), Done)

    story.deliver()

    (sent,) = story.email.sent
    assert sent.body["subject"] == "Acme and us"
    assert str(sent.body["text"]).startswith("Hello Pat,\n\nshall we talk?\n\n-- \n")
    assert sent.body["message_id"] == mail(story).body["message_id"]


def test_rule_10_words_changed_behind_the_fingerprint_are_not_sent(story: Story) -> None:
    approved(story)
    step = story.mail_step()
    with story.house.database.transaction() as tx:
        body = {**step.body, "fingerprint": "other words"}
        assert plays.rewrite_step(tx, step.id, "done", body, due_at=step.due_at)

    story.deliver()

    assert story.email.sent == []
    assert mail(story).error == "its words are not the ones that were approved"


def test_rule_16_a_yes_to_words_that_were_edited_since_is_none(story: Story) -> None:
    before = shown_words(story.mail_step())
    edited(story)

    answer = approve(
        story.house, story.mail_step().id, member(story.house), now=story.watch.now(), seen=before
    )

    assert isinstance(answer, Stale)
    assert "written anew" in answer.reason


def test_an_edit_that_changes_nothing_leaves_the_draft_and_no_mark(story: Story) -> None:
    step = story.mail_step()

    answer = edited(story, words_of(step.body["mail"]))

    assert answer == Done("Nothing was changed.")
    assert story.mail_step().body == step.body


@pytest.mark.parametrize("who", ["four-eyes", "managers"])
def test_who_edited_a_mail_may_not_approve_it_where_four_eyes_are_asked_for(
    story: Story, who: str
) -> None:
    story.live_in(approval=Approval(who))  # type: ignore[arg-type] # one of the three
    edited(story)

    own = yes(story, role="manager")
    other = yes(story, "dan@bellwether.example", role="manager")

    assert own == Forbidden("You wrote these words, so somebody else must say yes to them.")
    assert isinstance(other, Done)


def test_where_managers_approve_a_csm_may_edit_and_reject_but_not_approve(story: Story) -> None:
    story.live_in(approval=Approval("managers"))

    answer = yes(story)

    assert isinstance(answer, Forbidden)
    assert isinstance(edited(story), Done)
    step, now = story.mail_step().id, story.watch.now()
    assert isinstance(reject(story.house, step, member(story.house), reason="", now=now), Done)


def test_a_csm_may_approve_their_own_words_unless_said_otherwise(story: Story) -> None:
    edited(story)

    assert isinstance(yes(story), Done)


def test_a_mail_expires_once_and_not_a_moment_early(story: Story) -> None:
    story.live_in(approval=Approval(within=timedelta(days=2)))
    due = story.mail_step().due_at

    early = expire_approvals(story.house, now=due + timedelta(days=2))
    late = expire_approvals(story.house, now=due + timedelta(days=2, seconds=1))
    again = expire_approvals(story.house, now=due + timedelta(days=3))

    assert (early, late, again) == (0, 1, 0)
    step = story.mail_step()
    assert (step.state, step.reason) == ("cancelled", "Nobody said yes within 2 days.")
    with story.house.database.reading() as tx:
        acts = [each.action for each in audit.recent(tx, subject=f"step/{step.id}")]
    assert acts == ["expire"]


def test_an_edit_begins_the_days_anew(story: Story) -> None:
    within = story.house.approval.within
    asked = story.mail_step().due_at
    story.watch.time += timedelta(days=6)
    edited(story)

    assert expire_approvals(story.house, now=asked + within + timedelta(hours=1)) == 0
    assert story.mail_step().state == "waiting_approval"


def test_rule_16_an_edit_after_a_no_is_told_who_said_it(story: Story) -> None:
    step, now = story.mail_step().id, story.watch.now()
    reject(story.house, step, member(story.house), reason="We spoke.", now=now)

    assert edited(story) == Taken("Carla", "rejected", now)


def test_an_edit_without_the_foot_must_keep_the_address_to_unsubscribe_at(story: Story) -> None:
    step = story.mail_step()
    shown = {**step.body["mail"]}
    shown["text"] = str(shown["text"]).replace("\n-- \n", "\n")
    with story.house.database.transaction() as tx:
        from service.draft import fingerprint  # noqa: PLC0415 - the one test that forges a draft

        body = {**step.body, "mail": shown, "fingerprint": fingerprint(shown)}
        plays.rewrite_step(tx, step.id, "waiting_approval", body, due_at=step.due_at)

    answer = edited(story)

    assert isinstance(answer, Stale)
    assert answer.reason.startswith("Keep the address to unsubscribe at: https://")


def test_a_draft_is_offered_for_change_without_the_line_breaks_of_its_template() -> None:
    text = (
        "Hello Pat,\n\n"
        "I am writing to you myself, because I have the impression that we are\n"
        "letting Acme down.\n\n"
        "  - Logins fell from 67 to 3, which is a great deal less than it was in spring.\n"
        "  - Support tickets rose.\n\nKind regards,\nCarla\n\n-- \nYou receive this because"
    )

    words = words_of({"subject": "Acme", "text": text})

    assert words.text == (
        "Hello Pat,\n\n"
        "I am writing to you myself, because I have the impression that we are letting Acme down."
        "\n\n  - Logins fell from 67 to 3, which is a great deal less than it was in spring.\n"
        "  - Support tickets rose.\n\nKind regards,\nCarla"
    )


def test_an_address_somebody_wrote_is_a_link_in_the_html(story: Story) -> None:
    edited(story, Words("Acme", "See https://docs.example/a?b=1&c=2, or <call>."))

    html = str(story.mail_step().body["mail"]["html"])
    link = "https://docs.example/a?b=1&amp;c=2"
    assert f'See <a href="{link}">{link}</a>, or &lt;call&gt;.' in html


def test_a_survey_keeps_the_links_to_its_answers() -> None:
    mail = {
        "subject": "One question",
        "text": "How are we?\n\n  1: https://bw.example/survey/1.x?answer=1\n",
        "headers": {},
    }

    lost = dict(faults(Words("One question", "How are we?"), mail))
    kept = dict(faults(words_of(mail), mail))

    assert lost == {"text": "Keep the links to the answers: without them nobody can answer."}
    assert kept == {}
