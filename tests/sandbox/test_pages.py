"""The pages as a browser without scripts uses them: read, follow, post forms."""

import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from sandbox.loopback import Lines, LoopbackServer
from sandbox.server import Sandbox

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> {{7*7}} \u202e"
BUTTON: dict[str, Any] = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": "ack",
            "style": "primary",
            "text": {"type": "plain_text", "text": "Acknowledge"},
            "value": "play-1",
        }
    ],
}
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Snooze"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "when",
            "label": {"type": "plain_text", "text": "Until"},
            "element": {"type": "datetimepicker", "action_id": "until"},
        }
    ],
}


@pytest.fixture
def unsubscribed() -> list[bytes]:
    return []


@pytest.fixture
def site(sandbox: Sandbox, unsubscribed: list[bytes]) -> Iterator[str]:
    async def unsubscribe(request: Request) -> Response:
        unsubscribed.append(await request.body())
        return Response()

    app = Starlette(
        routes=[
            Route("/u/one", unsubscribe, methods=["POST"]),
            Mount("/inbox", sandbox.pages),
        ]
    )
    server = LoopbackServer(app, Lines(), "site")
    server.start()
    yield server.url.rstrip("/")
    server.stop()


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True) as client:
        yield client


@pytest.fixture
def anna(sandbox: Sandbox) -> str:
    sandbox.ensure_channel("general")
    sandbox.wire.door = lambda _method, _headers, _body: (200, {}, b"")
    return sandbox.ensure_member("anna@example.com", "Anna Berg", "Europe/Berlin").id


def form(page: str, what: str) -> dict[str, str]:
    """Return the fields of the first form on a page that does `what`."""
    found = next(
        each
        for each in re.findall(r"<form.*?</form>", page, re.DOTALL)
        if f'value="{what}"' in each
    )
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found)
    return {name: unescape(value) for name, value in inputs}


def test_an_empty_workspace_says_so(site: str, browser: httpx.Client) -> None:
    page = browser.get(f"{site}/inbox")

    assert page.status_code == 200
    assert "Nobody is in this workspace yet" in page.text


def test_a_conversation_shows_its_messages_at_the_viewers_hour(
    sandbox: Sandbox, client: WebClient, site: str, browser: httpx.Client, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    root = client.chat_postMessage(channel="general", text="Hello *all* :tada:")["ts"]
    client.chat_postMessage(channel="general", text="below", thread_ts=root)
    client.chat_update(channel=place.id, ts=root, text="Hello *all* :tada:")

    page = browser.get(f"{site}/inbox/c/{place.id}", params={"as": anna}).text

    assert "Hello <strong>all</strong> 🎉" in page
    assert "10:00 AM" in page
    assert "1 reply" in page
    assert "(edited)" in page
    assert "#general" in page


def test_an_ephemeral_message_is_shown_to_one_and_can_be_put_away(
    sandbox: Sandbox, client: WebClient, site: str, browser: httpx.Client, anna: str
) -> None:
    ben = sandbox.ensure_member("ben@example.com", "Ben").id
    direct = client.conversations_open(users=anna)["channel"]["id"]
    client.chat_postEphemeral(channel=direct, user=anna, text="whisper")

    mine = browser.get(f"{site}/inbox/dm", params={"as": anna}).text
    other = browser.get(f"{site}/inbox/dm", params={"as": ben}).text
    after = browser.post(f"{site}/inbox/act", data=form(mine, "dismiss")).text

    assert "whisper" in mine
    assert "Only visible to you" in mine
    assert "whisper" not in other
    assert "whisper" not in after


def test_the_composer_runs_a_command_and_says_what_is_no_command(
    sandbox: Sandbox, site: str, browser: httpx.Client, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    sandbox.wire.door = lambda _method, _headers, _body: (200, {}, b"Acme: 72")
    page = browser.get(f"{site}/inbox/c/{place.id}", params={"as": anna}).text

    after = browser.post(
        f"{site}/inbox/act", data={**form(page, "say"), "text": "/health acme"}
    ).text
    said = browser.post(f"{site}/inbox/act", data={**form(page, "say"), "text": "thanks"}).text

    assert "Acme: 72" in after
    assert "Only visible to you" in after
    assert "thanks" in said
    assert [each.text for each in sandbox.messages("general")] == ["thanks"]


def test_a_button_on_the_page_clicks(
    sandbox: Sandbox, client: WebClient, site: str, browser: httpx.Client, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    asked: list[bytes] = []

    def door(_method: str, _headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(body)
        return 200, {}, b""

    sandbox.wire.door = door
    client.chat_postMessage(channel="general", text="Alert", blocks=[BUTTON])
    page = browser.get(f"{site}/inbox/c/{place.id}", params={"as": anna}).text

    answer = browser.post(f"{site}/inbox/act", data=form(page, "click"))

    assert answer.status_code == 200
    assert b"play-1" in asked[0]


def test_a_modal_opens_on_the_page_and_is_submitted_in_the_viewers_time(
    sandbox: Sandbox, client: WebClient, site: str, browser: httpx.Client, anna: str
) -> None:
    asked: list[str] = []

    def door(_method: str, _headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(httpx.QueryParams(body.decode())["payload"])
        return 200, {}, b""

    sandbox.command(anna, "#general", "/health")
    sandbox.wire.door = door
    with sandbox.workspace.reading():
        (trigger,) = sandbox.workspace.triggers
    client.views_open(trigger_id=trigger, view=MODAL)
    page = browser.get(f"{site}/inbox/", params={"as": anna}).text
    fields = {**form(page, "modal"), "do": "submit", "v:until": "2026-11-20T10:00"}

    after = browser.post(f"{site}/inbox/act", data=fields).text

    assert 'role="dialog"' in page
    assert '"selected_date_time": 1795165200' in asked[0]
    assert 'role="dialog"' not in after


def test_hostile_words_are_shown_and_do_nothing(
    sandbox: Sandbox, client: WebClient, site: str, browser: httpx.Client, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    evil = sandbox.ensure_member("evil@example.com", HOSTILE).id
    sandbox.hands.say(evil, "#general", HOSTILE)
    block = {"type": "section", "text": {"type": "plain_text", "text": HOSTILE}}
    header = {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}}
    client.chat_postMessage(channel="general", text=HOSTILE, blocks=[block, header])

    page = browser.get(f"{site}/inbox/c/{place.id}", params={"as": anna}).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page


def test_forms_of_strangers_are_refused(
    sandbox: Sandbox, site: str, browser: httpx.Client, anna: str
) -> None:
    page = browser.get(f"{site}/inbox/", params={"as": anna}).text
    good = {**form(page, "say"), "text": "hi"}

    answers = [
        browser.post(f"{site}/inbox/act", data={**good, "token": "guess"}),
        browser.post(f"{site}/inbox/act", data={**good, "token": ""}),
        browser.post(f"{site}/inbox/act", data=good, headers={"origin": "https://evil.example"}),
        browser.post(f"{site}/inbox/act", data=good, headers={"sec-fetch-site": "cross-site"}),
    ]

    assert [each.status_code for each in answers] == [403] * 4
    assert sandbox.messages("general") == []


def test_pages_forbid_everything_they_do_not_need(site: str, browser: httpx.Client) -> None:
    policy = browser.get(f"{site}/inbox/").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "style=" not in browser.get(f"{site}/inbox/").text


def test_a_click_on_what_is_gone_is_told_so(
    sandbox: Sandbox, client: WebClient, site: str, browser: httpx.Client, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    ts = client.chat_postMessage(channel="general", text="Alert", blocks=[BUTTON])["ts"]
    page = browser.get(f"{site}/inbox/c/{place.id}", params={"as": anna}).text
    client.chat_delete(channel=place.id, ts=ts)

    answer = browser.post(f"{site}/inbox/act", data=form(page, "click"))

    assert answer.status_code == 409
    assert ts in answer.text


def test_the_page_asks_again_and_hears_only_what_changed(
    sandbox: Sandbox, site: str, browser: httpx.Client, anna: str
) -> None:
    place = sandbox.ensure_channel("general")
    address = f"{site}/inbox/c/{place.id}"
    first = browser.get(address, params={"as": anna, "live": "0-0"}).json()
    same = browser.get(address, params={"as": anna, "live": first["version"]})
    sandbox.hands.say(anna, "#general", "news")
    then = browser.get(address, params={"as": anna, "live": first["version"]}).json()

    assert same.status_code == 204
    assert "news" in then["pane"]


def post_mail(sandbox: Sandbox, unsubscribe: str | None = None) -> None:
    message = EmailMessage()
    message["From"] = "Anna Berg <anna@example.com>"
    message["To"] = "kim@acme.example"
    message["Subject"] = "How <b>are</b> you?"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<mailto:u@example.com>, <{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("plain words")
    message.add_alternative("<p onclick='x()'>HTML words</p>", subtype="html")
    place = urlsplit(sandbox.smtp_url)
    with smtplib.SMTP(str(place.hostname), int(place.port or 0), timeout=5) as smtp:
        smtp.send_message(message)


def test_a_mail_is_shown_with_its_html_locked_away(
    sandbox: Sandbox, site: str, browser: httpx.Client, anna: str
) -> None:
    post_mail(sandbox)

    page = browser.get(f"{site}/inbox/mail/1", params={"as": anna}).text
    html = browser.get(f"{site}/inbox/mail/1/html")

    assert "How &lt;b&gt;are&lt;/b&gt; you?" in page
    assert "plain words" in page
    assert 'sandbox="allow-popups' in page
    assert "HTML words" in html.text
    assert html.headers["content-security-policy"].startswith("sandbox ")
    assert "script-src" not in html.headers["content-security-policy"]
    assert browser.get(f"{site}/inbox/mail/7/html").status_code == 404


def test_one_click_unsubscribing_posts_what_the_standard_says(
    sandbox: Sandbox, site: str, browser: httpx.Client, anna: str, unsubscribed: list[bytes]
) -> None:
    post_mail(sandbox, f"{site}/u/one")
    page = browser.get(f"{site}/inbox/mail/1", params={"as": anna}).text

    answer = browser.post(
        f"{site}/inbox/act", data=form(page, "unsubscribe"), headers={"x-inbox": "script"}
    ).json()

    assert unsubscribed == [b"List-Unsubscribe=One-Click"]
    assert "confirmed" in answer["note"]


def test_unsubscribing_never_leaves_this_machine(
    sandbox: Sandbox, site: str, browser: httpx.Client, anna: str
) -> None:
    post_mail(sandbox, "https://elsewhere.example/u")
    page = browser.get(f"{site}/inbox/mail/1", params={"as": anna}).text

    answer = browser.post(
        f"{site}/inbox/act", data=form(page, "unsubscribe"), headers={"x-inbox": "script"}
    ).json()

    assert "nothing was sent" in answer["note"]
