"""Modals of alerts: why a mail is rejected, and until when an alert rests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot import blocks, deeds
from bot.blocks import Block
from bot.connection import Desk
from bot.payloads import Submitted
from bot.targets import About
from service.steps import LONGEST_SNOOZE

LONGEST_REASON: Final = 500
# A modal takes a hundred blocks; one is the subject.
_MOST_QUOTES: Final = 99


@dataclass(frozen=True, slots=True)
class Handler:
    """What becomes of a modal sent in: its faults by block id, or else the work."""

    faults: Callable[[Submitted, datetime], Mapping[str, str]]
    work: Callable[[Desk, Submitted], None]


def reply_to(sent: Submitted) -> str:
    """Return where to answer whoever sent it in."""
    return About.read(sent.about).reply_to


def rejection(about: About) -> Block:
    """Ask why."""
    reason: Block = {
        "type": "input",
        "block_id": "reason",
        "optional": True,
        "label": blocks.plain("Why should it not be sent?", 200),
        "hint": blocks.plain("It stands in the alert and in the audit log.", 150),
        "element": {
            "type": "plain_text_input",
            "action_id": "reason",
            "multiline": True,
            "max_length": LONGEST_REASON,
        },
    }
    return modal("reject", "Reject this mail", "Reject", about, reason)


def snooze_time(about: About, now: datetime) -> Block:
    """Ask until when; tomorrow at this hour stands there already."""
    tomorrow = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    until: Block = {
        "type": "input",
        "block_id": "until",
        "label": blocks.plain("Until when?", 200),
        "hint": blocks.plain("A fall into a worse band is told all the same.", 150),
        "element": {
            "type": "datetimepicker",
            "action_id": "until",
            "initial_date_time": int(tomorrow.timestamp()),
        },
    }
    return modal("snooze", "Snooze this alert", "Snooze", about, until)


def whole_mail(subject: str, text: str) -> Block:
    """Show all of a mail, however long: a modal takes what a message does not."""
    shown = [text[start : start + blocks.RICH] for start in range(0, len(text), blocks.RICH)]
    return {
        "type": "modal",
        "title": blocks.plain("The whole mail", 24),
        "close": blocks.plain("Close", 24),
        "blocks": [
            blocks.header(subject),
            *(blocks.rich(blocks.quote(each)) for each in shown[:_MOST_QUOTES]),
        ],
    }


def modal(callback: str, title: str, submit: str, about: About, *inputs: Block) -> Block:
    """Build a modal that asks for these inputs; `about` travels through it."""
    return {
        "type": "modal",
        "callback_id": callback,
        "title": blocks.plain(title, 24),
        "submit": blocks.plain(submit, 24),
        "close": blocks.plain("Go back", 24),
        "private_metadata": about.write(),
        "blocks": list(inputs),
    }


def _no_faults(_sent: Submitted, _now: datetime) -> Mapping[str, str]:
    return {}


def _time_faults(sent: Submitted, now: datetime) -> Mapping[str, str]:
    until = _until(sent)
    if until is None or until <= now:
        return {"until": "Choose a time in the future."}
    if until > now + LONGEST_SNOOZE:
        return {"until": f"Choose a time within {LONGEST_SNOOZE.days} days."}
    return {}


def _reject(desk: Desk, sent: Submitted) -> None:
    deeds.reject(desk, sent.user, About.read(sent.about), sent.values.get("reason", ""))


def _snooze(desk: Desk, sent: Submitted) -> None:
    until = _until(sent)
    if until is not None:
        deeds.snooze(desk, sent.user, About.read(sent.about), until)


def _until(sent: Submitted) -> datetime | None:
    stamp = sent.values.get("until", "")
    return datetime.fromtimestamp(int(stamp), UTC) if stamp.isdecimal() else None


on_rejection: Final = Handler(_no_faults, _reject)
on_snooze_time: Final = Handler(_time_faults, _snooze)
