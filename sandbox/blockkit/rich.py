"""The rich_text block: sections, lists, quotes and preformatted text."""

from sandbox.blockkit.checks import (
    Check,
    address,
    anything,
    by_type,
    flag,
    many,
    number,
    one_of,
    shape,
    words,
)
from sandbox.blockkit.objects import ID

MOST_PARTS = 1000
STYLE = shape({}, {"bold": flag, "italic": flag, "strike": flag, "code": flag})
STYLED: dict[str, Check] = {"style": STYLE}
PARTS: dict[str, Check] = {
    "text": shape({"type": anything, "text": words(3000)}, STYLED),
    "link": shape(
        {"type": anything, "url": address()}, {**STYLED, "text": words(3000), "unsafe": flag}
    ),
    "emoji": shape({"type": anything, "name": words(100)}, {**STYLED, "unicode": words(100)}),
    "user": shape({"type": anything, "user_id": words(30)}, STYLED),
    "channel": shape({"type": anything, "channel_id": words(30)}, STYLED),
    "date": shape(
        {"type": anything, "timestamp": number(0, 9_999_999_999), "format": words(200)},
        {**STYLED, "url": address(), "fallback": words(500)},
    ),
}
RUN = many(by_type(PARTS, "rich text element"), 1, MOST_PARTS)
BORDER: dict[str, Check] = {"border": number(0, 1)}
SECTION = shape({"type": anything, "elements": RUN})
LIST = shape(
    {
        "type": anything,
        "style": one_of("bullet", "ordered"),
        "elements": many(by_type({"rich_text_section": SECTION}, "list entry"), 1, MOST_PARTS),
    },
    {**BORDER, "indent": number(0, 8), "offset": number(0, 10_000)},
)
BOXED = shape({"type": anything, "elements": RUN}, BORDER)
KINDS: dict[str, Check] = {
    "rich_text_section": SECTION,
    "rich_text_list": LIST,
    "rich_text_quote": BOXED,
    "rich_text_preformatted": BOXED,
}
RICH_TEXT = shape(
    {"type": anything, "elements": many(by_type(KINDS, "part of rich text"), 1, 100)},
    {"block_id": ID},
)
