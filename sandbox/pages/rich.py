"""The rich_text block as HTML."""

from sandbox.pages.emoji import SIGNS
from sandbox.pages.frame import Frame
from sandbox.pages.html import Html, joined, tag
from sandbox.pages.mrkdwn import anchor, date_html, mention
from sandbox.state import Json

MARKS = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}


def rich_text(block: Json, frame: Frame) -> Html:
    """Return a rich_text block."""
    return tag("div", (_part(each, frame) for each in block["elements"]), class_="rich")


def _part(part: Json, frame: Frame) -> Html:
    match part["type"]:
        case "rich_text_list":
            name = "ol" if part["style"] == "ordered" else "ul"
            entries = (tag("li", _run(each, frame)) for each in part["elements"])
            return tag(name, entries, class_=f"indent-{part.get('indent', 0)}")
        case "rich_text_quote":
            return tag("blockquote", _run(part, frame))
        case "rich_text_preformatted":
            return tag("pre", tag("code", _run(part, frame)))
        case _:
            return tag("p", _run(part, frame))


def _run(part: Json, frame: Frame) -> Html:
    return joined(*(_styled(each, frame) for each in part["elements"]))


def _styled(element: Json, frame: Frame) -> Html:
    html = _element(element, frame)
    for style, name in MARKS.items():
        if element.get("style", {}).get(style):
            html = tag(name, html)
    return html


def _element(element: Json, frame: Frame) -> Html:
    match element["type"]:
        case "link":
            return anchor(str(element["url"]), str(element.get("text", element["url"])))
        case "user":
            return mention(f"@{frame.name_of(element['user_id'])}")
        case "channel":
            name = element["channel_id"]
            return mention(f"#{frame.channels.get(name, name)}")
        case "emoji":
            return joined(SIGNS.get(element["name"], f":{element['name']}:"))
        case "date":
            fallback = element.get("fallback", "")
            return date_html(
                element["timestamp"], element["format"], fallback, element.get("url"), frame
            )
        case _:
            return tag("span", str(element["text"]), class_="run")
