"""The auth.* and users.* methods: who the app is, and who is in the workspace."""

from sandbox.errors import SlackRefusal
from sandbox.slack.arguments import Arguments
from sandbox.slack.shapes import member_json, username
from sandbox.state import BOT_ID, BOT_USER, SLACKBOT, TEAM_ID, TEAM_NAME, Json
from sandbox.workspace import Workspace


def auth_test(workspace: Workspace, _arguments: Arguments) -> Json:
    """auth.test."""
    bot = workspace.members[BOT_USER]
    return {
        "url": "https://sandbox.slack.example/",
        "team": TEAM_NAME,
        "user": username(bot),
        "team_id": TEAM_ID,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def api_test(_workspace: Workspace, _arguments: Arguments) -> Json:
    """api.test."""
    return {}


def info(workspace: Workspace, arguments: Arguments) -> Json:
    """users.info."""
    member = workspace.members.get(arguments.needed("user", "user_not_found"))
    if member is None:
        raise SlackRefusal("user_not_found")
    return {"user": member_json(member)}


def lookup(workspace: Workspace, arguments: Arguments) -> Json:
    """users.lookupByEmail."""
    member = workspace.find_member(arguments.needed("email", "users_not_found"))
    if member is None or not member.email:
        raise SlackRefusal("users_not_found")
    return {"user": member_json(member)}


def list_all(workspace: Workspace, _arguments: Arguments) -> Json:
    """users.list, all on one page."""
    people = [each for each in workspace.members.values() if each.id != SLACKBOT]
    return {
        "members": [member_json(each) for each in people],
        "response_metadata": {"next_cursor": ""},
    }
