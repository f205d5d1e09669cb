"""A survey's page: looking changes nothing, sending in answers, once, without a login."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from playbooks.load import parse
from service.answered import Done
from service.approving import approve
from service.ports import House
from storage import plays, records
from storage.plays import Step
from tests.service.stage import Story, acme
from tests.service.weeks import someone
from tests.web.conftest import Client

ASKING = """
name: churn-risk
version: 1
title: Asking
when: {kind: enters_band, bands: [churn-risk]}
then:
  - {step: alert, kind: slack_alert}
  - {step: outreach, kind: survey, survey: improvement, question: "What <b>should</b> we improve?",
     lowest: 1, highest: 5}
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def story(house: House) -> Story:
    there = replace(house, playbooks=(parse(ASKING, "asking.yaml"),))
    story = Story(there, acme(there))
    story.days_at(72, 41)
    return story


def link(story: Story) -> str:
    """Return the path of the survey's page, as it stands in the mail."""
    text = str(story.mail_step().body["mail"]["text"])
    return "/" + text.partition("://")[2].partition("/")[2].split("?")[0].split()[0]


def sent(story: Story) -> str:
    approve(story.house, story.mail_step().id, someone(story.house), now=story.watch.now())
    return link(story)


def given(story: Story) -> Sequence[Any]:
    with story.house.database.reading() as tx:
        return records.surveys_of(tx, story.customer.id)


def step(story: Story) -> Step:
    with story.house.database.reading() as tx:
        found = plays.step(tx, story.mail_step().id)
    assert found is not None
    return found


def test_the_mail_has_a_link_for_each_answer_and_waits_for_a_yes(story: Story) -> None:
    text = str(story.mail_step().body["mail"]["text"])

    assert story.mail_step().state == "waiting_approval"
    assert [f"  {n}: " in text for n in range(1, 6)] == [True] * 5
    assert "  6: " not in text


def test_looking_shows_the_question_and_changes_nothing(story: Story, client: Client) -> None:
    path = sent(story)

    page = client.get(f"{path}?answer=4")
    client.request("HEAD", path)

    assert page.status_code == 200
    assert "What &lt;b&gt;should&lt;/b&gt; we improve?" in page.text
    assert 'value="4" required checked' in page.text
    assert given(story) == ()


def test_sending_in_counts_once_as_an_answer_to_the_survey(story: Story, client: Client) -> None:
    path = sent(story)

    first = client.post(path, content="answer=4&comment=More+exports", headers=FORM)
    again = client.post(path, content="answer=1", headers=FORM)

    assert (first.status_code, again.status_code) == (200, 200)
    assert "Your answer, 4," in again.text
    (answer,) = given(story)
    assert (answer.survey, answer.feed, int(answer.score)) == ("improvement", "bellwether", 4)
    assert (step(story).answer, step(story).body["comment"]) == ("4", "More exports")


@pytest.mark.parametrize("wrong", ["", "answer=6", "answer=x&a=1" + "&b=1" * 50])
def test_what_is_none_of_the_answers_is_refused(story: Story, client: Client, wrong: str) -> None:
    path = sent(story)

    assert client.post(path, content=wrong, headers=FORM).status_code == 422
    assert given(story) == ()


def test_a_link_we_did_not_write_and_one_of_a_draft_lead_nowhere(
    story: Story, client: Client
) -> None:
    draft = client.get(link(story))
    path = sent(story)

    forged = [
        f"{path}x",
        path.replace(".outreach.", ".alert."),
        "/survey/1.x.y",
        "/survey/" + "9" * 90,
    ]
    found = [client.get(one).status_code for one in forged]
    posted = [client.post(one, content="answer=4", headers=FORM).status_code for one in forged]

    assert draft.status_code == 404
    assert found == posted == [404] * 4
    assert given(story) == ()


def test_approving_a_survey_is_approving_a_mail(story: Story) -> None:
    done = approve(story.house, step(story).id, someone(story.house), now=story.watch.now())

    assert isinstance(done, Done)
    story.deliver()
    assert [each.recipient for each in story.email.sent] == ["acme@customer.example"]
