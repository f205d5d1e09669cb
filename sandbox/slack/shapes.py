"""How Slack writes members, conversations, messages and views in its answers."""

from sandbox.state import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_ID,
    Conversation,
    Json,
    Member,
    Message,
    View,
)
from sandbox.workspace import Workspace


def member_json(member: Member) -> Json:
    """Write one member as users.info does."""
    return {
        "id": member.id,
        "team_id": TEAM_ID,
        "name": username(member),
        "deleted": False,
        "real_name": member.name,
        "tz": member.timezone,
        "is_bot": member.is_bot,
        "is_restricted": member.guest,
        "is_ultra_restricted": False,
        "is_stranger": member.stranger,
        "is_admin": member.admin,
        "profile": {
            "email": member.email,
            "real_name": member.name,
            "display_name": member.name,
        },
    }


def username(member: Member) -> str:
    """Return the short name that old payloads carry."""
    return member.email.partition("@")[0] or member.name.casefold()


def conversation_json(conversation: Conversation) -> Json:
    """Write one conversation as conversations.info does."""
    direct = conversation.kind == "im"
    shared: Json = {
        "id": conversation.id,
        "is_im": direct,
        "is_channel": not direct,
        "is_private": direct,
        "is_archived": False,
        "is_shared": conversation.shared,
        "is_ext_shared": conversation.shared,
        "is_member": BOT_USER in conversation.members,
    }
    if direct:
        others = sorted(conversation.members - {BOT_USER})
        return {**shared, "user": others[0], "is_open": True}
    return {
        **shared,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "num_members": len(conversation.members),
    }


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = True) -> Json:
    """Write one message as conversations.history does."""
    written: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": TEAM_ID,
    }
    if message.user == BOT_USER:
        written |= {"bot_id": BOT_ID, "app_id": APP_ID}
    if message.blocks:
        written["blocks"] = list(message.blocks)
    if message.thread_ts:
        written["thread_ts"] = message.thread_ts
    if message.edited_ts:
        written["edited"] = {"user": BOT_ID, "ts": message.edited_ts}
    if message.metadata and with_metadata:
        written["metadata"] = dict(message.metadata)
    if message.reactions:
        written["reactions"] = _reactions(message)
    return written | _thread_figures(workspace, message)


def _reactions(message: Message) -> list[Json]:
    names = dict.fromkeys(name for name, _user in message.reactions)
    return [
        {
            "name": name,
            "users": (users := [u for n, u in message.reactions if n == name]),
            "count": len(users),
        }
        for name in names
    ]


def _thread_figures(workspace: Workspace, message: Message) -> Json:
    if message.thread_ts != message.ts:
        return {}
    replies = workspace.replies(message)
    if not replies:
        return {}
    return {
        "reply_count": len(replies),
        "reply_users": sorted({each.user for each in replies}),
        "latest_reply": replies[-1].ts,
    }


def view_json(view: View) -> Json:
    """Write a view as views.open answers and interactions carry it."""
    return {
        "callback_id": "",
        "private_metadata": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        **view.payload,
        "id": view.id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "state": {"values": {}},
    }
