"""The wide writing door: thousands of events in one request, each with an answer of its own.

Whoever sends many drops a refused request for ever, good events and bad. So what can be read is
answered 200, and what is wrong with an event is said beside it.
"""

import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse

from service import ingest
from service.events import EventDraft
from service.ingest import Outcome, Status
from service.ports import House
from web.ingest import FAULTS, FEED, described
from web.parcel import Item, Parcel, Unreadable, items, parcel
from web.rate import PacedWriter
from web.shapes import Fault, ParcelReceipt
from web.state import InHouse, Now

router = APIRouter(prefix="/api", tags=["writing"])

# Parcels worked on at once in this process. More would only wait for the same two locks, each
# with megabytes in hand; whoever comes then is asked to come again.
AT_ONCE: Final = 4
COME_AGAIN_SECONDS: Final = 1


@dataclass(slots=True)
class Turnstile:
    """How many may be inside at once. Safe to share between threads."""

    most: int = AT_ONCE
    _inside: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self) -> bool:
        """Let one more in, and tell whether there was room."""
        with self._lock:
            room = self._inside < self.most
            self._inside += room
        return room

    def leave(self) -> None:
        """Make room again."""
        with self._lock:
            self._inside -= 1


async def _turn(request: Request) -> AsyncIterator[None]:
    """Hold a place while the request lasts, or answer 429 when there is none."""
    turnstile: Turnstile = request.app.state.turnstile
    if not turnstile.enter():
        raise HTTPException(
            429,
            "Too many parcels at once; come again in a moment",
            headers={"Retry-After": str(COME_AGAIN_SECONDS)},
        )
    try:
        yield
    finally:
        turnstile.leave()


def _body() -> dict[str, Any]:
    """Describe a body that is read by hand; FastAPI would otherwise document none."""
    event = described(EventDraft)
    event["properties"] = {
        "customer": {"type": "string", "description": "The customer's key in your own systems"},
        **event["properties"],
    }
    event["required"] = ["customer", "type"]
    example = [{"customer": "acme", "type": "login", "id": "evt-1"}]
    content = {
        "application/json": {"schema": {"type": "array", "items": event}, "example": example},
        "application/x-ndjson": {"schema": event},
    }
    return {"requestBody": {"required": True, "content": content}}


_FAULTS: dict[int | str, dict[str, Any]] = FAULTS | {
    400: {"model": Fault, "description": "Cannot be unpacked or read; nothing was kept"},
    408: {"model": Fault, "description": "The body did not arrive in time"},
    413: {"model": Fault, "description": "Too many events, or too large, packed or unpacked"},
    415: {"model": Fault, "description": "Neither JSON nor JSON Lines, or packed unlike gzip"},
    422: {"model": Fault, "description": "JSON, but no array"},
}


@router.post(
    "/events",
    summary="Record many events",
    response_model=ParcelReceipt,
    responses=_FAULTS,
    openapi_extra=_body(),
)
def record_events(
    *,
    writer: PacedWriter,
    turn: Annotated[None, Depends(_turn)],
    sent: Annotated[Parcel, Depends(parcel)],
    house: InHouse,
    now: Now,
) -> JSONResponse:
    """Record events of any customers: a JSON array, or JSON Lines, plain or packed with gzip.

    Good events are kept beside bad ones; `results` says in order what became of each.
    """
    del writer, turn
    results = list(_results(house, items(sent), now))
    counts = Counter(result["status"] for result in results)
    return JSONResponse(
        {status: counts[status] for status in get_args(Status)} | {"results": results}
    )


def _results(house: House, sent: Sequence[Item], now: datetime) -> Iterator[dict[str, str]]:
    """Accept what can be read, in one transaction, and answer for every item in its order."""
    read = [item for item in sent if not isinstance(item, Unreadable)]
    outcomes = ingest.accept_events(
        house, FEED, read, now=now, new_id=ingest.server_id, chunk=max(1, len(read))
    )
    for item in sent:
        if isinstance(item, Unreadable):
            yield {"status": "rejected", "reason": item.reason}
        else:
            yield _result(next(outcomes))


def _result(outcome: Outcome) -> dict[str, str]:
    """Answer one outcome; what it does not know it does not say."""
    told = {
        "status": outcome.status,
        "customer": outcome.key,
        "id": outcome.id,
        "reason": outcome.reason or _REASONS.get(outcome.status),
    }
    return {name: text for name, text in told.items() if text}


_REASONS = {"conflict": "this id was received before with another content; nothing was changed"}
