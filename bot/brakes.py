"""The brake's card: why everything outward is held, and the two ways on."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from bot import blocks, wording
from bot.blocks import Block, Post
from bot.home import pause_button
from service.brake import RELEASED
from storage import outbox
from storage.database import Transaction

_HAND: Final = "\N{OCTAGONAL SIGN}"


def brake_body(tx: Transaction, run: str) -> Mapping[str, Any] | None:
    """Return the newest body of a run's card: the answered one, once somebody has answered."""
    names = (f"brake/{run}/released", f"brake/{run}/discarded", f"brake/{run}")
    found = (outbox.message_by_key(tx, name) for name in names)
    return next((message.body for message in found if message is not None), None)


def brake_card(body: Mapping[str, Any]) -> Post:
    """Ask the operator to let go or throw away what a run wanted to send, or say who did."""
    return blocks.post(_spoken(body), *_brake_blocks(body))


def _spoken(body: Mapping[str, Any]) -> str:
    return " ".join([_headline(body), *_reasons(body), _verdict(body)]).strip()


def _headline(body: Mapping[str, Any]) -> str:
    held = wording.count(int(body["held"]), "message")
    return f"{held} of the run for {wording.day(date.fromisoformat(body['as_of']))} held."


def _reasons(body: Mapping[str, Any]) -> Iterator[str]:
    if int(body["worsened"]):
        yield (
            f"{int(body['worsened']):,} of {wording.count(int(body['customers']), 'customer')} "
            "worsened in one run."
        )
    for feed in body.get("feeds", ()):
        source = blocks.literal(wording.source_words(str(feed["source"])), 80)
        found = wording.count(int(feed["found"]), "customer")
        usual = f"on this weekday it usually brings {float(feed['usual']):g}"
        yield f"The feed of {source} brought {found}; {usual}."


def _verdict(body: Mapping[str, Any]) -> str:
    """Say who decided what, and when; nothing while it is open."""
    if "verdict" not in body:
        return ""
    done = "Released" if body["verdict"] == RELEASED else "Discarded"
    at = blocks.moment(datetime.fromisoformat(body["at"]))
    return f"{done} by {blocks.literal(str(body['by']), 80)} {at}."


def _brake_blocks(body: Mapping[str, Any]) -> Iterator[Block]:
    yield blocks.header(f"{_HAND} {_headline(body)}")
    reasons = [f"\N{BULLET} {reason}" for reason in _reasons(body)]
    yield blocks.section("\n".join(reasons) or "The run looked unlike the ones before.")
    if verdict := _verdict(body):
        yield blocks.section(f"*{verdict}*")
        return
    yield blocks.section(
        "Nothing has gone out. If the data is right, release: every message is checked once more "
        "before it leaves. If a feed broke, discard, mend the feed and let the next run judge."
    )
    yield blocks.actions(*_buttons(str(body["run"]), wording.count(int(body["held"]), "message")))


def _buttons(run: str, held: str) -> Iterator[Block]:
    value = f"brake:{run}"
    sure = blocks.confirm("Release all?", f"{held} will go out, alerts among them.", "Release")
    yield blocks.button("Release", "release", value, style="primary", confirm=sure)
    sure = blocks.confirm("Discard all?", f"{held} will never go out.", "Discard")
    yield blocks.button("Discard", "discard", value, style="danger", confirm=sure)
    yield pause_button()
