"""The ASGI app of the pages; it works at any mount path."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.errors import NotOnScreen
from sandbox.hands import Hands
from sandbox.mailbox import Mail, Mailbox
from sandbox.pages import guard
from sandbox.pages.acts import Acts, first
from sandbox.pages.dates import Calendar
from sandbox.pages.frame import Frame
from sandbox.pages.html import NOTHING, Html, tag
from sandbox.pages.layout import Pane, Shelf, page_html, pane_html, sidebar_html
from sandbox.pages.mails import body, mails_html
from sandbox.pages.messages import composer_html, conversation_html
from sandbox.pages.modals import home_html, modal_html
from sandbox.state import BOT_USER, Conversation, Member, Message
from sandbox.workspace import Workspace

NOTES = {
    "unsubscribed": "The sender confirmed: unsubscribed.",
    "unsubscribe_failed": "The sender did not confirm the unsubscribing.",
    "unsubscribe_elsewhere": "The address leads off this machine; nothing was sent.",
    "operation_timeout": "The app did not answer within three seconds.",
    "dispatch_failed": "The app answered with an error.",
    "dispatch_unreachable": "The app could not be reached.",
}
STATIC = {"inbox.css": "text/css", "inbox.js": "text/javascript"}


class Pages:
    """What is shown below the mount path, and what its forms do."""

    def __init__(self, hands: Hands, mailbox: Mailbox, directory: Path, command: str) -> None:
        self._hands = hands
        self._mailbox = mailbox
        self._directory = directory
        self._command = command
        self._acts = Acts(hands, mailbox)

    def app(self) -> Starlette:
        """Return the ASGI app."""
        pages = ("/", "/dm", "/home", "/mail", "/c/{channel}", "/mail/{number:int}")
        return Starlette(
            routes=[
                Route("/static/{name}", _static),
                Route("/act", self.act, methods=["POST"]),
                Route("/mail/{number:int}/html", self.mail_html),
                *(Route(path, self.page) for path in pages),
            ]
        )

    async def page(self, request: Request) -> Response:
        """Show a page, or to the script only what changed on it."""
        return await run_in_threadpool(self._page, request)

    async def act(self, request: Request) -> Response:
        """Do what a form asks, then show the page it came from."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
        if not guard.is_ours(request, first(fields, "token"), self._token()):
            return Response("This form did not come from these pages.", 403)
        try:
            note = await run_in_threadpool(self._acts.act, fields)
        except (NotOnScreen, ValueError) as fault:
            return Response(str(fault), 409)
        if request.headers.get("x-inbox") == "script":
            return JSONResponse({"note": NOTES.get(note, note)}, headers=guard.PAGE_HEADERS)
        back = first(fields, "back")
        path = back if back.startswith("/") and not back.startswith("//") else "/"
        address = f"{_base(request)}{path}?as={first(fields, 'as')}"
        return RedirectResponse(address, 303, headers=guard.PAGE_HEADERS)

    async def mail_html(self, request: Request) -> Response:
        """Show a mail's HTML part by itself, for the frame."""
        mail = await run_in_threadpool(self._mail, request)
        html = body(mail.message, "html") if mail else None
        if html is None:
            return Response("There is no such mail.", 404)
        links = Html('<base target="_blank">')
        return HTMLResponse(links + html, headers=guard.MAIL_HEADERS)

    def _page(self, request: Request) -> Response:
        workspace = self._hands.workspace
        self._open_home(request)
        mails = self._mailbox.mails()
        with workspace.reading():
            version = f"{workspace.version}-{len(mails)}"
            if request.query_params.get("live") == version:
                return Response(status_code=204, headers=guard.PAGE_HEADERS)
            frame = self._frame(request)
            pane = self._pane(request, frame, mails)
            viewer = frame.viewer
            modal = modal_html(workspace.modals_of(viewer.id), frame) if viewer else NOTHING
            side = sidebar_html(_shelf(workspace, len(mails)), pane.active, frame)
        if "live" in request.query_params:
            parts = {"side": side, "pane": pane_html(pane, frame), "modal": modal}
            return JSONResponse({**parts, "version": version}, headers=guard.PAGE_HEADERS)
        html = page_html(side, pane, modal, frame, version)
        return HTMLResponse(html, headers=guard.PAGE_HEADERS)

    def _frame(self, request: Request) -> Frame:
        workspace = self._hands.workspace
        viewer = _viewer(workspace, request.query_params.get("as", ""))
        zone = ZoneInfo(viewer.timezone if viewer else "UTC")
        base = _base(request)
        return Frame(
            base=base,
            here=request.url.path.removeprefix(base) or "/",
            viewer=viewer,
            token=self._token(),
            calendar=Calendar(zone, workspace.clock.now()),
            members=workspace.members,
            channels={each.id: each.name for each in _channels(workspace)},
            command=self._command,
        )

    def _pane(self, request: Request, frame: Frame, mails: Sequence[Mail]) -> Pane:
        if frame.viewer is None:
            empty = tag("p", "Nobody is in this workspace yet.", class_="empty")
            return Pane("Sandbox", "", empty, "/")
        if frame.here.startswith("/mail"):
            return self._mail_pane(request, frame, mails)
        if frame.here == "/home":
            home = home_html(self._hands.workspace.home_of(frame.viewer.id), frame)
            return Pane("Home", "what the app shows you, and only you", home, "/home", kind="page")
        return self._talk_pane(request, frame, frame.viewer)

    def _open_home(self, request: Request) -> None:
        """Tell the app that somebody looks; never while the state is held, for it will answer."""
        if "live" in request.query_params or not request.url.path.endswith("/home"):
            return
        with self._hands.workspace.reading():
            viewer = _viewer(self._hands.workspace, request.query_params.get("as", ""))
        if viewer is not None:
            self._hands.open_home(viewer.id)

    def _talk_pane(self, request: Request, frame: Frame, viewer: Member) -> Pane:
        workspace = self._hands.workspace
        place = _place(workspace, request, viewer)
        title = f"#{place.name}" if place and place.name else frame.name_of(BOT_USER)
        seen = _seen(workspace, place, viewer)
        everything = "all" in request.query_params
        content = conversation_html(seen, frame, everything=everything)
        if not seen:
            content = tag("p", "Nothing has been said here yet.", class_="empty")
        subtitle = "channel" if place and place.name else "direct message with the app"
        target = f"/c/{place.id}" if place and place.name else "/dm"
        return Pane(title, subtitle, content, target, composer_html(title, target, frame))

    def _mail_pane(self, request: Request, frame: Frame, mails: Sequence[Mail]) -> Pane:
        chosen = self._mail(request)
        content = mails_html(mails, chosen, frame)
        kind, back = ("post reading-one", "/mail") if chosen else ("post", "/")
        subtitle = "what left by SMTP, kept on this machine"
        return Pane("All mail", subtitle, content, "/mail", kind=kind, back=back)

    def _mail(self, request: Request) -> Mail | None:
        number = request.path_params.get("number")
        return next((each for each in self._mailbox.mails() if each.number == number), None)

    def _token(self) -> str:
        return guard.page_token(self._directory)


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _channels(workspace: Workspace) -> list[Conversation]:
    return [each for each in workspace.conversations.values() if each.kind == "channel"]


def _shelf(workspace: Workspace, mails: int) -> Shelf:
    directs = {
        user: len(workspace.messages.get(each.id, ()))
        for each in workspace.conversations.values()
        if each.kind == "im"
        for user in each.members
    }
    return Shelf(_channels(workspace), mails, directs)


def _viewer(workspace: Workspace, words: str) -> Member | None:
    """Return whose eyes the page is seen with: who was asked for, or whoever got mail last."""
    people = [each for each in workspace.members.values() if not each.is_bot]
    asked = next((each for each in people if each.id == words), None)
    return asked or max(people, key=lambda each: _last_direct(workspace, each), default=None)


def _last_direct(workspace: Workspace, member: Member) -> str:
    direct = workspace.direct(member.id)
    return _last(workspace, direct) if direct else ""


def _last(workspace: Workspace, place: Conversation) -> str:
    return max(workspace.messages.get(place.id, ()), default="")


def _place(workspace: Workspace, request: Request, viewer: Member) -> Conversation | None:
    """Return the conversation of the address; at "/" the one where something was said last."""
    channel = request.path_params.get("channel")
    if channel is not None:
        place = workspace.conversations.get(channel)
        return place if place and place.kind == "channel" else None
    direct = workspace.direct(viewer.id)
    if request.url.path.endswith("/dm"):
        return direct
    places = [*_channels(workspace), *([direct] if direct else [])]
    return max(
        places, key=lambda each: max(workspace.messages.get(each.id, ()), default=""), default=None
    )


def _seen(workspace: Workspace, place: Conversation | None, viewer: Member) -> list[Message]:
    found = workspace.in_order(place.id) if place else []
    return [each for each in found if each.seen_by in (None, viewer.id)]


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        return Response("There is no such file.", 404)
    content = (files("sandbox.pages") / "static" / name).read_bytes()
    return Response(content, headers=guard.PAGE_HEADERS, media_type=STATIC[name])
