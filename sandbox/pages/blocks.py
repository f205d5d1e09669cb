"""Blocks as HTML, the way Slack draws them."""

from collections.abc import Callable, Mapping, Sequence

from sandbox.pages import charts
from sandbox.pages.elements import Place, bare, element_html, words
from sandbox.pages.html import NOTHING, Html, joined, tag
from sandbox.pages.mrkdwn import mrkdwn, plain_text
from sandbox.pages.rich import rich_text
from sandbox.state import Json

PLAIN_CELLS = {"raw_text": "text", "raw_number": "value"}


def blocks_html(blocks: Sequence[Json], place: Place, errors: dict[str, str]) -> Html:
    """Return all blocks; `errors` stand below a modal's inputs, by block_id."""
    return joined(*(_block(each, place, errors) for each in blocks))


def _block(block: Json, place: Place, errors: dict[str, str]) -> Html:
    if block["type"] == "input":
        return _input(block, place, errors.get(block["block_id"], ""))
    return DRAWN[block["type"]](block, place)


def _header(block: Json, _place: Place) -> Html:
    return tag("h3", plain_text(block["text"]["text"]), class_="b-header")


def _divider(_block: Json, _place: Place) -> Html:
    return tag("hr", class_="b-divider")


def _context(block: Json, place: Place) -> Html:
    parts = (_context_part(each, place) for each in block["elements"])
    return tag("div", parts, class_="b-context")


def _actions(block: Json, place: Place) -> Html:
    parts = (element_html(each, place) for each in block["elements"])
    return tag("div", parts, class_="b-actions")


def _markdown(block: Json, place: Place) -> Html:
    return tag("div", mrkdwn(block["text"], place.frame), class_="b-markdown")


def _rich(block: Json, place: Place) -> Html:
    return rich_text(block, place.frame)


def _rows(block: Json, place: Place) -> Html:
    return _table([[_cell(cell, place) for cell in row] for row in block["rows"]])


def _section(block: Json, place: Place) -> Html:
    text = tag("div", words(block.get("text"), place.frame), class_="b-text")
    entries = (tag("div", words(each, place.frame)) for each in block.get("fields", []))
    fields = tag("div", entries, class_="b-fields") if "fields" in block else NOTHING
    main = tag("div", text if "text" in block else NOTHING, fields, class_="b-main")
    return tag("div", main, _accessory(block, place), class_="b-section")


def _accessory(block: Json, place: Place) -> Html:
    accessory = block.get("accessory")
    if accessory is None:
        return NOTHING
    if accessory["type"] == "image":
        return _img(accessory, "b-thumb")
    label = bare(block.get("text"))[:100]
    return tag("div", element_html(accessory, place, label), class_="b-accessory")


def _context_part(part: Json, place: Place) -> Html:
    if part["type"] == "image":
        return _img(part, "b-icon")
    return tag("span", words(part, place.frame))


def _img(image: Json, class_: str) -> Html:
    return tag("img", src=image["image_url"], alt=image["alt_text"], class_=class_, loading="lazy")


def _image(block: Json, _place: Place) -> Html:
    title = block.get("title")
    caption = tag("figcaption", bare(title)) if title else NOTHING
    return tag("figure", caption, _img(block, "b-image"), class_="b-figure")


def _input(block: Json, place: Place, error: str) -> Html:
    label = bare(block["label"])
    optional = tag("span", " (optional)", class_="muted") if block.get("optional") else NOTHING
    hint = block.get("hint")
    return tag(
        "div",
        tag("div", label, optional, class_="b-label"),
        element_html(block["element"], place, label),
        tag("p", f"⚠ {error}", class_="b-error", role="alert") if error else NOTHING,
        tag("p", bare(hint), class_="muted") if hint else NOTHING,
        class_="b-input",
    )


def _cell(cell: Json, place: Place) -> Html:
    if cell["type"] == "rich_text":
        return rich_text(cell, place.frame)
    return joined(str(cell.get("text") or cell[PLAIN_CELLS[cell["type"]]]))


def _table(rows: Sequence[Sequence[Html]]) -> Html:
    head, *body = rows
    top = tag("thead", tag("tr", (tag("th", cell, scope="col") for cell in head)))
    lines = (tag("tr", (tag("td", cell) for cell in row)) for row in body)
    return tag("div", tag("table", top, tag("tbody", lines)), class_="b-table")


def _chart(block: Json, _place: Place) -> Html:
    """Return a chart as a line, and as the table of its values below it."""
    title = tag("figcaption", block["title"])
    values = tag("details", tag("summary", "All values"), _table(list(charts.rows(block["chart"]))))
    return tag("figure", title, charts.drawn(block["chart"]), values, class_="b-figure")


DRAWN: Mapping[str, Callable[[Json, Place], Html]] = {
    "header": _header,
    "divider": _divider,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "rich_text": _rich,
    "markdown": _markdown,
    "table": _rows,
    "data_table": _rows,
    "data_visualization": _chart,
}
