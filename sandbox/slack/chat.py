"""The chat.* and reactions.* methods: posting, updating, deleting."""

from dataclasses import replace
from math import ceil

from sandbox.errors import SlackRefusal
from sandbox.slack.arguments import Arguments
from sandbox.slack.content import content, metadata
from sandbox.slack.rooms import opened_direct
from sandbox.slack.shapes import message_json
from sandbox.state import BOT_USER, Conversation, Json, Message
from sandbox.workspace import Workspace

# Slack allows one message a second in a channel, and "short bursts" over it.
SECONDS_A_MESSAGE = 1.0
BURST = 3
# A pace that lies further ahead than any burst comes from a clock that was set back.
FORGET_AFTER = 60.0


def post_message(workspace: Workspace, arguments: Arguments) -> Json:
    """chat.postMessage."""
    conversation = _place(workspace, arguments.needed("channel", "channel_not_found"))
    text, blocks = content(arguments)
    thread_ts = _thread(workspace, conversation, arguments.text("thread_ts"))
    paced = _pace(workspace, conversation.id)
    message = Message(
        channel=conversation.id,
        ts=workspace.fresh_ts(),
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        metadata=metadata(arguments),
    )
    workspace.record("message", message, paced=paced)
    _mark_root(workspace, message)
    return _posted(workspace, message)


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Json:
    """chat.postEphemeral."""
    conversation = _place(workspace, arguments.needed("channel", "channel_not_found"))
    user = arguments.needed("user", "user_not_in_channel")
    if user not in conversation.members:
        raise SlackRefusal("user_not_in_channel")
    text, blocks = content(arguments)
    thread_ts = _thread(workspace, conversation, arguments.text("thread_ts"))
    message = Message(
        channel=conversation.id,
        ts=workspace.fresh_ts(),
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        seen_by=user,
    )
    workspace.record("message", message)
    return {"message_ts": message.ts}


def update(workspace: Workspace, arguments: Arguments) -> Json:
    """chat.update."""
    message = _own_message(workspace, arguments, "cant_update_message")
    text, blocks = content(arguments)
    fresh = metadata(arguments)
    changed = replace(
        message,
        text=text,
        blocks=blocks,
        metadata=message.metadata if fresh is None else fresh,
        edited_ts=workspace.fresh_ts(),
    )
    workspace.record("message", changed)
    return {**_posted(workspace, changed), "text": text}


def delete(workspace: Workspace, arguments: Arguments) -> Json:
    """chat.delete."""
    message = _own_message(workspace, arguments, "cant_delete_message")
    workspace.record("delete", message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(workspace: Workspace, arguments: Arguments) -> Json:
    """chat.getPermalink."""
    conversation = _place(workspace, arguments.needed("channel", "channel_not_found"))
    ts = arguments.needed("message_ts", "message_not_found")
    found_message(workspace, conversation, ts)
    link = f"https://sandbox.slack.example/archives/{conversation.id}/p{ts.replace('.', '')}"
    return {"channel": conversation.id, "permalink": link}


def add_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    """reactions.add."""
    conversation = _place(workspace, arguments.needed("channel", "channel_not_found"))
    message = found_message(
        workspace, conversation, arguments.needed("timestamp", "no_item_specified")
    )
    reaction = (arguments.needed("name", "invalid_name"), BOT_USER)
    if reaction in message.reactions:
        raise SlackRefusal("already_reacted")
    workspace.record("message", replace(message, reactions=(*message.reactions, reaction)))
    return {}


def found_message(workspace: Workspace, conversation: Conversation, ts: str) -> Message:
    """Return a message that everybody sees, or refuse as Slack does."""
    message = workspace.messages.get(conversation.id, {}).get(ts)
    if message is None or message.seen_by:
        raise SlackRefusal("message_not_found")
    return message


def _own_message(workspace: Workspace, arguments: Arguments, code: str) -> Message:
    conversation = _place(workspace, arguments.needed("channel", "channel_not_found"))
    message = found_message(workspace, conversation, arguments.needed("ts", "message_not_found"))
    if message.user != BOT_USER:
        raise SlackRefusal(code)
    return message


def _place(workspace: Workspace, words: str) -> Conversation:
    """Find where to post: an id, a #name, or a member, whose direct message is then opened."""
    conversation = workspace.find_conversation(words)
    if conversation is None and words in workspace.members:
        conversation = opened_direct(workspace, words)
    if conversation is None:
        raise SlackRefusal("channel_not_found")
    if BOT_USER not in conversation.members:
        raise SlackRefusal("not_in_channel")
    return conversation


def _thread(workspace: Workspace, conversation: Conversation, ts: str | None) -> str | None:
    if ts is None:
        return None
    root = workspace.messages.get(conversation.id, {}).get(ts)
    if root is None or root.seen_by:
        raise SlackRefusal("thread_not_found")
    if root.is_reply:
        raise SlackRefusal("cannot_reply_to_message", ["thread_ts must be the parent's ts"])
    return ts


def _pace(workspace: Workspace, channel: str) -> float:
    """Return when the channel's next message would be on time; refuse where that is too far off."""
    now = workspace.clock.now().timestamp()
    due = workspace.paces.get(channel, now)
    if due - now > FORGET_AFTER:
        due = now
    too_early = due - now - BURST * SECONDS_A_MESSAGE
    if too_early > 0:
        raise SlackRefusal("ratelimited", retry_after=ceil(too_early))
    return max(due, now) + SECONDS_A_MESSAGE


def _mark_root(workspace: Workspace, message: Message) -> None:
    """Make the parent of a first reply say that it heads a thread, as Slack does."""
    if not message.is_reply or message.thread_ts is None:
        return
    root = workspace.messages[message.channel][message.thread_ts]
    if root.thread_ts is None:
        workspace.record("message", replace(root, thread_ts=root.ts))


def _posted(workspace: Workspace, message: Message) -> Json:
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": message_json(workspace, message),
    }
