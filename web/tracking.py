"""Counted links of a mail: they lead on at once, whatever becomes of the counting.

Only a GET counts; a HEAD is a look. Neither addresses nor the reader's program are kept: the latter
is looked at once, to tell what is a machine's doing. A mail program that fetches all pictures by
itself opens every mail, so what is counted is a hint.
"""

import base64
import logging
import re
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.background import BackgroundTask
from starlette.datastructures import Headers

from service import tracking
from service.ports import House
from service.tracking import Followed
from storage.errors import StorageError
from web.bulk import Turnstile
from web.security import ASKED_AS
from web.state import InHouse, Now

logger = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)
UNKNOWN: Final = "This link is not one of ours, or it was cut off on its way. Copy all of it."
# So many are counted at a time; what comes beside them leads on, uncounted.
AT_A_TIME: Final = 2
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
# The smallest picture there is: one dot that cannot be seen.
_DOT: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# Mail programs show it on pages of their own.
_PICTURE: Final = {**_HEADERS, "Cross-Origin-Resource-Policy": "cross-origin"}
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_MACHINES: Final = re.compile(
    r"bot|crawl|spider|scan|preview|headless|curl|wget|python|java/|go-http|okhttp|libwww|axios|"
    r"mimecast|barracuda|proofpoint",
    re.IGNORECASE,
)
# What Apple's mail privacy fetches every picture as, read or not.
_BARE: Final = "Mozilla/5.0"


@router.get(tracking.PATH + "{token}", response_model=None)
def follow(token: str, request: Request, house: InHouse, now: Now) -> Response:
    """Lead on to where the link led when the mail was written, and count it afterwards."""
    found = tracking.followed(house.mail, token)
    if found is None:
        return PlainTextResponse(UNKNOWN, 404, _HEADERS)
    answer = _answer(found)
    if request.scope.get(ASKED_AS) != "HEAD":
        turnstile: Turnstile = request.app.state.counting
        doubtful = mechanical(request.headers)
        answer.background = BackgroundTask(_count, turnstile, house, found, now, doubtful=doubtful)
    return answer


def mechanical(headers: Headers) -> bool:
    """Tell whether a request looks like a machine's: fetched ahead, or by no mail program."""
    if any(re.search("fetch|preview", headers.get(name, ""), re.IGNORECASE) for name in _AHEAD):
        return True
    program = headers.get("user-agent", "").strip()
    return program in {"", _BARE} or _MACHINES.search(program) is not None


def _answer(found: Followed) -> Response:
    if found.target is None:
        return Response(_DOT, media_type="image/gif", headers=_PICTURE)
    return RedirectResponse(found.target, 302, _HEADERS)


def _count(
    turnstile: Turnstile, house: House, found: Followed, now: datetime, *, doubtful: bool
) -> None:
    """Count it if there is room; a reader is never kept waiting for our database."""
    if not turnstile.enter():
        return
    try:
        tracking.note(house, found, doubtful=doubtful, now=now)
    except StorageError as fault:
        logger.warning("a followed link was not counted: %s", type(fault).__name__)
    finally:
        turnstile.leave()
