"""Am I here, am I ready: what load balancers, containers and people ask first."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from storage.errors import StorageError
from templates.render import page
from web.state import InHouse

router = APIRouter(tags=["probes"])


@router.get("/", summary="Say what this is", response_model=None)
def index(request: Request) -> Response:
    """Say what runs here and where to go on: JSON for programs, a page for browsers."""
    mounts: Sequence[str] = request.app.state.mounted
    places = {"dashboard": "/api/dashboard", "docs": "/docs", "customers": "/api/customers"}
    places |= {path.strip("/"): path for path in mounts}
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(page("landing.html", {"places": places, **_surroundings(mounts)}))
    return JSONResponse({"name": "Bellwether", "status": "ok", **places})


def _surroundings(mounts: Sequence[str]) -> dict[str, object]:
    """Answer what the frame around every page needs to know."""
    return {"active": "home", "inbox": "/inbox" if "/inbox" in mounts else None}


@router.get("/healthz", summary="The process answers")
def healthz() -> dict[str, str]:
    """Answer as long as the process does; asks nobody else."""
    return {"status": "ok"}


@router.get("/readyz", summary="The database answers and fits the code", response_model=None)
def readyz(house: InHouse) -> Response:
    """Answer 200 when requests can be served, 503 with the reason when not."""
    try:
        house.database.ping()
        if house.database.is_current():
            return JSONResponse({"status": "ready"})
        reason = "the database is not migrated to this version"
    except StorageError as fault:
        reason = f"the database does not answer ({type(fault).__name__})"
    return JSONResponse({"status": "not ready", "reason": reason}, 503)
