"""Slack's requests, handed on as they came: the signature is over the raw bytes.

The body is read in an async dependency and dispatched in a sync route, so that a slow listener
holds a thread and never the event loop.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from web.body import SLACK_BYTES, limited
from web.state import SlackDoor

router = APIRouter(include_in_schema=False)


async def _raw(request: Request) -> bytes:
    return await limited(request, SLACK_BYTES)


def dispatch(request: Request, raw: Annotated[bytes, Depends(_raw)]) -> Response:
    """Let the bot answer; 404 where no Slack is configured."""
    door: SlackDoor | None = request.app.state.slack
    if door is None:
        raise HTTPException(404, "Slack is not connected over HTTP here")
    answer = door(request.method, dict(request.headers), raw)
    return Response(answer.body, answer.status, dict(answer.headers))


for _path in ("/slack/events", "/slack/commands", "/slack/interactions"):
    router.add_api_route(_path, dispatch, methods=["POST"], response_model=None)
