"""Interactive elements: in messages and on Home each is a form of its own, in a modal a field."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sandbox.forms import options, preset
from sandbox.pages.emoji import with_emoji
from sandbox.pages.frame import Frame
from sandbox.pages.html import NOTHING, Html, icon, joined, tag
from sandbox.pages.mrkdwn import mrkdwn, plain_text
from sandbox.state import Json

FIELD = "value"
# Rows of a box for several lines: it grows with what stands in it.
SHORTEST_BOX, LONGEST_BOX = 4, 14


@dataclass(frozen=True, slots=True)
class Place:
    """Where an element stands. `what` and `target` say whom a click is for.

    `what` is "click" (a message), "click_view" (Home) or "modal" (fields of the modal's form).
    """

    frame: Frame
    what: str
    target: str

    @property
    def in_modal(self) -> bool:
        """Tell whether one form holds all elements."""
        return self.what == "modal"

    def field(self, element: Json) -> str:
        """Return the name an element's value is sent under."""
        return f"v:{element['action_id']}" if self.in_modal else FIELD

    def form(self, element: Json, *children: Html) -> Html:
        """Wrap a control in its form; in a modal the modal is the form."""
        if self.in_modal:
            return joined(*children)
        fields = self.frame.form_fields(
            self.what, target=self.target, action=str(element["action_id"])
        )
        return tag(
            "form",
            fields,
            *children,
            method="post",
            action=self.frame.act,
            class_="control",
            **confirming(element.get("confirm")),
        )


def words(text: Mapping[str, str] | None, frame: Frame) -> Html:
    """Return a text object as HTML."""
    if not text:
        return NOTHING
    if text["type"] == "mrkdwn":
        return mrkdwn(text["text"], frame)
    return plain_text(text["text"])


def bare(text: Mapping[str, str] | None) -> str:
    """Return a text object as plain words, for labels and options."""
    return with_emoji(text["text"]) if text else ""


def confirming(confirm: Json | None) -> dict[str, str]:
    """Return the attributes from which the script asks "are you sure?"."""
    if not confirm:
        return {}
    parts = {name: bare(confirm[name]) for name in ("title", "text", "confirm", "deny")}
    return {"data_confirm": json.dumps({**parts, "style": confirm.get("style", "primary")})}


def element_html(element: Json, place: Place, label: str = "") -> Html:
    """Return one interactive element; `label` names it where it has no words of its own."""
    name = label or bare(element.get("placeholder")) or "Choose"
    match element["type"]:
        case "button":
            return _button(element, place)
        case "overflow":
            return _overflow(element, place)
        case "checkboxes" | "radio_buttons":
            return place.form(element, _boxes(element, place, name), _apply(place))
        case kind if kind.endswith("_select"):
            return place.form(element, _select(element, place, name), _apply(place))
        case _:
            return place.form(element, _input(element, place, name), _apply(place))


def _button(element: Json, place: Place) -> Html:
    style = f"button {element.get('style', '')}".strip()
    text = plain_text(element["text"]["text"])
    label = element.get("accessibility_label")
    if "url" in element:
        link = tag(
            "a", text, icon(" ↗\ufe0e"), href=element["url"], target="_blank", rel="noopener",
            class_=style, aria_label=label, data_fire=not place.in_modal,
        )  # fmt: skip
        return place.form(element, link)
    if place.in_modal:
        click = f"click:{element['action_id']}"
        return tag("button", text, name="do", value=click, class_=style, aria_label=label)
    button = tag(
        "button",
        text,
        class_=style,
        aria_label=label,
        name=FIELD,
        value=element.get("value"),
        id=f"e-{place.target}-{element['action_id']}",
    )
    return place.form(element, button)


def _overflow(element: Json, place: Place) -> Html:
    def entry(option: Json) -> Html:
        name = f"pick:{element['action_id']}" if place.in_modal else FIELD
        return tag("button", bare(option["text"]), name=name, value=option["value"])

    menu = tag("div", (entry(each) for each in element["options"]), class_="menu")
    summary = tag("summary", icon("⋯"), class_="button", aria_label="More actions")
    return place.form(element, tag("details", summary, menu, class_="overflow"))


def _select(element: Json, place: Place, name: str) -> Html:
    several = str(element["type"]).startswith("multi_")
    chosen = preset(element) or ()
    blank = NOTHING if several else tag("option", name, value="")
    return tag(
        "select",
        blank,
        _choices(element, place.frame, chosen),
        name=place.field(element),
        aria_label=name,
        multiple=several,
        data_auto=not several and not place.in_modal,
    )


def _choices(element: Json, frame: Frame, chosen: Iterable[str]) -> Html:
    marked = {chosen} if isinstance(chosen, str) else set(chosen)

    def choice(value: str, text: str) -> Html:
        return tag("option", text, value=value, selected=value in marked)

    def listed(entries: Iterable[Json]) -> Html:
        return joined(*(choice(each["value"], bare(each["text"])) for each in entries))

    kind = str(element["type"]).removeprefix("multi_")
    if kind == "users_select":
        people = (each for each in frame.members.values() if not each.is_bot)
        return joined(*(choice(each.id, each.name) for each in people))
    if kind in ("conversations_select", "channels_select"):
        return joined(*(choice(key, f"#{name}") for key, name in frame.channels.items()))
    groups = (
        tag("optgroup", listed(group["options"]), label=bare(group["label"]))
        for group in element.get("option_groups", [])
    )
    return joined(listed(element.get("options", [])), groups)


def _boxes(element: Json, place: Place, name: str) -> Html:
    kind = "checkbox" if element["type"] == "checkboxes" else "radio"
    chosen = preset(element) or ()
    marked = {chosen} if isinstance(chosen, str) else set(chosen)

    def box(option: Json) -> Html:
        control = tag(
            "input",
            type=kind,
            name=place.field(element),
            value=option["value"],
            checked=option["value"] in marked,
            data_auto=not place.in_modal,
        )
        detail = option.get("description")
        more = tag("span", words(detail, place.frame), class_="muted") if detail else NOTHING
        return tag("label", control, tag("span", words(option["text"], place.frame), more))

    boxes = joined(*(box(each) for each in options(element)))
    return tag("div", boxes, class_="boxes", role="group", aria_label=name)


INPUTS = {
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "datetime-local",
    "email_text_input": "email",
    "url_text_input": "url",
    "number_input": "number",
}


def _input(element: Json, place: Place, name: str) -> Html:
    kind = str(element["type"])
    value = _shown(element, place.frame)
    shared: dict[str, object] = {
        "name": place.field(element),
        "aria_label": name,
        "placeholder": bare(element.get("placeholder")) or None,
        "maxlength": element.get("max_length"),
    }
    if kind == "plain_text_input" and element.get("multiline"):
        rows = min(LONGEST_BOX, max(SHORTEST_BOX, str(value).count("\n") + 2))
        return tag("textarea", value, rows=rows, **shared)
    step = "any" if element.get("is_decimal_allowed") else None
    auto = not place.in_modal
    return tag(
        "input", type=INPUTS.get(kind, "text"), value=value, step=step, data_auto=auto, **shared
    )


def _shown(element: Json, frame: Frame) -> str:
    value = preset(element)
    if not isinstance(value, str):
        return ""
    if element["type"] == "datetimepicker":
        return f"{frame.calendar.moment(value):%Y-%m-%dT%H:%M}"
    return value


def _apply(place: Place) -> Html:
    """Return the button for browsers without scripts, which cannot send a choice by itself."""
    if place.in_modal:
        return NOTHING
    return tag("noscript", tag("button", "Apply", class_="button"))
