"""response_urls: where an app answers an interaction, five times in thirty minutes."""

from dataclasses import replace

from sandbox.errors import SlackRefusal
from sandbox.slack.arguments import Arguments
from sandbox.slack.content import content
from sandbox.state import BOT_USER, Hook, Message
from sandbox.workspace import Workspace

MOST_USES = 5
LIVES = 30 * 60.0


def answer(workspace: Workspace, hook_id: str, arguments: Arguments) -> None:
    """Do what a POST to a response_url asks: post, replace or delete; inside `writing()`."""
    hook = _spent(workspace, hook_id)
    original = _original(workspace, hook)
    if arguments.flag("delete_original") and original:
        workspace.record("delete", original)
        return
    text, blocks = content(arguments)
    if arguments.flag("replace_original") and original:
        edited = None if original.seen_by else workspace.fresh_ts()
        fresh = replace(original, text=text, blocks=blocks, edited_ts=edited)
        workspace.record("message", fresh)
        return
    shared = arguments.text("response_type") == "in_channel"
    workspace.record(
        "message",
        Message(
            channel=hook.channel,
            ts=workspace.fresh_ts(),
            user=BOT_USER,
            text=text,
            blocks=blocks,
            thread_ts=arguments.text("thread_ts"),
            seen_by=None if shared else hook.user,
        ),
    )


def _spent(workspace: Workspace, hook_id: str) -> Hook:
    hook = workspace.hooks.get(hook_id)
    if hook is None:
        raise SlackRefusal("no_such_url")
    if workspace.clock.now().timestamp() - hook.at > LIVES:
        raise SlackRefusal("expired_url")
    if hook.uses >= MOST_USES:
        raise SlackRefusal("used_url")
    used = replace(hook, uses=hook.uses + 1)
    workspace.record("hook", used)
    return used


def _original(workspace: Workspace, hook: Hook) -> Message | None:
    if hook.message_ts is None:
        return None
    return workspace.messages.get(hook.channel, {}).get(hook.message_ts)
