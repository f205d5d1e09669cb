"""The writing door: one event, or one customer, from a system that holds an API key."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from service import catalog, ingest
from service.catalog import CustomerDraft
from service.errors import DraftInvalid, Problem
from service.ingest import EventDraft
from service.written import clean_key, read
from web.api import Key, known_form
from web.body import json_object
from web.rate import PacedWriter
from web.shapes import CustomerReceipt, EventReceipt, Fault, FieldFaults
from web.state import InHouse, Now

router = APIRouter(prefix="/api", tags=["writing"])

# Event ids are unique per feed; all keys write into one, so a sender may change its key.
FEED = "api"
RECEIVED, TAKEN_IN_QUARANTINE, MADE, WRITTEN = 201, 202, 201, 200

MEANINGS = {
    "type": "What happened: `login`, `api_call`, `feature_use`, or any word of yours",
    "id": "Your id of this event; the same id twice counts once",
    "occurredAt": "When, with an offset from UTC; now when left out",
    "feature": "Which feature was used",
    "value": "How many it stands for; 1 when left out",
    "user": "Who did it",
    "properties": "Anything else, kept for reading, never scored",
    "status": "Only active customers are scored",
    "name": "What people call them",
    "segment": "`smb`, `enterprise`, or any word of yours",
    "plan": "What they bought",
    "lifecycle": "Where they are: `onboarding`, `mature`, or any word of yours",
    "arr": "Yearly revenue",
    "seats": "How many people may use the product",
    "tags": "Any words, for playbooks to ask about",
    "csmName": "Their name; `csm: {email, name}` is understood too",
    "contactName": "Their name; `contact: {email, name}` is understood too",
    "renewalOn": "The day the contract renews; `renewalDate` is understood too",
    "createdOn": "The day they became a customer; today when left out",
    "timezone": "Such as `Europe/Berlin`; mail keeps their quiet hours",
    "csmEmail": "Who looks after them",
    "contactEmail": "Whom mail goes to",
    "executiveEmail": "Who decides over there; playbooks may write to them instead",
    "executiveName": "Their name; `executive: {email, name}` is understood too",
    "aliases": "Other names people search for",
}

Body = Annotated[dict[str, object], Depends(json_object)]


def described(draft: type[EventDraft | CustomerDraft]) -> dict[str, Any]:
    """Answer the JSON schema of a draft, with every field's meaning in words."""
    schema = draft.model_json_schema(by_alias=True)
    for name, field in schema["properties"].items():
        field["description"] = MEANINGS.get(name, "")
    return schema


def _body(draft: type[EventDraft | CustomerDraft], example: dict[str, object]) -> dict[str, Any]:
    """Describe a body that is read by hand; FastAPI would otherwise document none."""
    schema = described(draft)
    if draft is CustomerDraft:
        # Its key stands in the address.
        schema.pop("required")
        schema["properties"].pop("key")
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


FAULTS: dict[int | str, dict[str, Any]] = {
    400: {"model": Fault, "description": "Not JSON, or nested too deep"},
    401: {"model": Fault, "description": "No live API key"},
    413: {"model": Fault, "description": "Body too large"},
    415: {"model": Fault, "description": "Body is not application/json"},
    429: {"model": Fault, "description": "Too fast; `Retry-After` says when to come again"},
    422: {"model": FieldFaults, "description": "A field breaks a rule; each is named"},
}


@router.post(
    "/customers/{id:path}/events",
    status_code=RECEIVED,
    summary="Record an event",
    responses=FAULTS
    | {
        202: {"model": EventReceipt, "description": "Put in quarantine, with the reason"},
        404: {"model": Fault},
        409: {"model": Fault, "description": "The event id is taken by another body"},
    },
    openapi_extra=_body(EventDraft, {"type": "login"}),
)
def record_event(
    *,
    id: Key,  # noqa: A002 - the name in the path is the API's
    writer: PacedWriter,
    body: Body,
    response: Response,
    house: InHouse,
    now: Now,
) -> EventReceipt:
    """Record one event of a customer. The same `id` with the same body again changes nothing."""
    del writer
    key = known_form(id)
    draft = read(EventDraft, body, "event")
    accepted = ingest.accept_event(house, key, draft, feed=FEED, now=now)
    if accepted.outcome == "quarantined":
        response.status_code = TAKEN_IN_QUARANTINE
    return EventReceipt(
        id=accepted.id,
        customer_id=key,
        type=draft.type,
        occurred_at=accepted.occurred_at,
        status=accepted.outcome,
        reason=accepted.reason,
    )


@router.put(
    "/customers/{id:path}",
    summary="Create or update a customer",
    responses=FAULTS | {201: {"model": CustomerReceipt, "description": "Created"}},
    openapi_extra=_body(CustomerDraft, {"name": "Acme", "segment": "enterprise", "arr": 12000}),
)
def write_customer(
    *,
    id: Key,  # noqa: A002 - the name in the path is the API's
    writer: PacedWriter,
    body: Body,
    response: Response,
    house: InHouse,
    now: Now,
) -> CustomerReceipt:
    """Create or update a customer. A field that is not sent stays as it is."""
    del writer
    draft = read(CustomerDraft, _keyed(body, clean_key(id)), "customer")
    (done,) = catalog.upsert(house, [draft], now=now)
    response.status_code = MADE if done.status == "created" else WRITTEN
    return CustomerReceipt(id=done.key, status=done.status, replayed_events=done.replayed)


def _keyed(body: dict[str, object], key: str) -> dict[str, object]:
    """Put the key of the address into the body; a body that names another is refused."""
    for field in ("id", "key"):
        said = body.get(field, key)
        if said != key:
            found = Problem(field, "another key", "must be the key in the address, or left out")
            raise DraftInvalid("customer", (found,))
    return {name: value for name, value in body.items() if name != "id"} | {"key": key}
