"""Elements: what people click, choose and type, and the images beside them."""

from collections.abc import Iterator

from sandbox.blockkit.checks import (
    Check,
    Fields,
    address,
    anything,
    flag,
    many,
    number,
    one_of,
    pattern,
    shape,
    words,
)
from sandbox.blockkit.objects import (
    BOX_OPTION,
    CONFIRM,
    GROUPS,
    ID,
    MENU_OPTION,
    MOST_OPTIONS,
    OPTIONS,
    OVERFLOW_OPTION,
    STYLE,
    URL,
    distinct_values,
    plain,
)

DATE = pattern(r"\d{4}-\d{2}-\d{2}", "2026-11-20")
TIME = pattern(r"([01]\d|2[0-3]):[0-5]\d", "09:30")
SLACK_ID = words(30)
PLACEHOLDER = plain(150)
MOST_BOXES = 10
MOST_TYPED = 3000


def _exactly_one(*names: str) -> Check:
    def check(value: object, where: str) -> Iterator[str]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield f"{where}: needs exactly one of {', '.join(names)}"

    return check


def _options_distinct(value: object, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from distinct_values(value.get("options"), f"{where}/options")


def _initial_is_an_option(value: object, where: str) -> Iterator[str]:
    """Slack refuses a preset that is not, word for word, among the options."""
    if not isinstance(value, dict) or not isinstance(value.get("options"), list):
        return
    single = [value["initial_option"]] if "initial_option" in value else []
    presets = value.get("initial_options", single)
    for preset in presets if isinstance(presets, list) else []:
        if preset not in value["options"]:
            yield f"{where}: the initial option is not among the options"


def _element(required: Fields, optional: Fields, *rules: Check) -> Check:
    return shape({"type": anything, **required}, optional, rules)


CLICKED: Fields = {"action_id": ID, "confirm": CONFIRM}
CHOSEN: Fields = {**CLICKED, "focus_on_load": flag, "placeholder": PLACEHOLDER}
TYPED: Fields = {
    "action_id": ID,
    "focus_on_load": flag,
    "placeholder": PLACEHOLDER,
    "dispatch_action_config": shape(
        {},
        {"trigger_actions_on": many(one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
    ),
}
MANY: Fields = {**CHOSEN, "max_selected_items": number(1, 100)}
OPTION_RULES = (_options_distinct, _initial_is_an_option)
LENGTHS: Fields = {"min_length": number(0, MOST_TYPED), "max_length": number(1, MOST_TYPED)}

BUTTON = _element(
    {"text": plain(75)},
    {
        **CLICKED,
        "url": URL,
        "value": words(2000),
        "style": STYLE,
        "accessibility_label": words(75),
    },
)
OVERFLOW = _element({"options": many(OVERFLOW_OPTION, 1, 5)}, CLICKED, _options_distinct)
STATIC_SELECT = _element(
    {},
    {**CHOSEN, "options": OPTIONS, "option_groups": GROUPS, "initial_option": MENU_OPTION},
    _exactly_one("options", "option_groups"),
    *OPTION_RULES,
)
MULTI_STATIC_SELECT = _element(
    {},
    {
        **MANY,
        "options": OPTIONS,
        "option_groups": GROUPS,
        "initial_options": many(MENU_OPTION, 1, MOST_OPTIONS),
    },
    _exactly_one("options", "option_groups"),
    *OPTION_RULES,
)
EXTERNAL: Fields = {"min_query_length": number(0, 100)}
URL_RESPONSE: Fields = {"response_url_enabled": flag}
FILTER: Fields = {
    "filter": shape(
        {},
        {
            "include": many(one_of("im", "mpim", "private", "public"), 1, 4),
            "exclude_external_shared_channels": flag,
            "exclude_bot_users": flag,
        },
    ),
    "default_to_current_conversation": flag,
}
BOXES: Fields = {"options": many(BOX_OPTION, 1, MOST_BOXES)}

CHECKBOXES = _element(
    BOXES,
    {**CLICKED, "focus_on_load": flag, "initial_options": many(BOX_OPTION, 1, MOST_BOXES)},
    *OPTION_RULES,
)
RADIO_BUTTONS = _element(
    BOXES, {**CLICKED, "focus_on_load": flag, "initial_option": BOX_OPTION}, *OPTION_RULES
)
IMAGE = _element({"image_url": address(), "alt_text": words(2000)}, {})
SLACK_IDS = many(SLACK_ID, 1, 100)

SELECTS: dict[str, Check] = {
    "static_select": STATIC_SELECT,
    "external_select": _element({}, {**CHOSEN, **EXTERNAL, "initial_option": MENU_OPTION}),
    "users_select": _element({}, {**CHOSEN, "initial_user": SLACK_ID}),
    "conversations_select": _element(
        {}, {**CHOSEN, **FILTER, **URL_RESPONSE, "initial_conversation": SLACK_ID}
    ),
    "channels_select": _element({}, {**CHOSEN, **URL_RESPONSE, "initial_channel": SLACK_ID}),
}
MULTI_SELECTS: dict[str, Check] = {
    "multi_static_select": MULTI_STATIC_SELECT,
    "multi_external_select": _element(
        {}, {**MANY, **EXTERNAL, "initial_options": many(MENU_OPTION, 1, MOST_OPTIONS)}
    ),
    "multi_users_select": _element({}, {**MANY, "initial_users": SLACK_IDS}),
    "multi_conversations_select": _element(
        {}, {**MANY, **FILTER, "initial_conversations": SLACK_IDS}
    ),
    "multi_channels_select": _element({}, {**MANY, "initial_channels": SLACK_IDS}),
}
PICKERS: dict[str, Check] = {
    "datepicker": _element({}, {**CHOSEN, "initial_date": DATE}),
    "timepicker": _element({}, {**CHOSEN, "initial_time": TIME, "timezone": words(50)}),
    "datetimepicker": _element(
        {},
        {
            **CLICKED,
            "focus_on_load": flag,
            "initial_date_time": number(1_000_000_000, 9_999_999_999),
        },
    ),
}
TEXT_INPUTS: dict[str, Check] = {
    "plain_text_input": _element(
        {}, {**TYPED, **LENGTHS, "multiline": flag, "initial_value": words(MOST_TYPED, 0)}
    ),
    "email_text_input": _element({}, {**TYPED, "initial_value": words(MOST_TYPED, 0)}),
    "url_text_input": _element({}, {**TYPED, "initial_value": words(MOST_TYPED, 0)}),
    "number_input": _element(
        {"is_decimal_allowed": flag},
        {
            **TYPED,
            "initial_value": words(100),
            "min_value": words(100),
            "max_value": words(100),
        },
    ),
}
BOXED: dict[str, Check] = {"checkboxes": CHECKBOXES, "radio_buttons": RADIO_BUTTONS}

# What may stand where: https://docs.slack.dev/reference/block-kit/blocks
IN_SECTION: dict[str, Check] = {
    "button": BUTTON,
    "overflow": OVERFLOW,
    "image": IMAGE,
    **SELECTS,
    **MULTI_SELECTS,
    **{name: PICKERS[name] for name in ("datepicker", "timepicker")},
    **BOXED,
}
IN_ACTIONS: dict[str, Check] = {
    "button": BUTTON,
    "overflow": OVERFLOW,
    **SELECTS,
    **PICKERS,
    **BOXED,
}
IN_INPUT: dict[str, Check] = {**SELECTS, **MULTI_SELECTS, **PICKERS, **BOXED, **TEXT_INPUTS}
