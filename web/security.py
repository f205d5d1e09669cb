"""What every answer of ours carries and every request must meet, before any route sees it."""

import ipaddress
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Pages load their own style and script and nothing else, from nowhere else.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Where the scope of a HEAD that is answered as GET says so.
ASKED_AS = "bellwether.asked_as"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Adds the headers every answer has, and answers HEAD as GET without a body.

    With `loopback_only` it refuses every Host that is not this machine.

    Without keys, whoever reaches the port may write. A page on the internet can make a visitor's
    browser reach a local port under its own host name (DNS rebinding); the Host header betrays it.
    """

    def __init__(self, app: ASGIApp, *, loopback_only: bool, own_policy: Iterable[str]) -> None:
        self._app = app
        self._loopback_only = loopback_only
        self._own_policy = tuple(own_policy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the host, then let the application answer and sign its headers."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        if self._loopback_only and not is_loopback(HTTPConnection(scope).headers.get("host", "")):
            await self._refusal(scope, receive, send)
            return
        path = scope["path"]
        strict = not any(path == own or path.startswith(f"{own}/") for own in self._own_policy)
        silent = scope.get("method") == "HEAD"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message), strict=strict)
            elif silent and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # FastAPI's routes know no HEAD; load balancers and curl -I do.
        asked = {**scope, "method": "GET", ASKED_AS: "HEAD"} if silent else scope
        await self._app(asked, receive, sending)

    @staticmethod
    async def _refusal(scope: Scope, receive: Receive, send: Send) -> None:
        words = "Without API keys this server answers on this machine's own address only."
        response = JSONResponse({"detail": words}, status_code=421)
        await response(scope, receive, send)


class Doorkeeper:
    """Stands before an application in which whoever reaches it may act as anybody.

    It answers under this machine's own names and `names` only, against DNS rebinding. `closed`
    is why it answers nobody at all, where the network could reach it.
    """

    def __init__(self, app: ASGIApp, *, names: Iterable[str], closed: str | None = None) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or refuse in a sentence."""
        refused = self._refused(scope) if scope["type"] in {"http", "websocket"} else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await refused(scope, receive, send)

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        if self._closed is not None:
            return PlainTextResponse(self._closed, 403)
        host = HTTPConnection(scope).headers.get("host", "")
        if is_loopback(host) or host_name(host) in self._names:
            return None
        return PlainTextResponse("This page answers under the server's own address only.", 421)


def add_headers(headers: MutableHeaders, *, strict: bool) -> None:
    """Set our headers where the route set none; `strict` brings the content policy along."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if strict:
        headers.setdefault("Content-Security-Policy", POLICY)
        # Scores and names belong in no cache; files of ours answer with an ETag of their own.
        headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this very machine: localhost, 127.0.0.0/8, [::1]."""
    name = host_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str:
    """Answer the name in a Host header, without its port and an address's brackets."""
    name = host.rpartition(":")[0] if _has_port(host) else host
    return name.strip("[]").rstrip(".").lower()


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdigit() and (host.startswith("[") or host.count(":") == 1)
