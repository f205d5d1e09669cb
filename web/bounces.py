"""The door for mail that came back: a report as a mail server wrote it, or a provider's JSON."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from service import bounces
from service.returned import LONGEST, read_json, read_mail
from web.body import limited
from web.rate import PacedWriter
from web.shapes import BounceReceipt, Fault
from web.state import InHouse, Now

router = APIRouter(prefix="/mail", tags=["writing"])

_EXAMPLE = "Content-Type: multipart/report; report-type=delivery-status; …"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "message/rfc822": {"schema": {"type": "string"}, "example": _EXAMPLE},
            "application/json": {"schema": {}},
        },
    }
}


async def _raw(request: Request) -> bytes:
    return await limited(request, LONGEST)


@router.post(
    "/bounces",
    summary="Take in mail that came back",
    responses={
        401: {"model": Fault, "description": "No live API key"},
        413: {"model": Fault, "description": "Body too large"},
        429: {"model": Fault, "description": "Too fast; `Retry-After` says when to come again"},
    },
    openapi_extra=_BODY,
)
def take_bounces(
    writer: PacedWriter, raw: Annotated[bytes, Depends(_raw)], house: InHouse, now: Now
) -> BounceReceipt:
    """Take a report of delivery (RFC 3464) or a complaint (RFC 5965) as the raw mail it is.

    The JSON of Amazon SES (by SNS), Mailgun and SendGrid is understood too. What is no report, or
    speaks of no mail of ours, changes nothing. The same report twice counts once.
    """
    del writer
    # SNS calls its JSON text/plain, so the first sign says what it is: no mail begins so.
    reports = read_json(raw) if raw.lstrip()[:1] in {b"{", b"["} else read_mail(raw)
    taken = bounces.take(house, reports, now=now)
    return BounceReceipt(
        reports=len(reports),
        hard=taken.hard,
        failed=taken.failed,
        delayed=taken.delayed,
        complaints=taken.complaint,
        known=taken.known,
        unmatched=taken.unmatched,
    )
