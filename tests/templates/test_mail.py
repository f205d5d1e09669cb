"""Mails are well worded, harmless whatever a stranger wrote, and one line in the subject."""

import re
from typing import Any

import pytest

from playbooks.load import shipped
from playbooks.steps import Email, Survey, every
from templates.errors import TemplateFailed
from templates.render import LONGEST_SUBJECT, Mail, mail

NAMES = ("outreach_at_risk", "outreach_churn_risk")
SHIPPED = (
    *NAMES, "survey", "offer_free_months", "offer_discount", "offer_custom_plan", "offboarding",
    "success_story", "beta_access", "referral", "larger_plan", "quarterly_checkin",
)  # fmt: skip
SURVEY = {
    "question": "What should we improve?",
    "page": "https://us.example/survey/1.improve.token",
    "answers": [
        {"number": number, "url": f"https://us.example/survey/1.improve.token?answer={number}"}
        for number in range(1, 6)
    ],
}
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}} {% raw %}",
    "Evil\r\nBcc: all@example.com",
    "abc\u202edcba",
    "=HYPERLINK(1)",
    "*x* `y` <!channel> <@U1>",
    "Zoë 🦊 שלום",
    "x" * 10_000,
    "a\u2028b\x0bc\x00d",
)


def letter(name: str = "outreach_at_risk", **changed: Any) -> Mail:
    context: dict[str, object] = {
        "customer": {"name": "Acme", "key": "acme"},
        "contact": {"name": "Anna Schmidt", "email": "anna@acme.example"},
        "sender": {"name": "Sam Berg", "email": "sam@us.example"},
        "fell": ["Logins fell from 41 to 12 in 30 days"],
        "unsubscribe_url": "https://us.example/u/token",
        "survey": SURVEY,
    }
    return mail(name, context | changed)


def test_every_mail_a_shipped_playbook_sends_is_among_those_read_here() -> None:
    mails = [
        step.template
        for playbook in shipped()
        for step in every(playbook.then)
        if isinstance(step, Email | Survey)
    ]

    assert set(mails) == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_mail_greets_says_who_writes_and_how_to_unsubscribe(name: str) -> None:
    made = letter(name)

    assert 10 <= len(made.subject) <= 80
    for body in (made.text, made.html):
        assert "Hello Anna Schmidt," in body
        assert "Sam Berg" in body
        assert "https://us.example/u/token" in body
    assert "{{" not in made.text + made.html
    assert "None" not in made.text
    assert not re.search(r"\n\n\n\n", made.text)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("missing", ["customer", "contact", "sender"])
def test_a_missing_merge_field_fails_any_shipped_mail_and_names_it(name: str, missing: str) -> None:
    with pytest.raises(TemplateFailed, match="name"):
        letter(name, **{missing: {"email": "x@acme.example"}})


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("words", HOSTILE)
def test_rule_25_hostile_names_are_harmless_in_every_shipped_mail(name: str, words: str) -> None:
    made = letter(
        name,
        customer={"name": words, "key": "acme"},
        contact={"name": words, "email": "x@acme.example"},
        sender={"name": words, "email": "sam@us.example"},
        tip={"feature": words},
    )

    assert "\n" not in made.subject
    assert "\r" not in made.subject
    assert len(made.subject) <= LONGEST_SUBJECT
    assert "<script>" not in made.html
    for mark in ("\u202e", "\u2028", "\x00", "\x0b"):
        assert mark not in made.subject + made.text + made.html


def test_the_check_in_has_a_tip_only_where_there_is_one() -> None:
    assert "One tip" not in letter("quarterly_checkin").text
    assert '"Exports"' in letter("quarterly_checkin", tip={"feature": "Exports"}).text


@pytest.mark.parametrize("name", NAMES)
def test_both_letters_name_what_fell_and_how_to_unsubscribe(name: str) -> None:
    made = letter(name)

    assert "Acme" in made.subject
    for body in (made.text, made.html):
        assert "Logins fell from 41 to 12 in 30 days" in body
        assert "https://us.example/u/token" in body
        assert "Hello Anna Schmidt," in body
        assert "Sam Berg" in body


def test_the_first_letter_offers_a_free_training_session_and_asks_what_to_improve() -> None:
    made = letter()

    assert "training session" in made.text
    assert "free" in made.text
    assert "what is the one thing we should improve?" in made.text


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_without_changes_or_a_name_reads_well_too(name: str) -> None:
    made = letter(name, fell=[], contact={"name": "", "email": "x@acme.example"})

    assert made.text.startswith("Hello,\n")
    assert "None" not in made.text
    assert "\n\n\n" not in made.text
    assert "<ul" not in made.html


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_rule_25_hostile_names_are_shown_literally_and_harmlessly(name: str, words: str) -> None:
    made = letter(
        name,
        customer={"name": words, "key": "k"},
        contact={"name": words, "email": "a@b.example"},
        fell=[words],
    )

    assert made.subject.splitlines() == [made.subject]
    assert len(made.subject) <= 200
    assert "<script" not in made.html
    assert "49" not in made.html.replace("49", "", made.html.count("#24231f"))
    assert not any(mark in made.subject + made.text + made.html for mark in "\u202e\u2028\x0b\x00")
    assert "\nBcc:" not in made.text


@pytest.mark.parametrize("name", NAMES)
def test_html_carries_inlined_styles_a_dark_mode_and_nothing_from_elsewhere(name: str) -> None:
    html = letter(name).html

    assert '<p style="margin' in html
    assert "prefers-color-scheme: dark" in html
    assert "src=" not in html
    assert html.count("http") == 1  # the unsubscribe link


def test_what_the_caller_forgot_fails_that_mail_by_name() -> None:
    with pytest.raises(TemplateFailed, match=r"outreach_at_risk.*fell"):
        mail("outreach_at_risk", {"customer": {"name": "Acme"}, "contact": {"name": "A"}})


def test_an_unknown_mail_fails_by_name() -> None:
    with pytest.raises(TemplateFailed, match="nonsense"):
        mail("nonsense", {})
