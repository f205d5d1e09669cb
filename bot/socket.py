"""Slack without a public address: Socket Mode, until we are told to stop."""

import logging
from threading import Event
from typing import Final

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.connection import SlackSettings, client, quiet_logger

logger: Final = logging.getLogger(__name__)

# The SDK pings this often and reconnects when no answer comes; its own ten seconds leave events
# unheard for most of a minute after the server was lost.
PING_SECONDS: Final = 5


def run(app: App, slack: SlackSettings, stop: Event) -> None:
    """Listen until `stop` is set, then hang up. `start()` of the SDK would never return.

    Raises what the first connection raises, so that a wrong app token is known at once.
    """
    handler = SocketModeHandler(
        app,
        app_token=slack.app_token,
        logger=quiet_logger(),
        web_client=client(slack),
        ping_interval=PING_SECONDS,
    )
    handler.connect()  # type: ignore[no-untyped-call] # the SDK types it not
    logger.info("listening to Slack in Socket Mode")
    try:
        stop.wait()
    finally:
        handler.close()  # type: ignore[no-untyped-call] # as above
