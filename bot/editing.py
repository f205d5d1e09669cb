"""A mail changed before it is approved: the modal with its words, and what is made of them.

Slack takes 3,000 characters in one input, so a longer text is asked for in several, divided between
paragraphs.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot import blocks, deeds
from bot.access import denied
from bot.blocks import Block, sentence
from bot.connection import Desk
from bot.modals import Handler, modal
from bot.payloads import Click, Submitted
from bot.people import person
from bot.replies import whisper
from bot.targets import About
from service.approving import to_edit
from service.reword import Words, faults, tidy
from templates.render import LONGEST_SUBJECT

# What one input takes; a part begins shorter, so that there is room to write.
INPUT: Final = 3_000
PART: Final = 2_400
MOST_PARTS: Final = 5
TOO_LONG: Final = "This mail is too long to be changed in Slack. Change its template instead."
_HINT: Final = "What is written here is what is approved. The foot with the unsubscribe link stays."
_BREAK: Final = "\n\n"


def on_edit(desk: Desk, clicked: Click) -> None:
    """Show the words that wait, to be changed."""
    about = About(clicked.value, clicked.place.channel, clicked.place.ts, clicked.response_url)
    refused = denied(desk, person(desk, clicked.user), "approve", clicked.place)
    if refused is not None:
        whisper(clicked.response_url, refused)
        return
    found = to_edit(desk.house, about.target.number, seen=about.target.detail)
    if not isinstance(found, Words):
        deeds.refresh(desk, about)
        whisper(clicked.response_url, deeds.answered(found) or sentence(TOO_LONG))
        return
    parts = divided(found.text)
    if len(parts) > MOST_PARTS or any(len(part) > INPUT for part in parts):
        whisper(clicked.response_url, sentence(TOO_LONG))
        return
    view = modal("edit", "Change this mail", "Save", about, *_inputs(found.subject, parts))
    desk.web.views_open(trigger_id=clicked.trigger, view=view)


def divided(text: str) -> tuple[str, ...]:
    """Divide a text between paragraphs into parts that leave room in an input."""
    parts = [""]
    for paragraph in text.split(_BREAK):
        if parts[-1] and len(parts[-1]) + len(paragraph) > PART:
            parts.append("")
        parts[-1] += (_BREAK if parts[-1] else "") + paragraph
    return tuple(parts)


def _inputs(subject: str, parts: Sequence[str]) -> Iterator[Block]:
    yield _input("subject", "Subject", subject, LONGEST_SUBJECT, lines=False)
    for number, part in enumerate(parts, start=1):
        of = f", part {number} of {len(parts)}" if len(parts) > 1 else ""
        hint = _HINT if number == len(parts) else None
        yield _input(_name(number), f"Text{of}", part, INPUT, lines=True, hint=hint)


def _name(number: int) -> str:
    return "text" if number == 1 else f"text_{number}"


def _input(
    name: str, label: str, words: str, longest: int, *, lines: bool, hint: str | None = None
) -> Block:
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": blocks.plain(label, 200),
        # A part may be emptied; that something is left of the whole is looked at afterwards.
        "optional": name not in {"subject", "text"},
        "element": {
            "type": "plain_text_input",
            "action_id": name,
            "multiline": lines,
            "max_length": longest,
            "initial_value": words,
        },
    }
    return made | ({"hint": blocks.plain(hint, 150)} if hint else {})


def _words(sent: Submitted) -> Words:
    named = (_name(number) for number in range(1, MOST_PARTS + 1))
    parts = (sent.values.get(name, "").strip() for name in named)
    text = _BREAK.join(part for part in parts if part)
    return tidy(Words(sent.values.get("subject", ""), text))


def _faults(sent: Submitted, _now: datetime) -> Mapping[str, str]:
    return dict(faults(_words(sent)))


def _save(desk: Desk, sent: Submitted) -> None:
    deeds.edit(desk, sent.user, About.read(sent.about), _words(sent))


on_edited: Final = Handler(_faults, _save)
