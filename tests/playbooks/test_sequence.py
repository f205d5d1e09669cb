"""What follows what: waits hold up a list, branches rejoin it, answers begin their own."""

import pytest

from playbooks.errors import PlaybookInvalid
from playbooks.load import parse
from playbooks.play import after, follows, plan, reached
from playbooks.playbook import Playbook
from tests.playbooks.lives import morning

TEXT = """
name: long
version: 1
title: Long
when: {kind: drops, points: 15, days: 7}
then:
  - {step: alert, kind: slack_alert}
  - step: cause
    kind: question
    text: Why?
    answers:
      - answer: price
        title: Price
        then:
          - {step: a-day, kind: wait, days: 1}
          - {step: told, kind: slack_post, to: csm, text: It is the price.}
      - {answer: other, title: Other}
  - step: fork
    kind: branch
    if: {kind: segment, is: smb}
    then:
      - {step: short, kind: wait, business_hours: 2}
      - {step: small, kind: tag, add: small}
    otherwise: [{step: large, kind: tag, add: [large]}]
  - {step: after-fork, kind: task, title: Call}
  - {step: end, kind: stop}
  - {step: never, kind: task, title: Never}
"""


@pytest.fixture
def book() -> Playbook:
    return parse(TEXT.replace("add: small", "add: [small]"), "long.yaml")


def names(steps: object) -> list[str]:
    return [step.step for step in steps]  # type: ignore[attr-defined] # steps of any kind


def test_the_first_way_of_a_branch_may_hold_up_all_that_follows(book: Playbook) -> None:
    assert names(reached(book.then, lambda _: True)) == ["alert", "cause", "fork", "short"]


def test_the_other_way_goes_on_to_the_stop_and_not_past_it(book: Playbook) -> None:
    found = names(reached(book.then, lambda _: False))

    assert found == ["alert", "cause", "fork", "large", "after-fork", "end"]


def test_after_a_wait_inside_a_branch_the_branch_goes_on_and_then_what_follows_it(
    book: Playbook,
) -> None:
    assert names(after(book, "short")) == ["small", "after-fork", "end", "never"]


def test_what_an_answer_began_ends_with_its_own_list(book: Playbook) -> None:
    assert names(follows(book, "cause", "price")) == ["a-day", "told"]
    assert names(after(book, "a-day")) == ["told"]
    assert names(follows(book, "cause", "other")) == []
    assert names(after(book, "told")) == []


def test_a_name_no_step_has_is_followed_by_nothing(book: Playbook) -> None:
    assert after(book, "nowhere") == ()
    assert follows(book, "nowhere", "yes") == ()


def test_a_plan_says_what_each_step_waits_for(book: Playbook) -> None:
    steps = plan(book, morning(0), automatic=False, goes=lambda _: False)

    assert [(one.step.step, one.state) for one in steps] == [
        ("alert", "done"),
        ("cause", "waiting_answer"),
        ("fork", "done"),
        ("large", "done"),
        ("after-fork", "to_do"),
        ("end", "scheduled"),
    ]


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("step: told", "step: alert", "two steps are called alert"),
        ("kind: segment, is: smb", "kind: answered, step: cause, is: prise", "known there: price"),
        ("kind: segment, is: smb", "kind: answered, step: alert, is: yes", "a step that is answ"),
        ("days: 1", "days: 1, business_days: 2", "exactly one of"),
        ("add: small", "remove: []", "add, remove or both"),
        ("{answer: other, title: Other}", "{answer: other, titel: Other}", "did you mean 'title'"),
        ("  - {step: alert, kind: slack_alert}\n", "", "needs a slack_alert step"),
        ("step: never, kind: task, title: Never", "step: b, kind: slack_alert", "comes first"),
        ("to: csm", "to: everybody", "found 'everybody'"),
    ],
)
def test_a_sequence_that_cannot_be_is_refused_in_words(good: str, bad: str, words: str) -> None:
    text = TEXT.replace(good, bad).replace("add: small", "add: [small]")

    with pytest.raises(PlaybookInvalid) as caught:
        parse(text, "long.yaml")

    assert words in str(caught.value)
