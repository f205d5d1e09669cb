"""The Home tab: what its viewer may see, and who they are to us."""

from collections.abc import Iterator
from typing import Final

from bot import blocks
from bot.blocks import Block, Post
from bot.connection import Desk
from bot.people import Person, person
from bot.permissions import refusal
from bot.portfolio import portfolio_blocks
from service.pause import paused

_ROLES: Final = {
    "viewer": "You may look. Acting on alerts is for CSMs, their managers and admins.",
    "csm": "You are a CSM: you acknowledge and snooze alerts and decide about mail to customers.",
    "manager": "You are a manager: you may do all a CSM may, and release what the brake holds.",
    "admin": "You are an admin: you may do all a CSM may, and release what the brake holds.",
}


def on_opened(desk: Desk, user: str) -> None:
    """Fill the tab of whoever opened it."""
    publish(desk, user, Post("Bellwether", tuple(_blocks(desk, person(desk, user)))))


def publish(desk: Desk, user: str, post: Post) -> None:
    """Show these blocks on a person's Home tab."""
    desk.web.views_publish(user_id=user, view={"type": "home", "blocks": list(post.blocks)})


def _blocks(desk: Desk, who: Person) -> Iterator[Block]:
    if not who.may("see"):
        yield blocks.section(refusal("see"))
        return
    yield from portfolio_blocks(desk)
    yield blocks.divider()
    yield from _delivery(desk, who)
    yield blocks.context(
        _ROLES[who.role],
        f"`{desk.slack.command} help` says how to ask. You are known to Bellwether by your "
        "e-mail address.",
    )


def _delivery(desk: Desk, who: Person) -> Iterator[Block]:
    """Offer the kill switch to whoever may press it, and tell everybody while it is on."""
    stopped = paused(desk.house)
    if stopped is not None:
        at = blocks.moment(stopped.at)
        yield blocks.section(f"*Delivery is paused* by {blocks.literal(stopped.by, 80)} {at}.")
    if not who.may("administer"):
        return
    if stopped is not None:
        yield blocks.actions(blocks.button("Resume delivery", "resume", "delivery"))
        return
    yield blocks.actions(pause_button())


def pause_button() -> Block:
    """Return the kill switch."""
    sure = blocks.confirm(
        "Pause everything?", "Nothing leaves until somebody resumes it; scoring goes on.", "Pause"
    )
    return blocks.button("Pause delivery", "pause", "delivery", style="danger", confirm=sure)
