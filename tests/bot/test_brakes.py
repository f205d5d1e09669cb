"""The brake's card asks once, shows why, and only managers and admins may answer it."""

import pytest

from bot.brakes import brake_card
from sandbox.state import Message
from service import brake
from service.pause import paused
from storage import outbox
from tests.bot.stage import BEGIN, COLLEAGUE, CSM, FALLEN, FULL, Stage, actions, words


@pytest.fixture
def card(stage: Stage) -> Message:
    """Let a dozen customers fall in one run, so that everything is held."""
    stage.member(CSM, "manager", "Anna")
    stage.member(COLLEAGUE, "csm", "Ben")
    stage.customers(*(f"Customer {number}" for number in range(12)), "Steady")
    for number in range(12):
        stage.work(f"c{number}", BEGIN, FULL)
    stage.work("c12", BEGIN, FALLEN)
    stage.score(FULL)
    stage.score(FALLEN)
    stage.deliver()
    return stage.channel("#operators")[0]


def states(stage: Stage) -> dict[str, int]:
    with stage.house.database.reading() as tx:
        return dict(outbox.counts(tx))


def test_the_card_says_why_and_nothing_else_went_out(stage: Stage, card: Message) -> None:
    assert "12 messages of the run for 30 Mar 2026 held." in card.text
    assert "12 of 13 customers worsened in one run." in words(card)
    assert actions(card) == ["release", "discard", "pause"]
    assert stage.direct() == []


def test_a_csm_may_not_answer_it(stage: Stage, card: Message) -> None:
    stage.sandbox.click(COLLEAGUE, card.ts, "release")

    only_ben = [each for each in stage.channel("#operators", COLLEAGUE) if each.seen_by]
    assert "Only managers and admins" in words(only_ben[0])
    assert actions(stage.channel("#operators")[0]) == ["release", "discard", "pause"]


def test_a_release_lets_everything_go_and_the_card_says_who_did_it(
    stage: Stage, card: Message
) -> None:
    stage.sandbox.click(CSM, card.ts, "release")

    shown = stage.channel("#operators")[0]
    assert "Released by Anna" in words(shown)
    assert actions(shown) == []
    stage.deliver()
    assert len(stage.direct()) == 12


def test_a_discard_lets_nothing_go(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "discard")
    stage.deliver()

    assert "Discarded by Anna" in words(stage.channel("#operators")[0])
    assert stage.direct() == []


def test_a_feed_that_fell_is_named_with_its_figures() -> None:
    post = brake_card(
        {
            "view": "brake",
            "run": "daily:2026-11-19",
            "as_of": "2026-11-19",
            "worsened": 0,
            "customers": 80,
            "held": 3,
            "feeds": [{"source": "events:login", "found": 4, "usual": 61.5}],
        }
    )

    assert "The feed of login events brought 4 customers" in post.text
    assert "usually brings 61.5" in post.text
    assert brake.TRIPPED == "tripped"


def test_rule_15_the_card_has_the_kill_switch_which_stops_what_is_due(
    stage: Stage, card: Message
) -> None:
    stage.sandbox.click(CSM, card.ts, "pause")
    stage.sandbox.click(CSM, card.ts, "release")

    assert stage.deliver().sent == 0
    told = [words(each) for each in stage.channel("#operators", CSM) if each.seen_by]
    assert told[0].startswith("Delivery is paused")

    assert paused(stage.house) is not None


def test_whoever_pauses_second_is_told_who_was_first(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "pause")
    stage.member(COLLEAGUE, "admin", "Ben")

    stage.sandbox.click(COLLEAGUE, card.ts, "pause")

    (told,) = [words(each) for each in stage.channel("#operators", COLLEAGUE) if each.seen_by]
    assert told.startswith("Anna paused delivery <!date")


def test_rule_17_a_csm_may_not_pull_the_kill_switch(stage: Stage, card: Message) -> None:
    stage.sandbox.click(COLLEAGUE, card.ts, "pause")

    told = [words(each) for each in stage.channel("#operators", COLLEAGUE) if each.seen_by]
    assert told[0].startswith("Only managers and admins")
    assert paused(stage.house) is None
