"""What a message says: text and blocks, checked as Slack checks them, and made ready to store."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.blockkit import problems
from sandbox.blockkit.surfaces import MOST_MESSAGE_TEXT, TOO_LONG_TOGETHER
from sandbox.errors import SlackRefusal
from sandbox.slack.arguments import Arguments
from sandbox.state import Blocks, Json

MOST_METADATA = 8000


def content(arguments: Arguments) -> tuple[str, Blocks]:
    """Return text and blocks; refuse what Slack would, and blocks without text besides."""
    text = arguments.text("text") or ""
    blocks = arguments.nested("blocks", "invalid_blocks_format") or []
    if not text:
        detail = ["blocks are there, but no text: screen readers and notifications need it"]
        raise SlackRefusal("no_text", detail if blocks else None)
    if len(text) > MOST_MESSAGE_TEXT:
        raise SlackRefusal("msg_too_long", [f"{len(text):,} characters"])
    return text, sound_blocks(blocks)


def sound_blocks(blocks: object) -> Blocks:
    """Return a message's blocks with the ids Slack gives; refuse them where a limit is broken."""
    found = problems(blocks, "message")
    if found:
        together = all(TOO_LONG_TOGETHER in each for each in found)
        raise SlackRefusal("msg_blocks_too_long" if together else "invalid_blocks", found)
    return identified(blocks if isinstance(blocks, list) else [])


def identified(blocks: Sequence[Json]) -> Blocks:
    """Give every block and every element an id where the app gave none, as Slack does."""
    return tuple(_identified(block, index) for index, block in enumerate(blocks))


def _identified(block: Json, index: int) -> Json:
    named = {**block, "block_id": block.get("block_id", f"sandbox-{index}")}
    for slot in ("accessory", "element"):
        if slot in named:
            named[slot] = _with_action(named[slot], f"sandbox-{index}-{slot}")
    if named["type"] == "actions":
        named["elements"] = [
            _with_action(element, f"sandbox-{index}-{place}")
            for place, element in enumerate(named["elements"])
        ]
    return named


def _with_action(element: Json, action_id: str) -> Json:
    if element.get("type") == "image" or "action_id" in element:
        return element
    return {**element, "action_id": action_id}


def metadata(arguments: Arguments) -> Mapping[str, Any] | None:
    """Return a message's metadata, checked."""
    given = arguments.nested("metadata", "invalid_metadata_format")
    if given is None:
        return None
    if not isinstance(given, dict) or given.keys() != {"event_type", "event_payload"}:
        raise SlackRefusal("invalid_metadata_format", ["needs event_type and event_payload"])
    if not isinstance(given["event_type"], str) or not isinstance(given["event_payload"], dict):
        raise SlackRefusal("invalid_metadata_format", ["event_type is text, event_payload a map"])
    if len(str(given)) > MOST_METADATA:
        raise SlackRefusal("metadata_too_large")
    return given
