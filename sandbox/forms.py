"""What a member chose or typed, in the shape that interactions carry it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.errors import NotOnScreen
from sandbox.state import Json

Given = str | Sequence[str] | None

# The element's type, the payload's field, and the field that presets it.
SINGLE = {
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
}
SEVERAL = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
}
ONE_OPTION = {"static_select", "external_select", "radio_buttons", "overflow"}
MANY_OPTIONS = {"multi_static_select", "multi_external_select", "checkboxes"}


def elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield (block, element) for everything that can be clicked, chosen or typed into."""
    for block in blocks:
        held = [block.get("accessory"), block.get("element")]
        if block.get("type") == "actions":
            held += block["elements"]
        for element in held:
            if isinstance(element, dict) and element.get("type") != "image":
                yield block, element


def found_element(blocks: Sequence[Json], action_id: str, where: str) -> tuple[Json, Json]:
    """Return the block and the element of an action_id, or say that it is not there."""
    for block, element in elements(blocks):
        if element.get("action_id") == action_id:
            return block, element
    raise NotOnScreen(f"element {action_id!r}", where)


def options(element: Json) -> list[Json]:
    """Return an element's options, those in groups too."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(each for group in groups for each in group["options"])]


def chosen(element: Json, given: Given) -> Json:
    """Return what an interaction says of an element: type, and what is chosen or typed in it."""
    kind = str(element["type"])
    return {"type": kind, **_choice(kind, element, given)}


def _choice(kind: str, element: Json, given: Given) -> Json:
    if kind in ONE_OPTION:
        return {"selected_option": _option(element, given) if given else None}
    if kind in MANY_OPTIONS:
        return {"selected_options": [_option(element, each) for each in _listed(given)]}
    if kind in SEVERAL:
        return {SEVERAL[kind][0]: _listed(given)}
    if kind == "datetimepicker":
        return {"selected_date_time": int(str(given)) if given else None}
    if kind in SINGLE:
        return {SINGLE[kind][0]: given or None}
    return {}


def _option(element: Json, value: Given) -> Json:
    for each in options(element):
        if each.get("value") == value:
            return each
    raise NotOnScreen(f"option {value!r}", str(element.get("action_id")))


def _listed(given: Given) -> list[str]:
    if not given:
        return []
    return [given] if isinstance(given, str) else list(given)


def preset(element: Json) -> Given:
    """Return what stands in an element before anybody touches it."""
    kind = str(element["type"])
    if kind in ONE_OPTION:
        return _value(element.get("initial_option"))
    if kind in MANY_OPTIONS:
        return [str(each["value"]) for each in element.get("initial_options", [])]
    if kind == "datetimepicker":
        moment = element.get("initial_date_time")
        return None if moment is None else str(moment)
    field = SINGLE.get(kind) or SEVERAL.get(kind)
    found: Given = element.get(field[1]) if field else None
    return found


def _value(option: object) -> str | None:
    return str(option["value"]) if isinstance(option, dict) else None


def state(blocks: Sequence[Json], given: Mapping[str, Given]) -> Json:
    """Return a surface's `state`: by block and action, what stands in every input."""
    values: dict[str, dict[str, Any]] = {}
    for block, element in elements(blocks):
        if element["type"] in ("button", "overflow"):
            continue
        action_id = str(element["action_id"])
        inside = given.get(action_id, preset(element))
        values.setdefault(str(block["block_id"]), {})[action_id] = chosen(element, inside)
    return {"values": values}


def faults(blocks: Sequence[Json], given: Mapping[str, Given]) -> dict[str, str]:
    """Say by block_id what Slack itself objects to before an app sees a form."""
    found = {}
    for block, element in elements(blocks):
        if block.get("type") != "input":
            continue
        inside = given.get(str(element["action_id"]), preset(element))
        sentence = _fault(element, inside, optional=bool(block.get("optional")))
        if sentence:
            found[str(block["block_id"])] = sentence
    return found


def _fault(element: Json, inside: Given, *, optional: bool) -> str | None:
    if not inside:
        return None if optional else "Please complete this required field."
    if len(inside) < element.get("min_length", 0):
        return f"Please use at least {element['min_length']} characters."
    if len(inside) > element.get("max_length", 3000) and isinstance(inside, str):
        return f"Please use at most {element.get('max_length', 3000)} characters."
    return None
