"""What each button and menu does. Who clicked and what they may is asked again every time."""

from collections.abc import Callable
from typing import Final

from bot import deeds, home, modals
from bot.access import denied, denied_to_all
from bot.blocks import Post, literal, moment, sentence
from bot.commands import card
from bot.connection import Desk
from bot.mails import mail_text
from bot.payloads import Click
from bot.people import acting, person
from bot.replies import announce, replace, whisper
from bot.targets import About, Target
from service.pause import pause, paused, resume
from service.steps import SNOOZES
from storage import plays
from storage.customers import customer_by_id

GONE: Final = "This customer is no longer there."
PAUSED: Final = (
    "Delivery is paused: nothing leaves until somebody resumes it, on this app's Home tab or with "
    "`bellwether resume`. Scoring goes on."
)
RESUMED: Final = "Delivery goes on; what became stale meanwhile is dropped, with the reason."
NO_MAIL: Final = "This mail is no longer there."


def on_acknowledge(desk: Desk, clicked: Click) -> None:
    """Take the alert."""
    deeds.acknowledge(desk, clicked.user, _about(clicked))


def on_snooze(desk: Desk, clicked: Click) -> None:
    """Rest for the time chosen, or ask for one."""
    about = _about(clicked)
    length = SNOOZES.get(about.target.detail)
    now = desk.clock.now()
    if length is None:
        _open(desk, clicked, modals.snooze_time(about, now))
    else:
        deeds.snooze(desk, clicked.user, about, now + length)


def on_approve(desk: Desk, clicked: Click) -> None:
    """Send the mail shown."""
    deeds.approve(desk, clicked.user, _about(clicked))


def on_reject(desk: Desk, clicked: Click) -> None:
    """Ask why, before the mail is thrown away; rights are read when the answer comes."""
    _open(desk, clicked, modals.rejection(_about(clicked)))


def on_useful(desk: Desk, clicked: Click) -> None:
    """Note that the alert was worth it."""
    deeds.judge(desk, clicked.user, _about(clicked), "useful")


def on_false_alarm(desk: Desk, clicked: Click) -> None:
    """Note that it was not."""
    deeds.judge(desk, clicked.user, _about(clicked), "false_alarm")


def on_read(desk: Desk, clicked: Click) -> None:
    """Show all of a mail that is too long for the alert."""
    refused = denied(desk, person(desk, clicked.user), "see", clicked.place)
    with desk.house.database.reading() as tx:
        found = plays.step(tx, Target.read(clicked.value).number)
    mail = found.body.get("mail") if found else None
    if refused is not None or mail is None:
        whisper(clicked.response_url, refused or sentence(NO_MAIL))
        return
    _open(desk, clicked, modals.whole_mail(mail["subject"], mail_text(mail["text"])))


def on_release(desk: Desk, clicked: Click) -> None:
    """Let go what the brake holds."""
    deeds.release(desk, clicked.user, _about(clicked))


def on_discard(desk: Desk, clicked: Click) -> None:
    """Throw away what the brake holds."""
    deeds.discard(desk, clicked.user, _about(clicked))


def on_pause(desk: Desk, clicked: Click) -> None:
    """Pull the kill switch, from the Home tab or the brake's card."""
    stopped = paused(desk.house)
    if stopped is not None:
        words = f"{literal(stopped.by)} paused delivery {moment(stopped.at)}."
        _told_at_home(desk, clicked, sentence(words))
        return
    _switch(desk, clicked, pause, PAUSED)


def on_resume(desk: Desk, clicked: Click) -> None:
    """Let deliveries go on."""
    _switch(desk, clicked, resume, RESUMED)


def _switch(desk: Desk, clicked: Click, turn: Callable[..., None], did: str) -> None:
    who = person(desk, clicked.user)
    answer = denied(desk, who, "administer", clicked.place)
    member = acting(desk, who) if answer is None else None
    if member is not None:
        turn(desk.house, member.name, now=desk.clock.now())
        answer = sentence(did)
    _told_at_home(desk, clicked, answer or sentence(deeds.NO_MEMBER))


def _told_at_home(desk: Desk, clicked: Click, answer: Post) -> None:
    """Show it on the Home tab; whoever clicked in a message is answered there as well."""
    home.on_opened(desk, clicked.user)
    whisper(clicked.response_url, answer)


def on_share(desk: Desk, clicked: Click) -> None:
    """Show a score card to everybody in the conversation, if only our own people read there."""
    who = person(desk, clicked.user)
    refused = denied_to_all(desk, who, clicked.place)
    key = _customer_key(desk, clicked)
    if refused is not None or key is None:
        whisper(clicked.response_url, refused or sentence(GONE))
    else:
        announce(clicked.response_url, card(desk, key, share=False))


def on_choose(desk: Desk, clicked: Click) -> None:
    """Show the customer chosen, in the place of the question."""
    who = person(desk, clicked.user)
    refused = denied(desk, who, "see", clicked.place)
    key = _customer_key(desk, clicked)
    if refused is not None or key is None:
        whisper(clicked.response_url, refused or sentence(GONE))
    else:
        replace(clicked.response_url, card(desk, key))


def on_open(_desk: Desk, _clicked: Click) -> None:
    """Do nothing: the button is a link, but Slack wants to hear that we know it."""


def _about(clicked: Click) -> About:
    return About(clicked.value, clicked.place.channel, clicked.place.ts, clicked.response_url)


def _open(desk: Desk, clicked: Click, view: dict[str, object]) -> None:
    desk.web.views_open(trigger_id=clicked.trigger, view=view)


def _customer_key(desk: Desk, clicked: Click) -> str | None:
    """Return the key of the customer a button names; they may be gone since."""
    with desk.house.database.reading() as tx:
        found = customer_by_id(tx, Target.read(clicked.value).number)
    return found.key if found else None
