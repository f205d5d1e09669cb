"""Useful or false alarm: one word a person, shown on the alert for everybody."""

import pytest

from bot.permissions import refusal
from sandbox.state import Message
from tests.bot.stage import COLLEAGUE, CSM, OPINIONS, VIEWER, Stage, actions, second_click, words


@pytest.fixture
def alert(stage: Stage) -> Message:
    """Let everybody see that Acme has fallen; one of them bears a hostile name."""
    return stage.alerted("<Ben>")


def test_who_said_what_stands_on_the_alert_and_may_be_changed(stage: Stage, alert: Message) -> None:
    stage.sandbox.click(CSM, alert.ts, "useful")
    stage.sandbox.click(COLLEAGUE, alert.ts, "false_alarm")
    said = words(stage.shown())
    assert "Useful: Anna" in said
    assert "False alarm: &lt;Ben&gt;" in said.replace("\u200b", "")

    stage.sandbox.click(COLLEAGUE, alert.ts, "useful")

    said = words(stage.shown())
    assert "Useful: Anna, &lt;Ben&gt;" in said.replace("\u200b", "")
    assert "False alarm:" not in said


def test_somebody_who_may_only_look_is_told_so(stage: Stage, alert: Message) -> None:
    second_click(stage, alert, VIEWER, "false_alarm")

    (told,) = [words(each) for each in stage.channel("#alerts", VIEWER) if each.seen_by]
    assert told == refusal("act")
    assert "False alarm:" not in words(stage.shown())


def test_an_alert_that_is_over_may_still_be_judged(stage: Stage, alert: Message) -> None:
    from service.overseeing import cancel  # noqa: PLC0415 - the one test that ends a play

    cancel(stage.house, 1, reason="We spoke", by="Anna", now=stage.clock.now())
    stage.deliver()
    assert actions(stage.shown()) == ["read", "open", *OPINIONS]

    stage.sandbox.click(CSM, alert.ts, "false_alarm")

    assert "False alarm: Anna" in words(stage.shown())
