"""Reading what a stranger sends: so large, so deep, this type, valid; else the right status."""

import json
import re
from typing import NoReturn

from fastapi import HTTPException, Request

# A single event with all its properties fits thrice; Slack's largest payloads fit too.
EVENT_BYTES = 64 * 1024
FORM_BYTES = 16 * 1024
SLACK_BYTES = 1024 * 1024
DEPTH = 20
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)


async def json_object(request: Request) -> dict[str, object]:
    """Answer the body as a JSON object.

    415 for another type, 413 beyond EVENT_BYTES, 400 for what is no JSON or nests too deep, 422
    for JSON that is no object.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if not _JSON.fullmatch(kind):
        raise HTTPException(415, "Send the body as application/json")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, "Send the body without a content encoding")
    return _object(await limited(request, EVENT_BYTES))


async def limited(request: Request, most: int) -> bytes:
    """Answer the raw body, or 413 as soon as it is known to be larger than `most` bytes."""
    said = request.headers.get("content-length", "0")
    if said.isdigit() and int(said) > most:
        raise HTTPException(413, f"The body is larger than {most:,} bytes")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"The body is larger than {most:,} bytes")
    return bytes(body)


def _object(raw: bytes) -> dict[str, object]:
    try:
        text = raw.decode("utf-8")
        _shallow(text)
        value = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise HTTPException(400, "The body is not valid UTF-8") from None
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        raise HTTPException(400, f"The body is not valid JSON ({where})") from None
    except ValueError:
        raise HTTPException(400, "The body holds a number with too many digits") from None
    if not isinstance(value, dict):
        detail = {"loc": ["body"], "msg": "must be a JSON object", "type": "object"}
        raise HTTPException(422, [detail])
    return value


def _shallow(text: str) -> None:
    """Refuse deep nesting before the parser walks it; brackets inside strings do not count."""
    depth = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        if depth > DEPTH:
            raise HTTPException(400, f"The body nests deeper than {DEPTH} levels")


def _no_constant(name: str) -> NoReturn:
    raise HTTPException(400, f"{name} is not a JSON number")
