"""The app manifest: what Slack must know of us, made from the same settings we run with."""

from typing import Final

Manifest = dict[str, object]

# Each scope with the call that needs it; `docs/slack.md` tells the operator the same.
SCOPES: Final = (
    "channels:history",  # look for a message whose answer was lost, before posting it again
    "channels:read",  # find "#name", and refuse conversations shared with another company
    "chat:write",  # post, reply, update
    "commands",  # the slash command
    "groups:history",  # as channels:history, in private channels
    "groups:read",  # as channels:read, for private channels
    "im:history",  # as channels:history, in direct messages of the app
    "im:write",  # open a direct message to a CSM
    "mpim:read",  # as channels:read, for conversations of a few people
    "users:read",  # who clicked: guests and strangers are kept out
    "users:read.email",  # match Slack users to CSMs by e-mail
)
EVENTS_PATH: Final = "/slack/events"


def manifest(command: str, base_url: str | None, *, socket: bool) -> Manifest:
    """Return the manifest for this command's name.

    `base_url` is the public address the app answers at, without a path; Slack posts everything to
    `/slack/events` below it. It is not needed with Socket Mode, where Slack needs no address.
    """
    address = None if socket or base_url is None else base_url.rstrip("/") + EVENTS_PATH
    url = {"url": address} if address else {}
    request_url = {"request_url": address} if address else {}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "Bellwether",
            "description": "Customer health scores that say why they moved",
            "long_description": (
                "Bellwether scores every customer each day from what they really do, tells the "
                "customer success manager when one turns, with the reasons, and prepares the mail "
                "that may bring them back. Nothing goes to a customer without a yes."
            ),
            "background_color": "#1f3d36",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Bellwether", "always_online": True},
            "slash_commands": [
                {
                    "command": command,
                    "description": "How healthy is a customer, and why?",
                    "usage_hint": "[customer | help]",
                    "should_escape": False,
                    **url,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": ["app_home_opened"], **request_url},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }
