"""What Slack sends us, read into small values. Nothing in a payload is believed but who and what.

Slack adds properties at will, so nothing here forbids any; a missing one is an empty text, and
`team` may be null in an org-wide install.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked: a conversation, and perhaps a message in it."""

    channel: str
    ts: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A slash command as typed."""

    user: str
    place: Place
    text: str
    response_url: str


@dataclass(frozen=True, slots=True)
class Click:
    """A button pressed or a menu's option chosen. `value` is the opaque id it carried."""

    user: str
    place: Place
    action: str
    value: str
    trigger: str
    response_url: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """A modal sent in. `about` is its private_metadata; `values` are flat, by action id."""

    user: str
    callback: str
    about: str
    values: Mapping[str, str]


def asked(body: Payload) -> Asked:
    """Read a slash command."""
    return Asked(
        user=_text(body, "user_id"),
        place=Place(_text(body, "channel_id")),
        text=_text(body, "text"),
        response_url=_text(body, "response_url"),
    )


def click(body: Payload) -> Click:
    """Read the first action of a block_actions payload; Slack sends one at a time."""
    action = (body.get("actions") or [{}])[0]
    container = body.get("container") or {}
    chosen = action.get("selected_option") or {}
    channel = _text(body.get("channel") or {}, "id") or _text(container, "channel_id")
    return Click(
        user=_text(body.get("user") or {}, "id"),
        place=Place(channel, _text(container, "message_ts") or None),
        action=_text(action, "action_id"),
        value=_text(chosen, "value") or _text(action, "value"),
        trigger=_text(body, "trigger_id"),
        response_url=_text(body, "response_url"),
    )


def submitted(body: Payload) -> Submitted:
    """Read a view_submission."""
    view = body.get("view") or {}
    state = (view.get("state") or {}).get("values") or {}
    return Submitted(
        user=_text(body.get("user") or {}, "id"),
        callback=_text(view, "callback_id"),
        about=_text(view, "private_metadata"),
        values={
            action: _value(element) for block in state.values() for action, element in block.items()
        },
    )


def _value(element: Payload) -> str:
    """Return what was typed or chosen in one input, as text."""
    if element.get("selected_date_time") is not None:
        return str(element["selected_date_time"])
    if element.get("selected_option") is not None:
        return _text(element["selected_option"], "value")
    if element.get("selected_date") is not None:
        return _text(element, "selected_date")
    return _text(element, "value")


def _text(body: Payload, name: str) -> str:
    found = body.get(name)
    return found if isinstance(found, str) else ""
