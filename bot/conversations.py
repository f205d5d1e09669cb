"""Where a message goes: recipients found by e-mail, name or id, and who else reads there."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Literal

from slack_sdk.errors import SlackApiError

from bot.connection import Desk
from bot.errors import NotATarget, error_code
from bot.people import outside
from service.errors import Refused
from storage.people import member_by_email, remember_slack_id

Exposure = Literal["inside", "shared", "unseen"]

# A channel is renamed or shared with another company rarely; asking for each message would cost
# a call each. Ten minutes is how long a newly shared channel may still receive.
KEPT: Final = timedelta(minutes=10)
_CONVERSATION: Final = re.compile(r"[CGD][A-Z0-9]{2,}")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,}")
# The most Slack gives at once: the list may be asked for only twenty times a minute.
_PAGE: Final = 999
_MEMBER: Final = "member:"
# Conversations of two: what only the asker sees, or the app says in its own, stays inside.
_DIRECT: Final = "D"


class Conversations:
    """Finds the conversation a recipient means, and remembers it for a while."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ids: dict[str, tuple[str, datetime]] = {}
        self._lock = Lock()

    def find(self, recipient: str) -> str:
        """Return the conversation's id for "#name", an id or "member:<e-mail>".

        Raises Refused for what does not exist, is shared with another company or is a guest,
        NotATarget for what is no recipient at all, and whatever the Slack client raises.
        """
        now = self._desk.clock.now()
        with self._lock:
            known, until = self._ids.get(recipient, ("", now))
        if known and now < until:
            return known
        found = self._look_up(recipient)
        if exposure(self._desk, found) == "shared":
            raise Refused("external_conversation")
        with self._lock:
            self._ids[recipient] = (found, now + KEPT)
        return found

    def _look_up(self, recipient: str) -> str:
        if recipient.startswith(_MEMBER):
            return self._direct(self._user(recipient.removeprefix(_MEMBER)))
        if recipient.startswith("#"):
            return self._named(recipient.removeprefix("#").casefold())
        if _CONVERSATION.fullmatch(recipient):
            return recipient
        if _USER.fullmatch(recipient):
            return self._direct(recipient)
        raise NotATarget(recipient)

    def _user(self, email: str) -> str:
        """Return the Slack id behind an e-mail, remembering it for the member who has it."""
        with self._desk.house.database.reading() as tx:
            member = member_by_email(tx, email)
        if member is not None and member.slack_id:
            return member.slack_id
        user = self._desk.web.users_lookupByEmail(email=email)["user"]
        if outside(user):
            raise Refused("external_recipient")
        found = str(user["id"])
        if member is not None:
            with self._desk.house.database.transaction() as tx:
                remember_slack_id(tx, member.id, found)
        return found

    def _direct(self, user: str) -> str:
        return str(self._desk.web.conversations_open(users=user)["channel"]["id"])

    def _named(self, name: str) -> str:
        for channel_id, channel_name in self._channels():
            if channel_name.casefold() == name:
                return channel_id
        raise Refused("channel_not_found")

    def _channels(self) -> Iterator[tuple[str, str]]:
        cursor = ""
        while True:
            page = self._desk.web.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=_PAGE,
                cursor=cursor,
            )
            for channel in page.get("channels") or []:
                yield str(channel["id"]), str(channel.get("name", ""))
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def exposure_to_all(desk: Desk, user: str, channel: str) -> Exposure:
    """Do as `exposure`, for what everybody there will see.

    A direct message is safe when it is the app's own with this person: two people's own may be
    with somebody of another company (Slack Connect), and Slack does not show it to us.
    """
    if not channel.startswith(_DIRECT):
        return exposure(desk, channel)
    own = desk.web.conversations_open(users=user)["channel"]["id"]
    return "inside" if own == channel else "unseen"


def exposure(desk: Desk, channel: str) -> Exposure:
    """Tell whether people of another company read there; "unseen" when Slack will not say.

    Slack does not show an app the conversations it is no part of. What only the asker sees may be
    answered there all the same; what everybody sees may not.
    """
    if not channel or channel.startswith(_DIRECT):
        # The Home tab is no conversation at all.
        return "inside"
    try:
        found = desk.web.conversations_info(channel=channel)["channel"]
    except SlackApiError as error:
        if error_code(error) in {"channel_not_found", "not_in_channel"}:
            return "unseen"
        raise
    outside = found.get("is_ext_shared") or found.get("is_pending_ext_shared")
    elsewhere = found.get("is_shared") and not found.get("is_org_shared")
    return "shared" if outside or elsewhere else "inside"
