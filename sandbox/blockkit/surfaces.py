"""Whole surfaces: messages, modals and Home tabs, with the limits that span blocks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

from sandbox.blockkit.blocks import EVERYWHERE, IN_MESSAGE
from sandbox.blockkit.checks import anything, by_type, flag, many, one_of, shape, words
from sandbox.blockkit.objects import ID, marked_up, plain

Surface = Literal["message", "modal", "home"]

MOST_BLOCKS: Mapping[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_MESSAGE_TEXT = 4000
# Slack names no figure for `msg_blocks_too_long`; people measured 11,000 to 13,000.
MOST_CHARACTERS = 12_000
TOO_LONG_TOGETHER = "characters in all blocks together"
MOST_OF_A_KIND = {"table": 1, "data_table": 1, "data_visualization": 2}
_MACHINE_WORDS = {"type", "block_id", "action_id", "style"}


def problems(blocks: object, surface: Surface) -> list[str]:
    """Say what Slack would refuse in these blocks: one sentence each, with a JSON pointer."""
    kinds = IN_MESSAGE if surface == "message" else EVERYWHERE
    least = 0 if surface == "message" else 1
    check = many(by_type(kinds, f"block of a {surface}"), least, MOST_BLOCKS[surface])
    found = list(check(blocks, "/blocks"))
    if isinstance(blocks, list):
        found += _across(blocks, surface)
    return found


def message_problems(payload: Mapping[str, object]) -> list[str]:
    """Say what is wrong with a message: its text, which is always sent, and its blocks."""
    found = list(marked_up(MOST_MESSAGE_TEXT)(payload.get("text", ""), "/text"))
    return found + problems(payload.get("blocks") or [], "message")


def view_problems(view: object) -> list[str]:
    """Say what is wrong with a modal or a Home tab, as given to views.open or views.publish."""
    kind = view.get("type") if isinstance(view, dict) else None
    found = list(by_type({"modal": MODAL, "home": HOME}, "view")(view, "/view"))
    if isinstance(view, dict) and kind in ("modal", "home"):
        surface: Surface = "modal" if kind == "modal" else "home"
        found += [f"/view{each}" for each in problems(view.get("blocks"), surface)]
        found += _submit_missing(view)
    return found


def _across(blocks: list[object], surface: Surface) -> Iterator[str]:
    yield from _repeated(blocks, "block_id")
    yield from _repeated(blocks, "action_id")
    counts = Counter(str(each.get("type")) for each in blocks if isinstance(each, dict))
    for kind, most in MOST_OF_A_KIND.items():
        if counts[kind] > most:
            yield f"/blocks: {counts[kind]} {kind} blocks, allowed are {most}"
    total = _characters(blocks)
    if surface == "message" and total > MOST_CHARACTERS:
        yield f"/blocks: {total:,} {TOO_LONG_TOGETHER}, allowed are {MOST_CHARACTERS:,}"


def _repeated(blocks: list[object], name: str) -> Iterator[str]:
    counts = Counter(value for value in _values(blocks, name) if isinstance(value, str))
    for value, count in counts.items():
        if count > 1:
            yield f"/blocks: {name} {value!r} is there {count} times, it must be unique"


def _values(node: object, name: str) -> Iterator[object]:
    if isinstance(node, dict):
        if name in node:
            yield node[name]
        for entry in node.values():
            yield from _values(entry, name)
    elif isinstance(node, list):
        for entry in node:
            yield from _values(entry, name)


def _characters(node: object) -> int:
    """Count what people read and click through to; names for machines do not count."""
    if isinstance(node, str):
        return len(node)
    if isinstance(node, list):
        return sum(_characters(entry) for entry in node)
    if isinstance(node, dict):
        return sum(_characters(value) for key, value in node.items() if key not in _MACHINE_WORDS)
    return 0


def _submit_missing(view: Mapping[str, object]) -> Iterator[str]:
    blocks = view.get("blocks")
    entries = blocks if isinstance(blocks, list) else []
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in entries)
    if view.get("type") == "modal" and inputs and "submit" not in view:
        yield "/view/submit: is missing, and the view has input blocks"


_SHARED = {
    "private_metadata": words(3000, 0),
    "callback_id": ID,
    "external_id": words(255, 0),
}
MODAL = shape(
    {"type": one_of("modal"), "title": plain(24), "blocks": anything},
    {
        **_SHARED,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
HOME = shape({"type": one_of("home"), "blocks": anything}, _SHARED)
