"""What a caller sent: JSON or form fields, read the way Slack reads them."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.errors import SlackRefusal


def read_body(content_type: str, body: bytes, query: str) -> dict[str, Any]:
    """Return a request's arguments; the query string counts too, the body wins."""
    given: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    if content_type.startswith("application/json"):
        return {**given, **_json_object(body)}
    return {**given, **dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body or b"{}")
    except ValueError as fault:
        raise SlackRefusal("invalid_json") from fault
    if not isinstance(read, dict):
        raise SlackRefusal("json_not_object")
    return read


class Arguments:
    """A method's arguments by name, with the conversions that forms need."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def text(self, name: str) -> str | None:
        """Return text, or None where it is absent or empty."""
        value = self._given.get(name)
        return None if value is None or value == "" else str(value)

    def needed(self, name: str, code: str = "invalid_arguments") -> str:
        """Return text that must be there; `code` is Slack's refusal where it is not."""
        value = self.text(name)
        if value is None:
            raise SlackRefusal(code, [f"missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        """Return whether it is true, as JSON or as a form's word."""
        return self._given.get(name) in (True, "true", "True", "1", 1)

    def number(self, name: str, default: int) -> int:
        """Return a whole number."""
        value = self.text(name)
        try:
            return default if value is None else int(value)
        except ValueError as fault:
            raise SlackRefusal("invalid_arguments", [f"{name} must be a number"]) from fault

    def nested(self, name: str, code: str) -> Any:  # noqa: ANN401 - any JSON
        """Return a structure given as JSON or as text holding JSON, or None."""
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as fault:
            raise SlackRefusal(code, [f"{name} holds no JSON"]) from fault
