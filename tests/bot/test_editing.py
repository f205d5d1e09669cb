"""A mail changed in Slack before its yes: what was edited is what is approved and sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from bot.editing import INPUT, divided
from bot.permissions import refusal
from sandbox.state import Message
from service.expiry import expire_approvals
from storage import audit
from tests.bot.stage import COLLEAGUE, CSM, VIEWER, Stage, actions, second_click, words


def edit(stage: Stage, alert: Message, subject: str, text: str, by: str = CSM) -> None:
    stage.sandbox.click(by, alert.ts, "edit")
    stage.sandbox.submit(by, {"subject": subject, "text": text})


def test_the_modal_shows_the_words_without_the_foot(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "edit")

    (modal,) = stage.sandbox.modals(CSM)
    subject, text = (block["element"] for block in modal.payload["blocks"])
    assert subject["initial_value"] == "A free training session for Acme?"
    assert text["initial_value"].startswith("Hello Carla,")
    assert "unsubscribe" not in text["initial_value"]


def test_what_was_edited_is_shown_approved_and_sent(stage: Stage, alert: Message) -> None:
    edit(stage, alert, "Acme & you", "Dear Carla,\n\nI call at <3>.\nBen *will* join.")

    said = words(stage.shown())
    assert "edited by Anna" in said
    assert "Dear Carla,\n\nI call at <3>.\nBen *will* join." in said
    stage.sandbox.click(CSM, alert.ts, "approve")
    (sent,) = stage.mails()
    assert sent.body["subject"] == "Acme & you"
    text = str(sent.body["text"])
    assert text.startswith("Dear Carla,\n\nI call at <3>.\nBen *will* join.\n\n-- \nYou receive")
    assert text.rstrip().endswith(sent.body["headers"]["List-Unsubscribe"].strip("<>"))
    html = str(sent.body["html"])
    assert "I call at &lt;3&gt;.<br>Ben *will* join." in html
    assert html.count("unsubscribe</a>") == 1
    assert "training session" not in text + html


def test_a_yes_to_the_words_of_before_an_edit_is_refused(stage: Stage, alert: Message) -> None:
    edit(stage, alert, "Acme", "Dear Carla, shall we talk?")

    second_click(stage, alert, COLLEAGUE, "approve")

    assert stage.mails() == []
    assert "written anew" in stage.told(COLLEAGUE)[0]
    assert "Dear Carla, shall we talk?" in words(stage.shown())


def test_of_two_who_edit_the_second_is_told_who_was_first(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(COLLEAGUE, alert.ts, "edit")
    edit(stage, alert, "Acme", "Anna's words")

    stage.sandbox.submit(COLLEAGUE, {"subject": "Acme", "text": "Ben's words"})

    assert stage.told(COLLEAGUE)[0].startswith("Anna was first and edited this")
    assert "Anna's words" in words(stage.shown())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "A\u2028Bcc: x@y.example"),
        ("subject", "A\x0bB"),
        ("subject", "x" * 201),
        ("subject", "\u202eemca"),
        ("text", "\u202edlo"),
        ("text", " \n "),
        ("text", "bell \x07"),
    ],
)
def test_words_that_no_mail_may_have_are_refused_in_the_modal(
    stage: Stage, alert: Message, field: str, value: str
) -> None:
    stage.sandbox.click(CSM, alert.ts, "edit")

    given = {"subject": "Acme", "text": "Words"} | {field: value}
    stage.sandbox.submit(CSM, given)

    (modal,) = stage.sandbox.modals(CSM)
    assert list(modal.errors) == [field]
    assert words(stage.shown()) == words(alert)


def test_somebody_who_may_only_look_cannot_edit(stage: Stage, alert: Message) -> None:
    second_click(stage, alert, VIEWER, "edit")

    assert stage.told(VIEWER) == [refusal("approve")]
    assert stage.sandbox.modals(VIEWER) == []


def test_an_edit_of_what_was_approved_meanwhile_is_told_by_whom(
    stage: Stage, alert: Message
) -> None:
    stage.sandbox.click(COLLEAGUE, alert.ts, "approve")

    second_click(stage, alert, CSM, "edit")

    assert stage.told(CSM)[0].startswith("Ben was first and approved this")
    assert stage.sandbox.modals(CSM) == []


def test_an_edit_is_in_the_audit_log_without_its_words(stage: Stage, alert: Message) -> None:
    edit(stage, alert, "Acme", "A secret of Carla's")

    with stage.house.database.reading() as tx:
        (act,) = [each for each in audit.recent(tx, 10) if each.action == "edit"]
    assert act.actor == CSM
    assert act.details["changed"] == ["subject", "text"]
    assert act.details["before"] != act.details["after"]
    assert "secret" not in str(act.details)


def test_a_mail_nobody_decided_about_expires_and_the_alert_says_so(
    stage: Stage, alert: Message
) -> None:
    assert "until 7 Apr 2026" in words(alert)
    stage.clock.moment += timedelta(days=7, seconds=1)

    assert expire_approvals(stage.house, now=stage.clock.now()) == 1
    stage.deliver()

    assert "Mail not sent : Nobody said yes within 7 days." in words(stage.shown())
    assert "approve" not in actions(stage.shown())
    (note,) = [each for each in stage.channel("#alerts") if each.is_reply]
    assert "A mail was dropped." in words(note)
    second_click(stage, alert, CSM, "approve")
    assert stage.told(CSM) == ["Nobody said yes within 7 days."]


def test_a_long_text_is_divided_between_paragraphs_and_comes_together_again() -> None:
    text = "\n\n".join(f"{n} " + "x" * 500 for n in range(20))

    parts = divided(text)

    assert "\n\n".join(parts) == text
    assert len(parts) == 5
    assert all(len(part) <= INPUT for part in parts)


def test_rule_16_opposite_clicks_at_once_have_one_winner_and_the_other_is_told(
    stage: Stage, alert: Message
) -> None:
    stage.sandbox.click(CSM, alert.ts, "reject")

    with ThreadPoolExecutor(2) as pool:
        no = pool.submit(stage.sandbox.submit, CSM, {"reason": "no"})
        yes = pool.submit(second_click, stage, alert, COLLEAGUE, "approve")
        assert no.result().acknowledged
        yes.result()

    if stage.mails():
        assert stage.told(CSM)[0].startswith("Ben was first and approved this")
        assert stage.told(COLLEAGUE) == []
    else:
        assert stage.told(COLLEAGUE)[0].startswith("Anna was first and rejected this")
        assert stage.told(CSM) == []
