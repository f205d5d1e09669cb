"""What people do by button: ask who they are, act, and write the message anew for everybody.

State and permission are read at the click. Whoever comes second is told who was first, and in every
case the message is brought up to date at once; the outbox does the same a moment later, so that a
crash here leaves no message behind the truth.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.access import denied
from bot.blocks import Post, escape, literal, moment, sentence
from bot.brakes import brake_body
from bot.charts import drawn
from bot.connection import Desk
from bot.errors import UNANSWERED, trouble
from bot.messages import compose
from bot.people import Person, acting, person
from bot.permissions import Deed
from bot.replies import whisper
from bot.targets import About, Target
from service import brake, feedback, steps
from service.errors import UnknownPlay
from service.reword import Words
from service.steps import Done, Forbidden, Outcome, Stale, Taken
from service.words import ALERT, ESCALATION
from storage import plays
from storage.feedback import Opinion
from storage.people import Member

logger: Final = logging.getLogger(__name__)

NO_MEMBER: Final = (
    "I know your Slack account but no e-mail address of yours, so I cannot note who did this. "
    "Ask an admin to let this app read e-mail addresses."
)
ERASED: Final = (
    "What stood here is kept no longer: it is long over, or the customer was erased at their wish."
)
Verb = Callable[[Member, datetime], Outcome]


def acknowledge(desk: Desk, user: str, about: About) -> None:
    """Note that this person has the customer."""
    play = about.target.number
    do(desk, user, about, "act", lambda who, now: steps.acknowledge(desk.house, play, who, now=now))


def snooze(desk: Desk, user: str, about: About, until: datetime) -> None:
    """Let the customer rest until then."""
    play = about.target.number
    do(
        desk,
        user,
        about,
        "act",
        lambda who, now: steps.snooze(desk.house, play, who, until=until, now=now),
    )


def approve(desk: Desk, user: str, about: About) -> None:
    """Send the very mail that was shown, and no other."""
    step, seen = about.target.number, about.target.detail
    do(
        desk,
        user,
        about,
        "approve",
        lambda who, now: steps.approve(desk.house, step, who, now=now, seen=seen),
    )


def edit(desk: Desk, user: str, about: About, words: Words) -> None:
    """Put these words in the place of those shown."""
    step, seen = about.target.number, about.target.detail
    do(
        desk,
        user,
        about,
        "approve",
        lambda who, now: steps.edit(desk.house, step, who, words, seen=seen, now=now),
    )


def reject(desk: Desk, user: str, about: About, reason: str) -> None:
    """Never send the mail, and say why."""
    step = about.target.number
    do(
        desk,
        user,
        about,
        "approve",
        lambda who, now: steps.reject(desk.house, step, who, reason=reason, now=now),
    )


def judge(desk: Desk, user: str, about: About, verdict: Opinion) -> None:
    """Keep whether this person found the alert useful."""
    play = about.target.number
    do(
        desk,
        user,
        about,
        "act",
        lambda who, now: feedback.judge(desk.house, play, who, verdict, now=now),
    )


def release(desk: Desk, user: str, about: About) -> None:
    """Let go out what the brake holds."""
    run = about.target.name
    do(
        desk,
        user,
        about,
        "administer",
        lambda who, now: brake.release(desk.house, run, who, now=now),
    )


def discard(desk: Desk, user: str, about: About) -> None:
    """Throw away what the brake holds."""
    run = about.target.name
    do(
        desk,
        user,
        about,
        "administer",
        lambda who, now: brake.discard(desk.house, run, who, now=now),
    )


def do(desk: Desk, user: str, about: About, deed: Deed, verb: Verb) -> None:
    """Let this person act if they may, and show everybody what stands then."""
    who = person(desk, user)
    refused = denied(desk, who, deed, about.place)
    if refused is None:
        refused = _act(desk, who, verb)
    refresh(desk, about)
    if refused is not None:
        whisper(about.reply_to, refused)


def _act(desk: Desk, who: Person, verb: Verb) -> Post | None:
    """Act; return what this person must be told, or None when the message itself says it."""
    member = acting(desk, who)
    if member is None:
        return sentence(NO_MEMBER)
    return answered(verb(member, desk.clock.now()))


def answered(outcome: Outcome) -> Post | None:
    """Return what a person must be told of an outcome, or None when the message itself says it."""
    match outcome:
        case Done():
            return None
        case Taken(by=by, did=did, at=at):
            return sentence(f"{literal(by)} was first and {did} this {moment(at)}.")
        case Stale(reason=reason) | Forbidden(reason=reason):
            return sentence(escape(reason))


def refresh(desk: Desk, about: About) -> None:
    """Write the clicked message anew from the database. A failure is the outbox's to make good."""
    shown = _shown(desk, about.target)
    channel, ts = about.channel, about.ts
    if shown is None or ts is None:
        return
    try:
        drawn(
            shown.blocks,
            lambda parts: desk.web.chat_update(
                channel=channel, ts=ts, text=shown.text, blocks=parts
            ),
        )
    except UNANSWERED as error:
        logger.warning("a clicked message was not updated: %s", trouble(error).code)


def _shown(desk: Desk, target: Target) -> Post | None:
    """Draw what a message is about; where that is kept no longer, its words go as well."""
    body = _body(desk, target)
    try:
        if body is not None:
            return compose(desk, body, desk.clock.now())[0]
    except UnknownPlay:
        pass
    named = target.kind in {"play", "rung", "step"} and target.number > 0
    return sentence(ERASED) if named else None


def _body(desk: Desk, target: Target) -> Mapping[str, object] | None:
    """Return what the outbox would hold for the message a button of this kind stands in."""
    match target.kind:
        case "play":
            return {"view": ALERT, "play_id": target.number}
        case "rung":
            return {"view": ESCALATION, "play_id": target.number}
        case "step":
            with desk.house.database.reading() as tx:
                step = plays.step(tx, target.number)
            return {"view": ALERT, "play_id": step.play_id} if step else None
        case "brake":
            with desk.house.database.reading() as tx:
                return brake_body(tx, target.name)
        case _:
            return None
