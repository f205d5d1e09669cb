"""The link in every customer mail: looking changes nothing, posting unsubscribes (RFC 8058).

No login, no cookie, no script. A mail client's one click and the button on the page post alike;
a link scanner that only fetches changes nothing.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from service import unsubscribe
from templates.render import page
from web.body import FORM_BYTES, limited
from web.state import InHouse, Now

router = APIRouter(include_in_schema=False)
HEADERS = {"X-Robots-Tag": "noindex, nofollow"}


async def _drained(request: Request) -> None:
    """Read the body, within a limit, and make nothing of it: the address alone says who."""
    await limited(request, FORM_BYTES)


def ask(token: str, request: Request, house: InHouse) -> HTMLResponse:
    """Show what following through would do. Changes nothing, however often it is fetched."""
    found = unsubscribe.addressed(house, token)
    if found is None:
        return _page("unknown", "", 404)
    return _page("done" if found.done else "ask", request.url.path, 200)


def act(
    token: str, drained: Annotated[None, Depends(_drained)], house: InHouse, now: Now
) -> HTMLResponse:
    """Unsubscribe the address; twice is the same as once."""
    del drained
    found = unsubscribe.unsubscribe(house, token, now=now)
    return _page("unknown", "", 404) if found is None else _page("done", "", 200)


def _page(state: str, action: str, status: int) -> HTMLResponse:
    words = page("unsubscribe.html", {"state": state, "action": action})
    return HTMLResponse(words, status, HEADERS)


for _path in ("/unsubscribe/{token}", "/u/{token}"):
    router.add_api_route(_path, ask, methods=["GET"], response_model=None)
    router.add_api_route(_path, act, methods=["POST"], response_model=None)
