"""Blocks: the rows a message, a modal or a Home tab is made of."""

from collections.abc import Iterator

from sandbox.blockkit.checks import (
    Check,
    Fields,
    address,
    anything,
    by_type,
    figure,
    flag,
    many,
    one_of,
    shape,
    words,
)
from sandbox.blockkit.elements import IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION
from sandbox.blockkit.objects import ID, plain, text
from sandbox.blockkit.rich import RICH_TEXT

MOST_POINTS = 20


def _block(required: Fields, optional: Fields | None = None, *rules: Check) -> Check:
    return shape({"type": anything, **required}, {"block_id": ID, **(optional or {})}, rules)


def _text_or_fields(value: object, where: str) -> Iterator[str]:
    if isinstance(value, dict) and not {"text", "fields"} & value.keys():
        yield f"{where}: a section needs text or fields"


SECTION = _block(
    {},
    {
        "text": text(3000),
        "fields": many(text(2000), 1, 10),
        "accessory": by_type(IN_SECTION, "element of a section"),
        "expand": flag,
    },
    _text_or_fields,
)
HEADER = _block({"text": plain(150)})
DIVIDER = _block({})
IMAGE_BLOCK = _block({"image_url": address(), "alt_text": words(2000)}, {"title": plain(2000)})
ACTIONS = _block({"elements": many(by_type(IN_ACTIONS, "element of an actions block"), 1, 25)})
IN_CONTEXT: dict[str, Check] = {
    "image": IMAGE,
    "plain_text": text(3000),
    "mrkdwn": text(3000),
}
CONTEXT = _block({"elements": many(by_type(IN_CONTEXT, "element of a context block"), 1, 10)})
INPUT = _block(
    {"label": plain(2000), "element": by_type(IN_INPUT, "element of an input block")},
    {"hint": plain(2000), "optional": flag, "dispatch_action": flag},
)
MARKDOWN = _block({"text": words(12_000)})

CELL = by_type(
    {
        "raw_text": shape({"type": anything, "text": words(3000, 0)}),
        "raw_number": shape({"type": anything, "value": figure}, {"text": words(3000)}),
        "rich_text": RICH_TEXT,
    },
    "table cell",
)
COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": flag})
TABLE = _block({"rows": many(many(CELL, 1, 20), 1, 100)}, {"column_settings": many(COLUMN, 1, 20)})

POINT = shape({"label": words(20), "value": figure})
SERIES = shape({"name": words(20), "data": many(POINT, 1, MOST_POINTS)})
AXES = shape(
    {"categories": many(words(20), 1, MOST_POINTS)}, {"x_label": words(50), "y_label": words(50)}
)
PLOT = shape({"type": anything, "series": many(SERIES, 1, 6), "axis_config": AXES})
PIE = shape({"type": anything, "segments": many(POINT, 1, 6)})
CHART = by_type({"bar": PLOT, "line": PLOT, "area": PLOT, "pie": PIE}, "chart")
VISUALIZATION = _block({"title": words(50), "chart": CHART})

EVERYWHERE: dict[str, Check] = {
    "section": SECTION,
    "header": HEADER,
    "divider": DIVIDER,
    "image": IMAGE_BLOCK,
    "actions": ACTIONS,
    "context": CONTEXT,
    "input": INPUT,
    "rich_text": RICH_TEXT,
}
IN_MESSAGE: dict[str, Check] = {
    **EVERYWHERE,
    "markdown": MARKDOWN,
    "table": TABLE,
    "data_table": TABLE,
    "data_visualization": VISUALIZATION,
}
