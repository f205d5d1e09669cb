"""Whom a step tells: roles are looked up, an executive is found, and our own get mail unasked."""

import pytest

from playbooks.load import parse
from service.ports import House
from storage import customers, people
from tests.service.stage import CSM, Story, acme
from tests.service.weeks import steps_of, story_of

BOSS, BACKUP = "max@bellwether.example", "berta@bellwether.example"
TELLING = """
name: churn-risk
version: 1
title: Telling
when: {kind: enters_band, bands: [churn-risk]}
then:
  - {step: alert, kind: slack_alert}
  - {step: told, kind: slack_post, to: "WHO", text: hello}
  - {step: outreach, kind: email, to: executive, template: outreach_churn_risk, from: house}
  - {step: inside, kind: email, to: csm, template: outreach_churn_risk, from: house}
"""


def telling(house: House, who: str = "csm", **fields: str | None) -> Story:
    return story_of(house, parse(TELLING.replace("WHO", who), "telling.yaml"), **fields)


def name(story: Story, **who: str) -> None:
    with story.house.database.transaction() as tx:
        carla = people.member_by_email(tx, CSM)
        assert carla is not None
        ids = {f"{role}_id": people.upsert_member(tx, one).id for role, one in who.items()}
        people.name_stand_ins(tx, carla.id, **ids)


@pytest.mark.parametrize(
    ("who", "recipient"),
    [
        ("csm", f"member:{CSM}"),
        ("manager", f"member:{BOSS}"),
        ("backup", f"member:{BACKUP}"),
        ("operator", "#operators"),
        ("#finance", "#finance"),
        ("dana@bellwether.example", "member:dana@bellwether.example"),
    ],
)
def test_a_post_goes_to_whom_the_playbook_names(house: House, who: str, recipient: str) -> None:
    story = telling(house, who)
    name(story, manager=BOSS, backup=BACKUP)

    story.days_at(72, 41)

    posts = [each for each in story.slack.sent if each.body["view"] == "slack_post"]
    assert [each.recipient for each in posts] == [recipient]


def test_where_nobody_has_the_role_the_houses_conversation_hears_of_it(house: House) -> None:
    story = telling(house, "manager")

    story.days_at(72, 41)

    assert "#alerts" in [each.recipient for each in story.slack.sent]


def test_an_executive_is_who_decides_over_there_else_the_main_contact(house: House) -> None:
    story = telling(house, executive_email="Erin@acme.example", executive_name="Erin")
    other = telling(house, key="bolt")
    for one in (story, other):
        one.days_at(72, 41)

    mails = [steps_of(one, "churn-risk")["outreach"].body["mail"] for one in (story, other)]
    assert [mail["to"] for mail in mails] == ["Erin@acme.example", "bolt@customer.example"]
    assert [mail["to_name"] for mail in mails] == ["Erin", "Pat Doe"]


def test_the_executive_given_last_is_the_one_and_may_be_the_main_contact(house: House) -> None:
    acme(house, executive_email="erin@acme.example")
    acme(house, executive_email="acme@customer.example")
    customer = acme(house, executive_email="acme@customer.example")

    with house.database.reading() as tx:
        found = customers.contacts_of(tx, customer.id)

    assert [(one.email, one.role, one.primary) for one in found] == [
        ("acme@customer.example", "executive", True),
        ("erin@acme.example", None, False),
    ]


def test_a_mail_to_the_csm_needs_no_yes_and_has_no_way_to_unsubscribe(house: House) -> None:
    story = telling(house)

    story.days_at(72, 41)

    (mail,) = story.email.sent
    assert mail.recipient == CSM
    assert mail.customer_id is None
    assert mail.body["headers"] == {}
    assert "unsubscribe" not in str(mail.body["text"]).lower()
    assert "unsubscribe" not in str(mail.body["html"]).lower()
