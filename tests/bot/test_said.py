"""A CSM says in Slack how it feels and what to show, and the card shows who said so."""

from decimal import Decimal

import pytest

from bot.permissions import refusal
from sandbox.state import Message
from service import answer
from service.answer import CardView
from service.override import announce_ends
from tests.bot.stage import BEGIN, CSM, FULL, VIEWER, Stage, words
from tests.bot.test_commands import ask

SAID = {"kind": "set", "value": "60", "reason": "Renewed by phone", "until": "2026-04-20"}


@pytest.fixture
def card(stage: Stage) -> Message:
    """Let Anna look at Acme, which is well."""
    stage.member(CSM, "csm", "Anna")
    stage.member(VIEWER, "viewer", "Vera")
    stage.customers("Acme")
    stage.work("c0", BEGIN, FULL)
    stage.score(FULL)
    return ask(stage, "/health acme")


def standing(stage: Stage) -> CardView:
    return answer.card(stage.house, "c0", now=stage.clock.now())


def latest(stage: Stage, email: str = CSM) -> str:
    return words(stage.channel("#general", email)[-1])


def test_an_override_is_asked_for_and_the_card_shows_both_scores(
    stage: Stage, card: Message
) -> None:
    stage.sandbox.click(CSM, card.ts, "override")
    stage.sandbox.submit(CSM, SAID)

    shown = latest(stage)
    assert "*60.00* of 100" in shown
    assert "computed 100.00, set to 60 by Anna until 20 Apr 2026: Renewed by phone" in shown
    assert "A person said so" in shown


def test_clearing_it_shows_the_computed_score_again(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "override")
    stage.sandbox.submit(CSM, SAID)

    stage.sandbox.click(CSM, card.ts, "override")
    stage.sandbox.submit(CSM, {"kind": "clear", "until": "2026-04-20"})

    assert "*100.00* of 100" in latest(stage)
    assert standing(stage).override is None


def test_a_pulse_stands_on_the_card(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "pulse")
    stage.sandbox.submit(CSM, {"mood": "worried", "note": "Champion *left*", "until": "2026-04-01"})

    assert "worried (Anna, until 1 Apr 2026): Champion *left*" in latest(stage)
    assert "*100.00* of 100" in latest(stage)


def test_what_makes_no_sense_stays_in_the_modal(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "override")

    for wrong in ({"value": "sixty"}, {"value": "101"}, {"reason": " "}, {"until": "2020-01-01"}):
        said = stage.sandbox.submit(CSM, SAID | wrong)
        assert next(iter(wrong)) in said.body.decode(), wrong

    assert standing(stage).override is None


@pytest.mark.usefixtures("card")
def test_a_viewer_is_refused_at_the_button(stage: Stage) -> None:
    mine = ask(stage, "/health acme", VIEWER)

    stage.sandbox.click(VIEWER, mine.ts, "override")

    assert stage.sandbox.modals(VIEWER) == []
    assert refusal("act") in latest(stage, VIEWER)


def test_rights_are_read_again_when_the_modal_comes_in(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "override")
    stage.member(CSM, "viewer", "Anna")

    stage.sandbox.submit(CSM, SAID)

    assert refusal("act") in latest(stage)
    assert standing(stage).override is None


def test_the_end_is_told_to_the_one_who_said_it(stage: Stage, card: Message) -> None:
    stage.sandbox.click(CSM, card.ts, "override")
    stage.sandbox.submit(CSM, SAID | {"until": "2026-04-01"})
    computed = standing(stage).computed

    announce_ends(stage.house, as_of=FULL.replace(month=4, day=5), now=stage.clock.now())
    stage.deliver()

    (note,) = stage.direct(CSM)
    assert computed is not None
    assert computed.value == Decimal("100.00")
    assert "The override has run out" in words(note)
