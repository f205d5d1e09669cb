"""The API's reference at /docs, made of the same description as /openapi.json.

FastAPI's own pages load a script from another company's servers; ours load nothing, and work on a
machine without a way out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from templates.render import page

router = APIRouter(include_in_schema=False)

VERBS = ("get", "put", "post", "delete")
# The order of the page; a tag missing here would come last.
TAGS = ("customers", "writing", "probes")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer, in words."""

    name: str
    kind: str
    place: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing one can ask the API for."""

    anchor: str
    verb: str
    path: str
    title: str
    words: str
    key: bool
    example: str
    fields: tuple[Field, ...]
    answer: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Show the reference."""
    schema = request.app.openapi()
    groups: dict[str, list[Endpoint]] = {tag: [] for tag in TAGS}
    for tag, endpoint in _endpoints(schema, str(request.base_url).rstrip("/")):
        groups.setdefault(tag, []).append(endpoint)
    inbox = "/inbox" if "/inbox" in request.app.state.mounted else None
    context = {"groups": groups, "active": "docs", "inbox": inbox, "auth": request.app.state.auth}
    return HTMLResponse(page("reference.html", context))


def _endpoints(schema: Mapping[str, Any], base: str) -> Iterator[tuple[str, Endpoint]]:
    for path, verbs in schema["paths"].items():
        for verb in VERBS:
            if verb in verbs:
                yield verbs[verb]["tags"][0], _endpoint(schema, base, path, verb, verbs[verb])


def _endpoint(
    schema: Mapping[str, Any], base: str, path: str, verb: str, described: Mapping[str, Any]
) -> Endpoint:
    shown = path.replace(":path", "")
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    parameters = [_parameter(each) for each in described.get("parameters", ())]
    success = next((code for code in described["responses"] if code.startswith("2")), "200")
    return Endpoint(
        anchor=described["operationId"],
        verb=verb.upper(),
        path=shown,
        title=described.get("summary", shown),
        words=described.get("description", ""),
        key=bool(described.get("security")),
        example=_example(base, shown, verb, body.get("example")),
        fields=(*parameters, *_fields(schema, body.get("schema", {}), "body")),
        answer=tuple(_fields(schema, _content(described["responses"][success]), "")),
        answers=tuple(
            (code, answer.get("description", "")) for code, answer in described["responses"].items()
        ),
    )


def _content(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (
        answer.get("content", {}).get("application/json", {}).get("schema", {})
    )
    return found


def _parameter(described: Mapping[str, Any]) -> Field:
    schema = described.get("schema", {})
    return Field(
        name=described["name"],
        kind=_kind(schema),
        place=described["in"],
        required=bool(described.get("required")),
        words=described.get("description", ""),
    )


def _fields(schema: Mapping[str, Any], shape: Mapping[str, Any], place: str) -> Iterator[Field]:
    """List the fields of an object, or of the objects in a list."""
    resolved = _resolved(schema, shape)
    if "items" in resolved:
        resolved = _resolved(schema, resolved["items"])
    for name, described in resolved.get("properties", {}).items():
        yield Field(
            name=name,
            kind=_kind(described),
            place=place,
            required=name in resolved.get("required", ()),
            words=described.get("description", ""),
        )


def _resolved(schema: Mapping[str, Any], shape: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = shape.get("$ref")
    if reference is None:
        return shape
    found: Mapping[str, Any] = schema["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _kind(described: Mapping[str, Any]) -> str:
    """Name a field's type in a few words: "text or nothing", "number, 0 to 100"."""
    options = [_kind(option) for option in described.get("anyOf", ())]
    if options:
        return " or ".join(dict.fromkeys(options))
    if "enum" in described:
        return ", ".join(str(value) for value in described["enum"])
    if "$ref" in described:
        return "object"
    names = {"string": "text", "null": "nothing", "integer": "whole number", "array": "list"}
    kind = described.get("format") or described.get("type", "any")
    bounds = [f"{word} {described[at]}" for at, word in _BOUNDS if at in described]
    return ", ".join([names.get(kind, kind).replace("date-time", "instant"), *bounds])


_BOUNDS = (("minimum", "from"), ("maximum", "to"))


def _example(base: str, path: str, verb: str, body: object) -> str:
    address = f"{base}{path.replace('{id}', 'acme')}"
    if verb == "get":
        return f"curl {address}"
    lines = [f"curl -X {verb.upper()} {address}", "-H 'Authorization: Bearer bw_…'"]
    lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(body)}'"]
    return " \\\n  ".join(lines)
