"""What people say of a customer's health in Slack: the CSM's pulse, and overrides of the score.

The score card shows what holds and carries the buttons; a modal asks for the rest. Whether this
person may is read again when the modal comes in.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from bot import blocks, commands
from bot.access import denied
from bot.blocks import Block
from bot.connection import Desk
from bot.modals import Handler, modal
from bot.payloads import Click, Submitted
from bot.people import acting, person
from bot.replies import whisper
from bot.targets import About
from service.override import (
    KINDS,
    LONGEST,
    MOODS,
    REASON_LENGTH,
    USUAL,
    Author,
    author_of,
    clear_override,
    set_override,
    set_pulse,
)
from storage.customers import customer_by_id
from storage.said import Kind, Mood

GONE: Final = "This customer is no longer there."
NO_MEMBER: Final = (
    "I know your Slack account but no e-mail address of yours, so I cannot note who said this. "
    "Ask an admin to let this app read e-mail addresses."
)
CLEAR: Final = "clear"
_KIND_LABELS: Final[Mapping[str, str]] = {
    "set": "Show just this score",
    "floor": "Show at least this score",
    "ceiling": "Show at most this score",
    CLEAR: "Show the computed score again",
}
_MOOD_LABELS: Final[Mapping[str, str]] = {
    "good": "Good",
    "neutral": "Neutral",
    "worried": "Worried",
}
Saying = Callable[[Desk, str, Author], None]


def on_pulse(desk: Desk, clicked: Click) -> None:
    """Ask how it feels."""
    asked = _pulse_inputs(desk.clock.now())
    _ask(desk, clicked, modal("pulse", "How does it feel?", "Save", _about(clicked), *asked))


def on_override(desk: Desk, clicked: Click) -> None:
    """Ask what to show instead of the computed score."""
    asked = _override_inputs(desk.clock.now())
    _ask(desk, clicked, modal("override", "Override the score", "Save", _about(clicked), *asked))


def _about(clicked: Click) -> About:
    return About(clicked.value, clicked.place.channel, clicked.place.ts, clicked.response_url)


def _ask(desk: Desk, clicked: Click, view: Block) -> None:
    refused = denied(desk, person(desk, clicked.user), "act", clicked.place)
    if refused is not None:
        whisper(clicked.response_url, refused)
    else:
        desk.web.views_open(trigger_id=clicked.trigger, view=view)


def _pulse_inputs(now: datetime) -> Iterator[Block]:
    yield _input("mood", "How is this customer?", _menu("mood", MOODS, _MOOD_LABELS))
    yield _input("note", "What makes you feel so?", _text("note", lines=True))
    yield _until(now)


def _override_inputs(now: datetime) -> Iterator[Block]:
    yield _input("kind", "What to show", _menu("kind", (*KINDS, CLEAR), _KIND_LABELS))
    hint = "0 to 100; leave it empty to show the computed score again."
    yield _input("value", "Score", _text("value"), hint=hint, optional=True)
    reason = "Everybody who sees the score sees it."
    yield _input("reason", "Why?", _text("reason", lines=True), hint=reason, optional=True)
    yield _until(now)


def _until(now: datetime) -> Block:
    last = now.astimezone(UTC).date() + USUAL
    picker: Block = {"type": "datepicker", "action_id": "until", "initial_date": last.isoformat()}
    hint = "The last day it holds; you are told when it has run out."
    return _input("until", "Until", picker, hint=hint)


def _input(
    name: str, label: str, element: Block, *, hint: str | None = None, optional: bool = False
) -> Block:
    made: Block = {
        "type": "input",
        "block_id": name,
        "label": blocks.plain(label, 200),
        "optional": optional,
        "element": element,
    }
    return made | ({"hint": blocks.plain(hint, 150)} if hint else {})


def _text(name: str, *, lines: bool = False) -> Block:
    length = REASON_LENGTH if lines else 6
    kind = "plain_text_input"
    return {"type": kind, "action_id": name, "multiline": lines, "max_length": length}


def _menu(name: str, values: tuple[str, ...], labels: Mapping[str, str]) -> Block:
    options = [blocks.option(labels[value], value) for value in values]
    return {"type": "static_select", "action_id": name, "options": options}


def _pulse_faults(sent: Submitted, now: datetime) -> Mapping[str, str]:
    faults = dict(_until_faults(sent, now))
    if sent.values.get("mood") not in MOODS:
        faults["mood"] = "Choose one."
    if not sent.values.get("note", "").strip():
        faults["note"] = "Say what makes you feel so."
    return faults


def _override_faults(sent: Submitted, now: datetime) -> Mapping[str, str]:
    if sent.values.get("kind") == CLEAR:
        return {}
    faults = dict(_until_faults(sent, now))
    if sent.values.get("kind") not in KINDS:
        faults["kind"] = "Choose one."
    value = _score(sent)
    if value is None or not 0 <= value <= 100 or value != round(value, 2):  # noqa: PLR2004 - a score is 0 to 100
        faults["value"] = "Give a score, 0 to 100, with two decimals at most."
    if not sent.values.get("reason", "").strip():
        faults["reason"] = "Say why."
    return faults


def _until_faults(sent: Submitted, now: datetime) -> Iterator[tuple[str, str]]:
    today, last = now.astimezone(UTC).date(), _day(sent)
    if last is None or not today <= last <= today + LONGEST:
        yield "until", f"Choose a day from today on, within {LONGEST.days} days."


def _save_pulse(desk: Desk, sent: Submitted) -> None:
    def say(at: Desk, key: str, author: Author) -> None:
        set_pulse(
            at.house,
            key,
            mood=cast("Mood", sent.values["mood"]),
            note=sent.values["note"],
            until=_day(sent),
            author=author,
            now=at.clock.now(),
        )

    _save(desk, sent, say)


def _save_override(desk: Desk, sent: Submitted) -> None:
    def say(at: Desk, key: str, author: Author) -> None:
        now, last, value = at.clock.now(), _day(sent), _score(sent)
        if sent.values["kind"] == CLEAR or value is None or last is None:
            clear_override(at.house, key, author=author, now=now)
            return
        set_override(
            at.house,
            key,
            kind=cast("Kind", sent.values["kind"]),
            value=value,
            reason=sent.values["reason"],
            until=last,
            author=author,
            now=now,
        )

    _save(desk, sent, say)


def _save(desk: Desk, sent: Submitted, say: Saying) -> None:
    """Let somebody who may say it, and show them the card as it stands then."""
    about = About.read(sent.about)
    who = person(desk, sent.user)
    refused = denied(desk, who, "act", about.place)
    key = _key(desk, about)
    if refused is None and key is None:
        refused = blocks.sentence(GONE)
    member = acting(desk, who) if refused is None else None
    if refused is None and member is None:
        refused = blocks.sentence(NO_MEMBER)
    if refused is not None or key is None or member is None:
        whisper(about.reply_to, refused or blocks.sentence(GONE))
        return
    say(desk, key, author_of(member))
    whisper(about.reply_to, commands.card(desk, key))


def _key(desk: Desk, about: About) -> str | None:
    with desk.house.database.reading() as tx:
        found = customer_by_id(tx, about.target.number)
    return found.key if found else None


def _score(sent: Submitted) -> Decimal | None:
    try:
        value = Decimal(sent.values.get("value", "").strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _day(sent: Submitted) -> date | None:
    try:
        return date.fromisoformat(sent.values.get("until", ""))
    except ValueError:
        return None


on_pulse_said: Final = Handler(_pulse_faults, _save_pulse)
on_override_said: Final = Handler(_override_faults, _save_override)
