"""The doctor names what is wrong and the way out, and posts nothing."""

from dataclasses import replace

import pytest

from bot.doctor import Finding, examine
from tests.bot.stage import Stage


def ills(stage: Stage) -> dict[str, Finding]:
    found = examine(stage.house, stage.clock, stage.slack)
    return {each.what: each for each in found if not each.well and each.what != "clock"}


def test_a_sound_workspace_has_nothing_to_mend_and_nothing_is_posted(stage: Stage) -> None:
    assert ills(stage) == {}
    assert stage.channel("#digest") == []


def test_a_revoked_token_is_named_with_the_way_out(stage: Stage) -> None:
    stage.sandbox.faults.token_revoked = True

    found = ills(stage)["token"]

    assert "revoked" in found.found or "auth" in found.found
    assert "bot token" in found.remedy


def test_a_conversation_that_is_not_there_is_named(stage: Stage) -> None:
    house = replace(stage.house, digest_to="#nowhere", operator_to="nonsense")

    found = {each.what: each for each in examine(house, stage.clock, stage.slack)}

    assert found["digest goes to #nowhere"].found == "channel_not_found"
    assert "recipient" in found["operator goes to nonsense"].found
    assert found["alerts goes to #alerts"].well


def test_a_conversation_the_app_was_not_invited_to_is_named(stage: Stage) -> None:
    stage.sandbox.ensure_channel("lonely", bot_inside=False)
    house = replace(stage.house, digest_to="#lonely")

    found = {each.what: each for each in examine(house, stage.clock, stage.slack)}

    assert found["digest goes to #lonely"].found == "not_in_channel"


@pytest.mark.parametrize("command", ["health", "/Health", "/", "/a b"])
def test_a_command_slack_would_not_take_is_named(stage: Stage, command: str) -> None:
    found = examine(stage.house, stage.clock, replace(stage.slack, command=command))

    assert not found[0].well


def test_a_server_that_does_not_answer_is_told_from_a_wrong_token(stage: Stage) -> None:
    slack = replace(stage.slack, base_url="http://127.0.0.1:9/api/")

    found = examine(stage.house, stage.clock, slack)

    assert "did not answer" in found[-1].found


def test_a_clock_that_is_wrong_is_named(stage: Stage) -> None:
    found = {each.what: each for each in examine(stage.house, stage.clock, stage.slack)}

    # The stage's clock stands in March; the server tells the time of the machine.
    assert not found["clock"].well
    assert "NTP" in found["clock"].remedy
