"""Short messages: what happened later in an alert's thread, and what the operator must know."""

from collections.abc import Mapping
from typing import Any, Final

from bot import blocks
from bot.blocks import Post

_SIGNS: Final = {
    "recovered": "\N{WHITE HEAVY CHECK MARK}",
    "superseded": "\N{DOWNWARDS BLACK ARROW}",
}


def thread_note(body: Mapping[str, Any]) -> Post:
    """Say in the alert's thread what happened, in the words of `reason` and `text`."""
    mark = _SIGNS.get(str(body.get("note")), "")
    told = [str(words) for words in (body.get("reason"), body.get("text")) if words]
    cancelled = _names(body.get("cancelled"))
    if cancelled:
        told.append(f"Cancelled, because it still waited: {', '.join(cancelled)}.")
    return _told(f"{mark} " if mark else "", told or ["Something changed here."])


def slack_post(body: Mapping[str, Any], name: str) -> Post:
    """Write a playbook's note about a customer into a conversation."""
    text = str(body.get("text", ""))
    return blocks.post(
        f"{blocks.literal(name)}: {blocks.literal(text, 2_000)}",
        blocks.rich(blocks.line(blocks.named(name), blocks.said(f"  {_cut(text)}"))),
    )


def operator_note(body: Mapping[str, Any]) -> Post:
    """Tell the operator of a trouble and the way out; at most once a day for each kind."""
    text = str(body.get("text", ""))
    return blocks.post(
        blocks.literal(text, 2_000),
        blocks.rich(
            blocks.line(blocks.said("For the operator: ", bold=True), blocks.said(_cut(text)))
        ),
    )


def _told(mark: str, told: list[str]) -> Post:
    lines = [blocks.line(blocks.said(f"{mark}{_cut(told[0])}"))]
    lines += [blocks.line(blocks.said(f"\n{_cut(each)}")) for each in told[1:]]
    return blocks.post(
        mark + " ".join(blocks.literal(each, 1_500) for each in told), blocks.rich(*lines)
    )


def _cut(text: str) -> str:
    return blocks.cut(blocks.clean_lines(text).strip(), blocks.RICH)


def _names(found: object) -> list[str]:
    return [str(name) for name in found] if isinstance(found, list | tuple) else []
