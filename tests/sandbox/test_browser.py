"""The pages in a real browser: refresh, click, confirm, fill in, on a phone too."""

import json
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.loopback import Lines, LoopbackServer
from sandbox.server import Sandbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
# Without these a Chromium on a closed network keeps trying to call home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


ALERT: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Acme fell to 41")},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "ack",
                "text": plain("Acknowledge"),
                "confirm": {
                    "title": plain("Sure?"),
                    "text": plain("Everybody sees it."),
                    "confirm": plain("Yes"),
                    "deny": plain("No"),
                },
            },
            {
                "type": "static_select",
                "action_id": "snooze",
                "placeholder": plain("Snooze…"),
                "options": [{"text": plain("Pick a time"), "value": "pick"}],
            },
        ],
    },
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": plain("Snooze"),
    "submit": plain("Save"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("Why?"),
            "element": {"type": "plain_text_input", "action_id": "reason"},
        }
    ],
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def site(sandbox: Sandbox, client: WebClient) -> Iterator[str]:
    """Serve the pages, with an app behind them that acknowledges and opens a modal."""

    def door(_method: str, _headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        fields = parse_qs(body.decode())
        if "payload" not in fields:
            return 200, {}, b"Acme: 41"
        payload = json.loads(fields["payload"][0])
        if payload["type"] == "block_actions":
            _acted(client, payload)
        return 200, {}, b""

    sandbox.ensure_member("anna@example.com", "Anna Berg")
    sandbox.ensure_channel("general")
    sandbox.wire.door = door
    client.chat_postMessage(channel="general", text="Alert", blocks=ALERT)
    server = LoopbackServer(Starlette(routes=[Mount("/inbox", sandbox.pages)]), Lines(), "site")
    server.start()
    yield f"{server.url}inbox/"
    server.stop()


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """Open the pages; they are closed before the site is, and nothing may have gone wrong."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto(site)
    yield page
    context.close()
    assert faults == []


def _acted(client: WebClient, payload: dict[str, Any]) -> None:
    if payload["actions"][0]["action_id"] == "snooze":
        client.views_open(trigger_id=payload["trigger_id"], view=MODAL)
        return
    client.chat_update(
        channel=payload["channel"]["id"],
        ts=payload["message"]["ts"],
        text=f"Acknowledged by <@{payload['user']['id']}>",
        blocks=[],
    )


def test_typing_a_command_shows_its_answer_to_the_viewer(page: Page) -> None:
    page.get_by_placeholder("Message #general").fill("/health acme")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Only visible to you")).to_be_visible()
    expect(page.get_by_text("Acme: 41")).to_be_visible()


def test_a_button_asks_first_and_then_the_message_changes_in_place(page: Page) -> None:
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("button", name="Yes").click()

    expect(page.get_by_text("Acknowledged by")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_a_choice_opens_a_modal_that_holds_the_focus_and_is_submitted(
    page: Page, sandbox: Sandbox
) -> None:
    page.get_by_label("Snooze…").select_option("pick")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("Why?")).to_be_focused()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("required")
    page.get_by_label("Why?").fill("on holiday")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sandbox.modals("anna@example.com") == []


def test_news_appears_by_itself_while_a_half_typed_line_stays(
    page: Page, client: WebClient
) -> None:
    line = page.get_by_placeholder("Message #general")
    line.fill("half a li")

    client.chat_postMessage(channel="general", text="breaking news")

    expect(page.get_by_text("breaking news")).to_be_visible()
    expect(line).to_have_value("half a li")


def test_a_phone_shows_the_list_first_and_nothing_is_wider_than_it(
    chromium: Browser, site: str
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = context.new_page()
    page.goto(site)

    expect(page.get_by_placeholder("Message #general")).to_be_hidden()
    page.get_by_role("link", name="general").click()
    expect(page.get_by_role("heading", name="Acme fell to 41")).to_be_visible()
    expect(page.get_by_role("link", name="Back")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert width == 390
