"""In a real browser: filters as one types, keyboard, phone width, and nothing from elsewhere."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from scoring.load import shipped
from service import rescore
from service.ports import House, MailPolicy
from storage.database import Database
from tests.builders import customers, day, events, new_event
from tests.web.conftest import NOW, StoppedClock, berlin
from tests.web.test_served import served
from web.app import build

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM} on this machine"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def address(sqlite_url: str) -> Iterator[str]:
    with closing(Database.open(sqlite_url)) as database:
        house = House(
            database=database,
            model=shipped(),
            playbooks=(),
            mail=MailPolicy("us@bellwether.example", "dry-run", "https://x.example", b"secret"),
            zone=berlin(),
            digest_to="#d",
            operator_to="#o",
            alerts_to="#a",
        )
        names = ("Acme", "Beta", "<b>Gamma</b>")
        for name in names:
            (one,) = customers(database, name.lower(), name=name, created_on=day(100))
            events(database, *(new_event(one, back=back) for back in range(1, 50)))
        for back in (3, 2, 1):
            rescore.rescore(house, day(back), now=NOW, decide=False)
        with served(build(house, StoppedClock())) as url:
            yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Open the dashboard; any word on the console or request elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    opened = context.new_page()
    heard: list[str] = []

    def note_strangers(asked: Request) -> None:
        if not asked.url.startswith(address):
            heard.append(asked.url)

    opened.on("console", lambda message: heard.append(message.text))
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.on("request", note_strangers)
    opened.goto(f"{address}/api/dashboard")
    yield opened
    context.close()
    assert heard == []


def test_the_list_follows_what_one_types(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("bet")

    expect(page.locator("tbody tr")).to_have_count(1)

    expect(page.locator("tbody tr a")).to_have_text("Beta")
    expect(page).to_have_url(re.compile(r"\?q=bet$"))
    assert page.url.endswith("?q=bet")
    expect(page.locator("[role=status]")).to_have_text("1 customer")
    page.keyboard.press("Escape")
    expect(page.locator("tbody tr")).to_have_count(3)


def test_a_customer_is_reached_with_the_keyboard_alone(page: Page) -> None:
    link = page.locator("tbody a", has_text="Gamma")
    link.focus()
    page.keyboard.press("Enter")

    page.wait_for_selector("h1")

    expect(page.locator("h1")).to_have_text("<b>Gamma</b>")
    expect(page.locator("svg.wide polyline")).to_have_count(1)
    page.locator("summary", has_text="The same as a table").press("Enter")
    assert page.locator("details table").first.is_visible()


@pytest.mark.parametrize("path", ["/", "/api/dashboard", "/api/dashboard/customers/acme", "/docs"])
@pytest.mark.parametrize("width", [320, 390, 820, 1400])
def test_no_page_is_wider_than_the_window(page: Page, address: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address + path)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_the_filter_has_a_button(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/api/dashboard")

    page.fill("input[name=q]", "acme")
    page.click("button:has-text('Apply')")

    expect(page.locator("tbody tr")).to_have_count(1)
    assert "q=acme" in page.url
    context.close()
