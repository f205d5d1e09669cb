"""Slack's mrkdwn as HTML: bold, italic, strike, code, quotes, links, mentions, dates, emoji.

Marks that stand for something are put aside first, so that nothing inside them is formatted.
"""

import re
from html import escape
from urllib.parse import urlsplit

from sandbox.pages.emoji import with_emoji
from sandbox.pages.frame import Frame
from sandbox.pages.html import Html, tag

FENCE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
ANGLE = re.compile(r"<([^<>\n]+)>")
BARE = re.compile(r"\bhttps?://[^\s<>|\ue000\ue001]+[^\s<>|.,;:!?)\ue000\ue001]")
SLOT = re.compile("\ue000(\\d+)\ue001")
QUOTE = re.compile(r"(?:^&gt; ?.*(?:\n|$))+", re.MULTILINE)
MARKS = tuple(
    (
        re.compile(
            rf"(?<![\w{mark}])\{mark}(?=[^\s{mark}])([^{mark}\n]+?)(?<=\S)\{mark}(?![\w{mark}])"
        ),
        name,
    )
    for mark, name in (("*", "strong"), ("_", "em"), ("~", "s"))
)
DATE = re.compile(r"!date\^(\d+)\^([^^|]+)(?:\^([^|]+))?")
SCHEMES = {"http", "https", "mailto", "tel"}


def mrkdwn(text: str, frame: Frame) -> Html:
    """Return a text in mrkdwn as HTML."""
    slots: list[Html] = []

    def aside(html: Html) -> str:
        slots.append(html)
        return f"\ue000{len(slots) - 1}\ue001"

    plain = text.replace("\ue000", "").replace("\ue001", "")
    plain = FENCE.sub(lambda m: aside(tag("pre", tag("code", unescaped(m[1])))), plain)
    plain = CODE.sub(lambda m: aside(tag("code", unescaped(m[1]))), plain)
    plain = ANGLE.sub(lambda m: aside(_angle(m[1], frame)), plain)
    plain = BARE.sub(lambda m: aside(anchor(unescaped(m[0]), unescaped(m[0]))), plain)
    return Html(SLOT.sub(lambda m: slots[int(m[1])], _formatted(plain)))


def plain_text(text: str) -> Html:
    """Return plain text as HTML: only emoji and line ends mean something."""
    return Html(escape(with_emoji(text)).replace("\n", "<br>"))


def unescaped(text: str) -> str:
    """Return text with Slack's three escapes undone."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def anchor(address: str, words: str) -> Html:
    """Return a link, or just the words where the address is none to follow."""
    if not _is_followed(address):
        return tag("span", words)
    return tag("a", words, href=address, target="_blank", rel="noopener noreferrer nofollow")


def _is_followed(address: str) -> bool:
    try:
        return urlsplit(address).scheme in SCHEMES
    except ValueError:
        return False


def _formatted(plain: str) -> str:
    html = escape(with_emoji(unescaped(plain)), quote=False)
    for pattern, name in MARKS:
        html = pattern.sub(rf"<{name}>\1</{name}>", html)
    html = QUOTE.sub(_quote, html)
    return html.replace("\n", "<br>")


def _quote(found: re.Match[str]) -> str:
    lines = [re.sub("^&gt; ?", "", line) for line in found[0].rstrip("\n").split("\n")]
    return f"<blockquote>{'<br>'.join(lines)}</blockquote>"


def _angle(inside: str, frame: Frame) -> Html:
    """Return what stands in angle brackets: a mention, a date, a link."""
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return mention(f"@{frame.name_of(target[1:])}")
    if target.startswith("#"):
        return mention(f"#{label or frame.channels.get(target[1:], target[1:])}")
    if target.startswith("!"):
        return _special(target, label, frame)
    return anchor(unescaped(target), unescaped(label or target.removeprefix("mailto:")))


def mention(words: str) -> Html:
    """Return the chip of a person or a channel that is spoken of."""
    return tag("span", words, class_="mention")


def _special(target: str, label: str, frame: Frame) -> Html:
    date = DATE.match(target)
    if date:
        return date_html(int(date[1]), date[2], label, date[3], frame)
    return mention("@" + (label or target[1:].partition("^")[0]).removeprefix("@"))


def date_html(seconds: int, form: str, fallback: str, address: str | None, frame: Frame) -> Html:
    """Return a moment in the viewer's words, with the fallback as its title."""
    try:
        words = frame.calendar.spelled(seconds, form)
        exact = frame.calendar.moment(seconds).isoformat()
    except (ValueError, OverflowError, OSError):
        return tag("span", unescaped(fallback))
    time = tag("time", words, datetime=exact, title=unescaped(fallback) or exact)
    if address is None or not _is_followed(address):
        return time
    return tag("a", time, href=address, target="_blank", rel="noopener noreferrer nofollow")
