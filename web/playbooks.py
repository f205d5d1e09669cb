"""What playbooks came to, on a page: whether alerts are useful, and whether customers return."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from service.results import FEWEST_ANSWERS, FEWEST_ENDS, WINDOW, Result, results, span
from templates.render import page
from web.state import InHouse, Now

router = APIRouter(include_in_schema=False)


@router.get("/api/dashboard/playbooks")
def playbooks(request: Request, house: InHouse, now: Now) -> HTMLResponse:
    """Show each playbook's results of the last quarter."""
    found = results(house, now=now)
    inbox = "/inbox" if "/inbox" in request.app.state.mounted else None
    context = {
        "active": "playbooks",
        "inbox": inbox,
        "days": WINDOW.days,
        "rows": [_row(one) for one in found],
        "suggestions": [one.suggestion for one in found if one.suggestion],
        "fewest_answers": FEWEST_ANSWERS,
        "fewest_ends": FEWEST_ENDS,
        "books": [(book.title, book.name, book.description) for book in house.playbooks],
    }
    return HTMLResponse(page("playbooks.html", context))


def _row(one: Result) -> dict[str, object]:
    wait = one.to_acknowledge
    return {
        "title": one.title,
        "name": one.playbook,
        "started": one.started,
        "ended": one.ended,
        "recovered": one.recovered,
        "recovery": None if one.recovery is None else 100 * one.recovery,
        "few_ends": one.few_ends,
        "acknowledged": one.acknowledged,
        "wait": span(wait) if wait is not None else None,
        "few_acknowledged": one.few_acknowledged,
        "saved": one.saved,
        "answers": one.answers,
        "useful": one.useful,
        "precision": None if one.precision is None else 100 * one.precision,
        "few_answers": one.few_answers,
    }
