"""How an answer reaches the person who asked: through the response_url, to them alone."""

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from bot import blocks
from bot.blocks import Post
from bot.connection import webhook
from bot.errors import UNANSWERED

logger: Final = logging.getLogger(__name__)

SORRY: Final = (
    "That did not work, and nothing was changed that you did not see. Please try again; if it "
    "fails again, tell whoever runs Bellwether to look into its log."
)


def whisper(response_url: str, post: Post) -> None:
    """Answer so that only the asker sees it."""
    _send(response_url, post, response_type="ephemeral", replace_original=False)


def replace(response_url: str, post: Post) -> None:
    """Put this in the place of the message that was clicked."""
    _send(response_url, post, replace_original=True)


def announce(response_url: str, post: Post) -> None:
    """Answer so that everybody in the conversation sees it."""
    _send(response_url, post, response_type="in_channel", replace_original=False)


def _send(response_url: str, post: Post, **how: object) -> None:
    if not response_url:
        return
    answer = webhook(response_url).send_dict(
        {"text": post.text, "blocks": list(post.blocks), **how}
    )
    if answer.status_code != HTTPStatus.OK:
        logger.warning("Slack refused an answer with status %s", answer.status_code)


def answering(work: Callable[[], None], apologise: Callable[[Post], None]) -> None:
    """Run what comes after `ack`; let nothing escape, and never leave the asker without a word.

    An exception out of a listener takes the acknowledgement with it, and Slack then shows a
    failure of its own after three seconds. So this is one of the places that catch broadly. The
    log gets the error's type and place; its words may quote what a person wrote.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 - the boundary described above
        logger.error("a Slack request failed: %s at %s", type(error).__name__, _place(error))  # noqa: TRY400 - a traceback may quote bodies
        with suppress(*UNANSWERED):
            apologise(blocks.sentence(SORRY))


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
