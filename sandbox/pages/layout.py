"""The page around everything: the sidebar, the pane, and the parts that refresh by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.pages.frame import Frame
from sandbox.pages.html import NOTHING, Html, icon, joined, tag
from sandbox.state import BOT_USER, Conversation, Member


@dataclass(frozen=True, slots=True)
class Pane:
    """The middle of a page: its title, what it holds, and what stands fixed below.

    `active` is the path of the sidebar's entry that it belongs to.
    """

    title: str
    subtitle: str
    content: Html
    active: str
    foot: Html = NOTHING
    kind: str = "talk"
    back: str = "/"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the sidebar lists: channels, how many mails, and how many messages each member has."""

    channels: Sequence[Conversation]
    mails: int
    directs: Mapping[str, int]


def sidebar_html(shelf: Shelf, active: str, frame: Frame) -> Html:
    """Return the conversations, the mails, and whose eyes the page is seen with."""

    def entry(path: str, sign: str, name: str) -> Html:
        link = tag(
            "a",
            tag("span", icon(sign), class_="sign"),
            tag("span", name, class_="name"),
            href=frame.link(path),
            aria_current="page" if path == active else None,
        )
        return tag("li", link)

    named = sorted(shelf.channels, key=lambda each: each.name)
    app = frame.name_of(BOT_USER)
    talk = [entry("/dm", "●", app), entry("/home", "⌂", f"{app}: Home")]
    post = [entry("/mail", "✉\ufe0e", f"All mail ({shelf.mails})")]
    return joined(
        tag("p", "Sandbox", tag("small", "nothing leaves this machine"), class_="workspace"),
        _viewer_form(shelf, frame),
        _group("Channels", [entry(f"/c/{each.id}", "#", each.name) for each in named]),
        _group("Direct messages", talk),
        _group("Mail", post),
    )


def _group(title: str, entries: Sequence[Html]) -> Html:
    return joined(tag("h2", title), tag("ul", entries))


def _viewer_form(shelf: Shelf, frame: Frame) -> Html:
    people = sorted(
        (each for each in frame.members.values() if not each.is_bot), key=lambda each: each.name
    )
    select = tag(
        "select",
        (_person(each, shelf.directs.get(each.id, 0), frame) for each in people),
        name="as",
        id="viewer",
        data_auto=True,
    )
    return tag(
        "form",
        tag("label", "View as", for_="viewer"),
        select,
        tag("noscript", tag("button", "Switch", class_="button")),
        method="get",
        action=f"{frame.base}{frame.here}",
        class_="viewer",
        data_native=True,
    )


def _person(member: Member, messages: int, frame: Frame) -> Html:
    chosen = frame.viewer is not None and member.id == frame.viewer.id
    name = f"{member.name} ({messages})" if messages else member.name
    return tag("option", name, value=member.id, selected=chosen)


def pane_html(pane: Pane, frame: Frame) -> Html:
    """Return the middle of the page."""
    back = tag("a", icon("← "), "Back", href=frame.link(pane.back), class_="back")
    title = tag("div", tag("h1", pane.title), tag("p", pane.subtitle), class_="titles")
    return joined(
        tag("header", back, title, class_="pane-head"),
        tag(
            "div",
            pane.content,
            class_=f"scroll {pane.kind}",
            id="scroll",
            tabindex="0",
            role="region",
            aria_label=pane.title,
        ),
    )


def page_html(side: Html, pane: Pane, modal: Html, frame: Frame, version: str) -> Html:
    """Return the whole document."""
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{pane.title} · Sandbox"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href=frame.static("inbox.css")),
        tag("script", src=frame.static("inbox.js"), defer=True),
    )
    main = tag(
        "main",
        tag("div", pane_html(pane, frame), id="pane"),
        pane.foot,
        tag("p", id="status", role="status", aria_live="polite"),
    )
    body = tag(
        "body",
        tag("a", "Skip to the messages", href="#scroll", class_="skip"),
        tag("nav", side, id="side", aria_label="Conversations"),
        main,
        tag("div", modal, id="modal"),
        class_="at-list" if frame.here == "/" else "at-pane",
        data_version=version,
    )
    return Html("<!doctype html>" + tag("html", tag("head", head), body, lang="en"))
