"""The ASGI app that answers as slack.com/api does, and takes what goes to response_urls."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.errors import SlackRefusal
from sandbox.faults import Fault, SlackFaults
from sandbox.slack import chat, hooks, people, rooms, views
from sandbox.slack.arguments import Arguments, read_body
from sandbox.state import Json
from sandbox.workspace import Workspace

TOKEN = "xoxb-sandbox-bellwether"  # noqa: S105 - opens nothing but a workspace on loopback
SCOPES = (
    "channels:history,channels:join,channels:read,chat:write,commands,groups:history,groups:read,"
    "im:history,im:read,im:write,mpim:read,reactions:write,users:read,users:read.email"
)

Method = Callable[[Workspace, Arguments], Json]
METHODS: Mapping[str, Method] = {
    "api.test": people.api_test,
    "auth.test": people.auth_test,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "conversations.history": rooms.history,
    "conversations.info": rooms.info,
    "conversations.join": rooms.join,
    "conversations.list": rooms.list_all,
    "conversations.members": rooms.members,
    "conversations.open": rooms.open_direct,
    "conversations.replies": rooms.replies,
    "reactions.add": chat.add_reaction,
    "users.info": people.info,
    "users.list": people.list_all,
    "users.lookupByEmail": people.lookup,
    "views.open": views.open_modal,
    "views.publish": views.publish,
    "views.push": views.push,
    "views.update": views.update,
}


@dataclass(frozen=True, slots=True)
class SlackApi:
    """Slack's side of the wire. `cut` ends a caller's connection, given its address."""

    workspace: Workspace
    faults: SlackFaults
    cut: Callable[[tuple[str, int]], None]

    def app(self) -> Starlette:
        """Return the ASGI app."""
        return Starlette(
            routes=[
                Route("/api/{method}", self.call, methods=["GET", "POST"]),
                Route("/hooks/{hook}", self.hook, methods=["POST"]),
            ]
        )

    async def call(self, request: Request) -> Response:
        """Answer one Web API call."""
        method = str(request.path_params["method"])
        body = await request.body()
        fault = self.faults.take(method)
        if fault is None:
            return await run_in_threadpool(self._answer, method, request, body)
        return await self._faulty(fault, method, request, body)

    async def hook(self, request: Request) -> Response:
        """Take an answer to an interaction."""
        body = await request.body()
        fault = self.faults.take("response_url")
        if fault and not fault.after_storing:
            return await self._broken(fault, request)
        return await run_in_threadpool(self._respond, str(request.path_params["hook"]), body)

    async def _faulty(self, fault: Fault, method: str, request: Request, body: bytes) -> Response:
        if not fault.after_storing:
            return await self._broken(fault, request)
        answer = await run_in_threadpool(self._answer, method, request, body)
        await asyncio.sleep(fault.delay)
        return await self._broken(fault, request) if fault.drop else answer

    async def _broken(self, fault: Fault, request: Request) -> Response:
        await asyncio.sleep(fault.delay)
        if fault.drop and request.client:
            self.cut((request.client.host, request.client.port))
            await asyncio.sleep(0.01)  # The loop must see the end before we answer into it.
        if fault.code is None:
            return PlainTextResponse("Slack is having a bad day.", fault.status)
        return _refused(SlackRefusal(fault.code, retry_after=fault.retry_after), fault.status)

    def _answer(self, method: str, request: Request, body: bytes) -> Response:
        try:
            given = read_body(request.headers.get("content-type", ""), body, request.url.query)
            self._authenticate(request.headers.get("authorization", ""), given)
            if method not in METHODS:
                raise SlackRefusal("unknown_method")  # noqa: TRY301 - one way out for all refusals
            with self.workspace.writing():
                answer = METHODS[method](self.workspace, Arguments(given))
        except SlackRefusal as refusal:
            return _refused(refusal)
        return JSONResponse({"ok": True, **answer}, headers={"x-oauth-scopes": SCOPES})

    def _authenticate(self, header: str, given: Mapping[str, object]) -> None:
        token = header.removeprefix("Bearer ").strip() or given.get("token")
        if not token:
            raise SlackRefusal("not_authed")
        if token != TOKEN:
            raise SlackRefusal("invalid_auth")
        if self.faults.token_revoked:
            raise SlackRefusal("token_revoked")

    def _respond(self, hook_id: str, body: bytes) -> Response:
        try:
            arguments = Arguments(read_body("application/json", body, ""))
            with self.workspace.writing():
                hooks.answer(self.workspace, hook_id, arguments)
        except SlackRefusal as refusal:
            return _refused(refusal, 404 if refusal.code.endswith("_url") else 400)
        return PlainTextResponse("ok")


def _refused(refusal: SlackRefusal, status: int = 200) -> Response:
    body: Json = {"ok": False, "error": refusal.code}
    if refusal.messages:
        body["response_metadata"] = {"messages": [f"[ERROR] {each}" for each in refusal.messages]}
    headers = {"x-oauth-scopes": SCOPES}
    if refusal.code == "ratelimited":
        status, headers["Retry-After"] = 429, str(refusal.retry_after or 1)
    return Response(json.dumps(body), status, headers, "application/json")
