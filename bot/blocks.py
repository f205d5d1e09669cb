"""The small vocabulary of Block Kit we speak: every text cleaned, escaped and cut to its limit.

A stranger's text (a customer's name, a mail) goes into plain_text or rich_text, where Slack reads
no markup at all. Where it must stand in mrkdwn or in the fallback text, `literal` takes its teeth.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Block = dict[str, object]
Style = Literal["primary", "danger"]

# Slack's own figures; a message over any of them is refused as a whole.
BLOCKS_A_MESSAGE: Final = 50
HEADER: Final = 150
SECTION: Final = 3_000
FIELD: Final = 2_000
BUTTON: Final = 75
OPTION: Final = 75
FALLBACK: Final = 3_900
# Slack refuses about 12,000 characters in all blocks together and documents it nowhere; users
# measured 11,000 to 13,000. Counting the JSON and stopping short of it is the safe reading.
WEIGHT: Final = 10_500
# Text this long in one rich_text element; longer ones are divided by their makers.
RICH: Final = 3_000

# Embeddings, overrides and isolates can turn the rest of a line around; they never show.
_BIDI_CONTROLS: Final = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
)
_LINE_BREAKS: Final = frozenset("\u2028\u2029\x0b\x0c\x85")
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
# What can open or close markup in mrkdwn; a colon only where an emoji's name could begin.
_MARKS: Final = re.compile(r"[*_~`@#>|]|:(?=\S)")
_GAP: Final = "\u200b"


def cut(text: str, limit: int) -> str:
    """Shorten to `limit` characters, the last one saying that something is gone."""
    if limit < 1:
        return ""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def clean(text: str, limit: int = SECTION) -> str:
    """Make one line that shows what was written and nothing else; never empty."""
    line = " ".join(clean_lines(text).split())
    if any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in line):
        # Isolated, right-to-left text never reorders the figures beside it.
        return f"\u2068{cut(line, limit - 2)}\u2069"
    return cut(line, limit) or "-"


def clean_lines(text: str) -> str:
    """Keep the lines; drop what is invisible and turns text around, and stray controls."""
    breaks = text.replace("\r\n", "\n").replace("\r", "\n")
    shown = "".join(_shown(char) for char in breaks)
    return shown.encode("utf-8", "replace").decode("utf-8")


def _shown(char: str) -> str:
    if char in _BIDI_CONTROLS:
        return ""
    if char in _LINE_BREAKS:
        return "\n"
    if char in "\n\t" or unicodedata.category(char) != "Cc":
        return char
    return "\ufffd"


def escape(text: str) -> str:
    """Escape exactly what Slack asks for: & < >."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def literal(text: str, limit: int = 300) -> str:
    """Let a stranger's text stand in mrkdwn: escaped, and no mark of it forms anything.

    A zero-width gap on both sides of each mark leaves it neither opening nor closing a span.
    """
    gapped = _MARKS.sub(lambda mark: f"{_GAP}{mark[0]}{_GAP}", clean(text, limit))
    return escape(gapped)


def moment(at: datetime, pattern: str = "{date_short_pretty} at {time}") -> str:
    """Write an instant as mrkdwn in the reader's own zone; the fallback is UTC."""
    return f"<!date^{int(at.timestamp())}^{pattern}|{at:%Y-%m-%d %H:%M} UTC>"


# Objects inside blocks.


def plain(text: str, limit: int = SECTION) -> Block:
    """Text in which Slack reads neither markup nor emoji names."""
    return {"type": "plain_text", "text": clean(text, limit), "emoji": False}


def mrkdwn(text: str, limit: int = SECTION) -> Block:
    """Our own words, with markup. A stranger's part of it must have gone through `literal`."""
    return {"type": "mrkdwn", "text": cut(text, limit), "verbatim": True}


def button(
    label: str,
    action: str,
    value: str,
    *,
    style: Style | None = None,
    url: str | None = None,
    confirm: Block | None = None,
    says: str | None = None,
) -> Block:
    """Build a button. `value` is an opaque id; `says` is what a screen reader reads instead."""
    made: Block = {
        "type": "button",
        "text": plain(label, BUTTON),
        "action_id": action,
        "value": value,
    }
    extras = {
        "style": style,
        "url": url,
        "confirm": confirm,
        "accessibility_label": clean(says, BUTTON) if says else None,
    }
    return made | {name: extra for name, extra in extras.items() if extra is not None}


def confirm(title: str, text: str, yes: str, no: str = "Go back") -> Block:
    """Ask once more before something that cannot be called back."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }


def option(label: str, value: str, description: str | None = None) -> Block:
    """One choice of a menu."""
    made: Block = {"text": plain(label, OPTION), "value": value}
    return made | ({"description": plain(description, OPTION)} if description else {})


def menu(placeholder: str, action: str, options: Sequence[Block]) -> Block:
    """Build a menu of up to 100 options."""
    return {
        "type": "static_select",
        "placeholder": plain(placeholder, 150),
        "action_id": action,
        "options": list(options[:100]),
    }


# Blocks.


def header(text: str) -> Block:
    """Build a headline; a stranger's name in it shows literally."""
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Build a paragraph of our own mrkdwn."""
    made: Block = {"type": "section", "text": mrkdwn(text)}
    return made | ({"accessory": accessory} if accessory else {})


def fields(pairs: Iterable[tuple[str, str]]) -> Block:
    """Build up to ten short label and value pairs; values are mrkdwn."""
    shown = [mrkdwn(f"*{label}*\n{value}", FIELD) for label, value in pairs]
    return {"type": "section", "fields": shown[:10]}


def context(*texts: str) -> Block:
    """Build small print of our own mrkdwn."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts[:10]]}


def divider() -> Block:
    """Build a thin line."""
    return {"type": "divider"}


def actions(*elements: Block, block_id: str | None = None) -> Block:
    """Build a row of at most 25 buttons and menus."""
    made: Block = {"type": "actions", "elements": list(elements[:25])}
    return made | ({"block_id": block_id} if block_id else {})


# Rich text: the clean place for a stranger's words.


def said(text: str, *, bold: bool = False, italic: bool = False) -> Block:
    """Text inside a rich_text line; shown as it is, line breaks included."""
    made: Block = {"type": "text", "text": clean_lines(text) or "-"}
    style = {name: True for name, on in (("bold", bold), ("italic", italic)) if on}
    return made | ({"style": style} if style else {})


def named(text: str, limit: int = 120) -> Block:
    """Write a stranger's name in bold inside a rich_text line."""
    return said(clean(text, limit), bold=True)


def link(text: str, url: str) -> Block:
    """Write a link inside a rich_text line."""
    return {"type": "link", "url": url, "text": clean(text, 120)}


def line(*elements: Block) -> Block:
    """One line of a rich_text block."""
    return {"type": "rich_text_section", "elements": list(elements)}


def bullets(lines: Sequence[Block]) -> Block:
    """Lines of a rich_text block as a bullet list."""
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines)}


def quote(text: str) -> Block:
    """Another's words, set apart, with their line breaks."""
    return {"type": "rich_text_quote", "elements": [said(text)]}


def rich(*elements: Block) -> Block:
    """Build a rich_text block of lines, lists and quotes."""
    return {"type": "rich_text", "elements": list(elements)}


# Messages.


@dataclass(frozen=True, slots=True)
class Post:
    """One message: its blocks, and the same in words for screen readers and notifications."""

    text: str
    blocks: tuple[Block, ...]


def post(text: str, *blocks: Block) -> Post:
    """Put a message together. A stranger's part of `text` must have gone through `literal`."""
    return Post(cut(text, FALLBACK), blocks)


def sentence(text: str) -> Post:
    """Build a message of one paragraph of our own mrkdwn."""
    return post(text, section(text))


def weight(blocks: Sequence[Block]) -> int:
    """Count the characters Slack will count against its limit for all blocks together."""
    return len(json.dumps(list(blocks), ensure_ascii=False))


def fits(blocks: Sequence[Block]) -> bool:
    """Tell whether these blocks make one message for Slack."""
    return len(blocks) <= BLOCKS_A_MESSAGE and weight(blocks) <= WEIGHT


def pack(parts: Iterable[tuple[Block, str]]) -> tuple[Post, ...]:
    """Divide blocks, each with its words, into as few messages as Slack takes; none is dropped."""
    messages: list[tuple[list[Block], list[str]]] = [([], [])]
    for block, words in parts:
        held, said = messages[-1]
        too_long = len("\n".join([*said, words])) > FALLBACK
        if held and (too_long or not fits([*held, block])):
            messages.append(([], []))
            held, said = messages[-1]
        held.append(block)
        said.append(words)
    return tuple(
        post("\n".join(word for word in said if word), *held) for held, said in messages if held
    )
