"""The page behind the numbers of a survey's mail: looking changes nothing, sending in answers.

No login, no cookie, no script. Link scanners fetch and change nothing.
"""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from service import surveying
from service.surveying import Asked
from templates.render import page
from web.body import FORM_BYTES, limited
from web.state import InHouse, Now

router = APIRouter(include_in_schema=False)
FIELDS: Final = 20
HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow"}


async def _form(request: Request) -> Mapping[str, str]:
    """Read the form within a limit; of a field given twice the last counts."""
    body = await limited(request, FORM_BYTES)
    try:
        fields = parse_qs(body.decode("utf-8", errors="replace"), max_num_fields=FIELDS)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


@router.get("/survey/{token}", response_model=None)
def ask(token: str, request: Request, house: InHouse, answer: str = "") -> HTMLResponse:
    """Show the question, or the answer given before. Changes nothing, however often fetched."""
    found = surveying.question(house, token)
    if found is None or found.over:
        return _page("unknown", 404)
    if found.answered is not None:
        return _page("done", 200, chosen=found.answered)
    return _asking(found, request.url.path, _number(answer))


@router.post("/survey/{token}", response_model=None)
def act(
    token: str,
    request: Request,
    form: Annotated[Mapping[str, str], Depends(_form)],
    house: InHouse,
    now: Now,
) -> HTMLResponse:
    """Take the answer down; a second one changes nothing and is shown the first."""
    found = surveying.question(house, token)
    if found is None or found.over:
        return _page("unknown", 404)
    number = _number(form.get("answer", ""))
    if number is None or number not in found.numbers:
        return _page("wrong", 422, action=request.url.path)
    taken = surveying.record(house, token, number, form.get("comment", ""), now=now)
    if taken is None:
        return _page("unknown", 404)
    return _page("done", 200, chosen=number if taken.answered is None else taken.answered)


def _asking(found: Asked, action: str, chosen: int | None) -> HTMLResponse:
    return _page(
        "ask",
        200,
        question=found.question,
        numbers=list(found.numbers),
        action=action,
        chosen=chosen,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 else None  # noqa: PLR2004 - no answer has more digits


def _page(state: str, status: int, **fields: object) -> HTMLResponse:
    return HTMLResponse(page("survey.html", {"state": state, **fields}), status, HEADERS)
