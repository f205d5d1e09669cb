"""The conversations.* methods: finding, opening, joining, reading back."""

from collections.abc import Sequence
from typing import TypeVar

from sandbox.errors import SlackRefusal
from sandbox.slack.arguments import Arguments
from sandbox.slack.shapes import conversation_json, message_json
from sandbox.state import BOT_USER, Conversation, Json, Message
from sandbox.workspace import Workspace

MOST_A_PAGE = 999
A_PAGE = 100
Thing = TypeVar("Thing")


def opened_direct(workspace: Workspace, user: str) -> Conversation:
    """Return the direct message between the app and a member; it is opened where it was not."""
    known = workspace.direct(user)
    if known is not None:
        return known
    fresh = Conversation(workspace.fresh_id("D"), "im", "", frozenset({user, BOT_USER}))
    workspace.record("conversation", fresh)
    return fresh


def open_direct(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.open, for one person."""
    users = arguments.needed("users", "users_list_not_supplied").split(",")
    if any(user not in workspace.members for user in users):
        raise SlackRefusal("user_not_found")
    if len(users) != 1:
        raise SlackRefusal("too_many_users", ["the sandbox knows no group conversations"])
    if workspace.members[users[0]].is_bot:
        raise SlackRefusal("cannot_dm_bot")
    return {"channel": {"id": opened_direct(workspace, users[0]).id}}


def list_all(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.list, in pages."""
    types = (arguments.text("types") or "public_channel").split(",")
    kinds = {"im" if each.strip() == "im" else "channel" for each in types}
    found = [each for each in workspace.conversations.values() if each.kind in kinds]
    page, cursor = _page(found, arguments)
    return {
        "channels": [conversation_json(each) for each in page],
        "response_metadata": {"next_cursor": cursor},
    }


def info(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.info."""
    return {"channel": conversation_json(_known(workspace, arguments))}


def members(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.members, in pages."""
    page, cursor = _page(sorted(_known(workspace, arguments).members), arguments)
    return {"members": list(page), "response_metadata": {"next_cursor": cursor}}


def join(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.join."""
    conversation = _known(workspace, arguments)
    if conversation.kind != "channel":
        raise SlackRefusal("method_not_supported_for_channel_type")
    return {"channel": conversation_json(workspace.join(conversation, BOT_USER))}


def history(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.history: newest first, without what stands in threads."""
    conversation = _readable(workspace, arguments)
    seen = [each for each in workspace.in_order(conversation.id) if not each.is_reply]
    return _messages(workspace, _within(seen, arguments)[::-1], arguments)


def replies(workspace: Workspace, arguments: Arguments) -> Json:
    """conversations.replies: the parent, then its thread, oldest first."""
    conversation = _readable(workspace, arguments)
    ts = arguments.needed("ts", "thread_not_found")
    root = workspace.messages.get(conversation.id, {}).get(ts)
    if root is None or root.seen_by:
        raise SlackRefusal("thread_not_found")
    thread = [root, *_within(workspace.replies(root), arguments)]
    return _messages(workspace, thread, arguments)


def _messages(workspace: Workspace, found: list[Message], arguments: Arguments) -> Json:
    shared = [each for each in found if not each.seen_by]
    page, cursor = _page(shared, arguments)
    with_metadata = arguments.flag("include_all_metadata")
    return {
        "messages": [message_json(workspace, each, with_metadata=with_metadata) for each in page],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _within(found: list[Message], arguments: Arguments) -> list[Message]:
    oldest, latest = arguments.text("oldest"), arguments.text("latest")
    inclusive = arguments.flag("inclusive")
    return [
        each
        for each in found
        if (oldest is None or _after(each.ts, oldest, inclusive=inclusive))
        and (latest is None or _after(latest, each.ts, inclusive=inclusive))
    ]


def _after(later: str, earlier: str, *, inclusive: bool) -> bool:
    try:
        gap = _ticks(later) - _ticks(earlier)
    except ValueError as fault:
        raise SlackRefusal("invalid_ts_latest") from fault
    return gap >= 0 if inclusive else gap > 0


def _ticks(ts: str) -> int:
    """Return a ts in microseconds; a float would lose the last digits."""
    seconds, _, micros = ts.partition(".")
    return int(seconds) * 1_000_000 + int((micros or "0").ljust(6, "0")[:6])


def _page(found: Sequence[Thing], arguments: Arguments) -> tuple[Sequence[Thing], str]:
    """Cut out one page, and return the cursor of the next, empty at the end."""
    size = arguments.number("limit", A_PAGE)
    if not 1 <= size <= MOST_A_PAGE:
        raise SlackRefusal("invalid_limit")
    cursor = arguments.text("cursor") or "from:0"
    start = cursor.removeprefix("from:")
    if not cursor.startswith("from:") or not start.isdecimal():
        raise SlackRefusal("invalid_cursor")
    end = int(start) + size
    return found[int(start) : end], f"from:{end}" if end < len(found) else ""


def _known(workspace: Workspace, arguments: Arguments) -> Conversation:
    conversation = workspace.conversations.get(arguments.needed("channel", "channel_not_found"))
    if conversation is None or (conversation.kind == "im" and BOT_USER not in conversation.members):
        # Slack does not show an app what two others say to each other.
        raise SlackRefusal("channel_not_found")
    return conversation


def _readable(workspace: Workspace, arguments: Arguments) -> Conversation:
    conversation = _known(workspace, arguments)
    if BOT_USER not in conversation.members:
        raise SlackRefusal("not_in_channel")
    return conversation
