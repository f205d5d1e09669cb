"""Mails as a mail client shows them: the list, the headers, the HTML in a closed-off frame."""

import re
from collections.abc import Sequence
from email.message import EmailMessage
from urllib.parse import urlsplit

from sandbox.mailbox import Mail
from sandbox.pages.frame import Frame
from sandbox.pages.html import NOTHING, Html, icon, joined, tag

SHOWN = 200
HEADERS = ("From", "To", "Reply-To", "Date", "Message-ID")
LISTED = ("List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted")
LINK = re.compile(r"<(https?://[^<>\s]+)>")
ONE_CLICK = "List-Unsubscribe=One-Click"


def mails_html(mails: Sequence[Mail], chosen: Mail | None, frame: Frame) -> Html:
    """Return the list of mails, newest first, and the chosen one beside it."""
    if not mails:
        return tag("p", "No mail has arrived yet.", class_="empty")
    newest = [*mails][::-1][:SHOWN]
    rows = (_row(each, frame, chosen=each is chosen) for each in newest)
    listing = tag("nav", tag("ul", rows), class_="mail-list", aria_label="Mails")
    reading = reading_html(chosen, frame) if chosen else NOTHING
    return tag("div", listing, reading, class_="mails")


def _row(mail: Mail, frame: Frame, *, chosen: bool) -> Html:
    moment = frame.calendar.moment(mail.received_at.timestamp())
    link = tag(
        "a",
        tag("span", ", ".join(mail.recipients), class_="to"),
        tag("time", frame.calendar.brief(moment), datetime=moment.isoformat()),
        tag("b", subject(mail.message)),
        href=frame.link(f"/mail/{mail.number}"),
        aria_current="true" if chosen else None,
    )
    return tag("li", link)


def subject(message: EmailMessage) -> str:
    """Return a mail's subject, or words that say there is none."""
    return str(message.get("Subject") or "(no subject)")


def reading_html(mail: Mail, frame: Frame) -> Html:
    """Return one mail with its headers and its parts."""
    message = mail.message
    return tag(
        "article",
        tag("h2", subject(message)),
        _headers(mail, message),
        _unsubscribe(mail, message, frame),
        _parts(mail, message, frame),
        class_="reading",
        id=f"mail-{mail.number}",
    )


def _headers(mail: Mail, message: EmailMessage) -> Html:
    def line(name: str, value: str) -> Html:
        return joined(tag("dt", name), tag("dd", value))

    main = [line(name, str(message[name])) for name in HEADERS if message[name]]
    envelope = line("Envelope", f"{mail.sender or '<>'} → {', '.join(mail.recipients)}")
    rest = [line(name, str(message[name])) for name in LISTED if message[name]]
    more = tag("details", tag("summary", "More headers"), tag("dl", envelope, rest))
    return joined(tag("dl", main, class_="headers"), more)


def unsubscribe_address(message: EmailMessage) -> str | None:
    """Return where RFC 8058's one-click request goes, if the mail offers it."""
    found = LINK.search(str(message.get("List-Unsubscribe", "")))
    offered = str(message.get("List-Unsubscribe-Post", "")).strip() == ONE_CLICK
    return found[1] if found and offered and urlsplit(found[1]).hostname else None


def _unsubscribe(mail: Mail, message: EmailMessage, frame: Frame) -> Html:
    if unsubscribe_address(message) is None:
        return NOTHING
    return tag(
        "form",
        frame.form_fields("unsubscribe", target=str(mail.number)),
        tag(
            "span", icon("✉\ufe0e "), "This sender offers one-click unsubscribing.", class_="muted"
        ),
        tag("button", "Unsubscribe", class_="button"),
        method="post",
        action=frame.act,
        class_="unsubscribe",
    )


def _parts(mail: Mail, message: EmailMessage, frame: Frame) -> Html:
    text, html = body(message, "plain"), body(message, "html")
    plain = tag("pre", text or "This mail has no text part.", class_="mail-text")
    if html is None:
        return plain
    framed = tag(
        "iframe",
        src=f"{frame.base}/mail/{mail.number}/html",
        sandbox="allow-popups allow-popups-to-escape-sandbox",
        title="The mail's HTML",
        class_="mail-html",
    )
    return tag(
        "div",
        _tab("html", "HTML", checked=True),
        _tab("text", "Plain text", checked=False),
        tag("div", framed, class_="tab-html"),
        tag("div", plain, class_="tab-text"),
        class_="tabs",
    )


def _tab(kind: str, name: str, *, checked: bool) -> Html:
    control = tag("input", type="radio", name="part", id=f"part-{kind}", checked=checked)
    return joined(control, tag("label", name, for_=f"part-{kind}"))


def body(message: EmailMessage, kind: str) -> str | None:
    """Return a mail's text of one kind ("plain" or "html"), or None."""
    part = message.get_body((kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):
        return "This part is in an encoding that cannot be read."
