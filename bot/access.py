"""May this person do this here? Read again at every request, and denied in a sentence."""

from typing import Final

from bot.blocks import Post, sentence
from bot.connection import Desk
from bot.conversations import exposure, exposure_to_all
from bot.payloads import Place
from bot.people import Person
from bot.permissions import Deed, refusal

SHARED: Final = (
    "People from outside this workspace read this conversation, so customer health is not shown "
    "here. Ask in a direct message to this app or in a channel of your own."
)
UNSEEN: Final = (
    "I cannot see who reads this conversation, so I will not show it to everybody here. Invite me "
    "to it, or share in a channel I am in."
)


def denied(desk: Desk, who: Person, deed: Deed, place: Place) -> Post | None:
    """Return why this person may not do this here, or None when they may.

    Their answer is seen by them alone, so a conversation Slack does not show us is no hindrance.
    """
    if not who.may(deed):
        return sentence(refusal(deed))
    if exposure(desk, place.channel) == "shared":
        return sentence(SHARED)
    return None


def denied_to_all(desk: Desk, who: Person, place: Place) -> Post | None:
    """Return why nothing may be shown to everybody in this conversation, or None."""
    if not who.may("see"):
        return sentence(refusal("see"))
    match exposure_to_all(desk, who.slack_id, place.channel):
        case "shared":
            return sentence(SHARED)
        case "unseen":
            return sentence(UNSEEN)
        case "inside":
            return None
