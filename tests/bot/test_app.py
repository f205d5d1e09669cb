"""The app as a whole: no dead buttons, nothing escapes, Home shows what its viewer may see."""

import re
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot import app as bot_app
from bot.app import CLICKS, MODALS
from bot.permissions import refusal
from bot.replies import SORRY
from service.pause import paused
from tests.bot.stage import CSM, VIEWER, Stage, words

SOURCES = sorted((Path(bot_app.__file__).parent).glob("*.py"))


def test_every_button_menu_and_modal_we_send_is_listened_to() -> None:
    text = "\n".join(path.read_text() for path in SOURCES)
    buttons = re.findall(r'(?:button|menu)\(\s*"[^"]+",\s*f?"([a-z_]+?)_?(?=[{"])', text)
    modals = re.findall(r'\bmodal\(\s*"([a-z]+)"', text)

    assert len(buttons) >= 9
    assert set(buttons) <= set(CLICKS)
    assert set(modals) == set(MODALS)


def test_building_the_app_asks_slack_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a call while building")

    monkeypatch.setattr(WebClient, "api_call", refuse)

    assert bot_app.build(stage.house, stage.clock, stage.slack).name == "bellwether"


def test_a_fault_after_the_acknowledgement_is_said_to_the_asker_and_not_lost(
    stage: Stage,
) -> None:
    stage.sandbox.faults.fail("users.info", status=500)

    answer = stage.sandbox.command(CSM, "#general", "/health acme")

    assert answer.acknowledged
    assert words(stage.channel("#general", CSM)[-1]) == SORRY


def test_a_fault_that_cannot_even_be_said_escapes_nobody(stage: Stage) -> None:
    stage.sandbox.faults.fail("users.info", status=500)
    nowhere = b"response_url=http%3A%2F%2F127.0.0.1%3A9%2F"
    body = b"command=%2Fhealth&text=acme&user_id=U1&channel_id=C1&" + nowhere
    door = stage.sandbox.wire.door
    assert door is not None

    answer = door(
        "POST", stage.sandbox.wire.signed(body, "application/x-www-form-urlencoded"), body
    )

    assert answer[0] == 200


def test_home_shows_the_portfolio_and_who_one_is(stage: Stage) -> None:
    stage.member(CSM, "csm", "Anna")
    stage.customers("Acme")
    stage.fall()

    stage.sandbox.open_home(CSM)

    home = stage.sandbox.home(CSM)
    assert home is not None
    assert "Customer health" in str(home.payload)
    assert "You are a CSM" in str(home.payload)


def press(stage: Stage, email: str, action: str) -> None:
    home = stage.sandbox.home(email)
    assert home is not None
    stage.sandbox.hands.click_in_view(email, home.id, action)


def test_a_manager_pauses_and_resumes_all_delivery_from_home(stage: Stage) -> None:
    stage.member(CSM, "manager", "Anna")
    stage.sandbox.open_home(CSM)

    press(stage, CSM, "pause")
    assert paused(stage.house) is not None
    assert "Delivery is paused* by Anna" in str(stage.sandbox.home(CSM))

    press(stage, CSM, "resume")
    assert paused(stage.house) is None


def test_a_csm_is_not_offered_the_switch_and_a_stale_one_does_nothing(stage: Stage) -> None:
    stage.member(CSM, "manager", "Anna")
    stage.sandbox.open_home(CSM)
    stage.member(CSM, "csm", "Anna")

    press(stage, CSM, "pause")

    assert paused(stage.house) is None
    assert "'pause'" not in str(stage.sandbox.home(CSM))


def test_somebody_of_another_company_in_a_channel_of_ours_is_shown_nothing(stage: Stage) -> None:
    stage.customers("Acme")
    stage.sandbox.ensure_member("eve@theirs.example", "Eve", stranger=True)

    stage.sandbox.command("eve@theirs.example", "#general", "/health acme")

    assert words(stage.channel("#general", "eve@theirs.example")[-1]) == refusal("see")


def test_home_shows_a_guest_nothing(stage: Stage) -> None:
    stage.customers("Acme")
    stage.sandbox.ensure_member(VIEWER, "Vera", guest=True)

    stage.sandbox.open_home(VIEWER)

    home = stage.sandbox.home(VIEWER)
    assert home is not None
    assert "Acme" not in str(home.payload)
    assert "full members of this workspace only" in str(home.payload)
