"""Answers that are no card: which one did you mean, nobody by that name, how to ask."""

from collections.abc import Sequence
from typing import Final

from bot import blocks, wording
from bot.blocks import Block, Post
from storage.customers import Candidate

# As many buttons as fit a phone's screen; a menu takes more.
BUTTONS_AT_MOST: Final = 5


def usage(command: str) -> Post:
    """Say how to ask."""
    shown = (
        f"`{command} NAME`  one customer: the score, why it moved, and how fresh the data is\n"
        f"`{command}`  all customers: how many in which band, and who moved most\n"
        f"`{command} help`  this\n\n"
        "A name may be the customer's name, an alias or the key, and need not be exact; put it "
        "in quotes when it is one of the words above. Only you see the answer, until you share it."
    )
    return blocks.post(
        f"How to ask: {command} NAME, {command}, or {command} help.", blocks.section(shown)
    )


def chooser(words: str, several: Sequence[Candidate], *, more: bool) -> Post:
    """Offer the customers the words fit; never the first of them. `more`: there are others."""
    told = f"{'More than ' if more else ''}{wording.count(len(several), 'customer')}"
    return blocks.post(
        f"{told} fit {blocks.literal(words)}: {_spoken(several)}. Which one?",
        blocks.rich(
            blocks.line(
                blocks.said(f"{told} fit "), blocks.named(words), blocks.said(". Which one?")
            )
        ),
        *_offer(several),
        *([blocks.context("Type more of the name to narrow them down.")] if more else []),
    )


def nothing(words: str, close: Sequence[Candidate], command: str) -> Post:
    """Say that nobody fits, and who comes close."""
    told = blocks.line(blocks.said("No customer fits "), blocks.named(words), blocks.said("."))
    if not close:
        hint = f"See `{command} help` for how to ask."
        return blocks.post(
            f"No customer fits {blocks.literal(words)}. {hint}",
            blocks.rich(told),
            blocks.context(hint),
        )
    return blocks.post(
        f"No customer fits {blocks.literal(words)}. Did you mean {_spoken(close)}?",
        blocks.rich(told),
        blocks.section("Did you mean one of these?"),
        *_offer(close),
    )


def _spoken(several: Sequence[Candidate]) -> str:
    named = [blocks.literal(choice.name, 60) for choice in several[:BUTTONS_AT_MOST]]
    more = len(several) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


def _offer(several: Sequence[Candidate]) -> list[Block]:
    if len(several) <= BUTTONS_AT_MOST:
        return [
            blocks.actions(
                *(
                    blocks.button(_label(choice), f"choose_{number}", f"customer:{choice.id}")
                    for number, choice in enumerate(several)
                )
            )
        ]
    options = [blocks.option(_label(choice), f"customer:{choice.id}") for choice in several]
    return [blocks.actions(blocks.menu("Choose a customer", "choose", options))]


def _label(choice: Candidate) -> str:
    """Tell namesakes apart by their keys."""
    key = blocks.clean(choice.key, 24)
    return f"{blocks.clean(choice.name, blocks.OPTION - len(key) - 3)} ({key})"
