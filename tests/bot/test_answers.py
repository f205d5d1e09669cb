"""Answers by button: the first one counts, the second is told, what follows begins."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.permissions import refusal
from playbooks.load import parse
from sandbox.state import Message
from service.ports import House
from storage import audit
from tests.bot.stage import COLLEAGUE, CSM, VIEWER, Stage, actions, second_click, words

BOOK = """
name: root-cause
version: 1
title: Root cause
when: {kind: enters_band, bands: [at-risk, churn-risk]}
then:
  - {step: alert, kind: slack_alert}
  - step: why
    kind: question
    text: "Why does {{ customer.name }} use less?"
    answers:
      - {answer: price, title: Price, then: [{step: talk, kind: task, title: "Talk about price"}]}
      - {answer: other, title: Something else}
  - {step: beta, kind: offer, offer: beta, text: "Offer early access?"}
  - {step: call, kind: task, title: "Call them"}
"""


@pytest.fixture
def house(house: House) -> House:
    return replace(house, playbooks=(parse(BOOK, "root-cause.yaml"),))


def test_an_answer_is_shown_and_what_follows_from_it_begins(stage: Stage, alert: Message) -> None:
    assert "Why does Acme use less?" in words(alert)

    stage.sandbox.click(CSM, alert.ts, "answer_000")

    said = words(stage.shown())
    assert "Price, said Anna" in said
    assert "Talk about price, by" in said


def test_the_second_answer_is_told_what_the_first_was(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "answer_000")

    second_click(stage, alert, COLLEAGUE, "answer_001")

    assert stage.told(COLLEAGUE)[0].startswith("Anna was first and answered “Price” to this")
    assert "Price, said Anna" in words(stage.shown())


def test_an_offer_needs_its_yes_and_a_task_is_done_by_a_button(
    stage: Stage, alert: Message
) -> None:
    stage.sandbox.click(CSM, alert.ts, "answer_100")
    stage.sandbox.click(COLLEAGUE, alert.ts, "done_0")

    said = words(stage.shown())
    assert "Yes, said Anna" in said
    assert "Task done:  Call them, by Ben" in said
    with stage.house.database.reading() as tx:
        acts = {(each.actor, each.action) for each in audit.recent(tx, 10)}
    assert {(CSM, "offer"), (COLLEAGUE, "finish task")} <= acts


def test_somebody_who_may_only_look_answers_nothing(stage: Stage, alert: Message) -> None:
    second_click(stage, alert, VIEWER, "answer_000")

    assert stage.told(VIEWER) == [refusal("act")]
    assert "answer_000" in actions(stage.shown())


def test_an_answer_after_its_day_is_refused(stage: Stage, alert: Message) -> None:
    stage.clock.moment += timedelta(days=30)

    second_click(stage, alert, CSM, "answer_000")

    assert stage.told(CSM)[0].startswith("The time to answer this is over.")
