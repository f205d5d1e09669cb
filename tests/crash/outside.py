"""The outside world: a mail server, a Slack and an endpoint that can kill whoever calls them.

They do what theirs do and no more; the sandbox is for strictness, these are for exact moments.
"""

import itertools
import json
import os
import signal
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.crash.points import Heard, Wire
from tests.crash.world import Outside


class Killed(Exception):  # noqa: N818 - it is no error: the other side is gone, as planned
    """Raised after the process on the other side was killed."""


@dataclass
class Said:
    """One message that stands in Slack."""

    channel: str
    ts: str
    thread: str | None
    metadata: dict[str, Any]
    blocks: list[dict[str, Any]]


@dataclass
class Arrived:
    """All that ever arrived: mails (address, Message-ID), messages in Slack, calls by their id."""

    mails: list[tuple[str, str]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def copy(self) -> "Arrived":
        """Return the same, to which other things arrive from now on."""
        return Arrived([*self.mails], [replace(each) for each in self.said], [*self.calls])


@dataclass
class World:
    """What one process talks to: what arrived there, and when to kill it."""

    arrived: Arrived = field(default_factory=Arrived)
    wire: Wire | None = None
    occurrence: int = 1
    victim: int = 0
    reached: int = 0
    killed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, wire: Wire | None, occurrence: int) -> None:
        """Plan the next kill; nothing that arrived is forgotten."""
        self.wire, self.occurrence, self.reached, self.killed = wire, occurrence, 0, False

    def hear(self, word: str, when: Heard) -> None:
        """Kill the other side when this is the moment; raises Killed then."""
        with self.lock:
            if self.killed:
                raise Killed
            if self.wire != Wire(word, when):
                return
            self.reached += 1
            if self.reached != self.occurrence:
                return
            self.killed = True
            os.kill(self.victim, signal.SIGKILL)
        raise Killed


class Post(socketserver.StreamRequestHandler):
    """A mail server's side of one connection."""

    world: World

    def handle(self) -> None:
        try:
            self._talk()
        except (Killed, OSError):
            return

    def _talk(self) -> None:
        self._answer("connect", "220 here")
        sender = recipient = ""
        for raw in self.rfile:
            line = raw.decode().strip()
            word = line.split(" ", 1)[0].upper()
            match word:
                case "DATA":
                    self._answer("DATA", "354 go on")
                    self._letter(recipient)
                case "QUIT":
                    self._answer("QUIT", "221 bye")
                    return
                case "MAIL":
                    sender = line
                    self._answer("MAIL", "250 OK")
                case "RCPT":
                    assert sender
                    recipient = line.partition("<")[2].partition(">")[0]
                    self._answer("RCPT", "250 OK")
                case _:
                    self._answer("EHLO" if word == "HELO" else word, "250 OK")

    def _letter(self, recipient: str) -> None:
        lines: list[bytes] = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw)
            if len(lines) == 1:
                self.world.hear("letter", "asked")
        self.world.hear("dot", "asked")
        message = message_from_bytes(b"".join(lines))
        with self.world.arrived.lock:
            self.world.arrived.mails.append((recipient, str(message["Message-ID"])))
        self.world.hear("dot", "answered")
        self._say("250 kept")

    def _answer(self, word: str, answer: str) -> None:
        self.world.hear(word, "asked")
        self.world.hear(word, "answered")
        self._say(answer)

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


class Api(BaseHTTPRequestHandler):
    """Slack's Web API, as far as the channel asks it, and the endpoint of a webhook."""

    world: World
    numbers = itertools.count(1)
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self._read(body)
        method = self.path.partition("?")[0].rpartition("/")[2]
        threaded = method == "chat.postMessage" and given.get("thread_ts")
        clicked = "/click/" in self.path
        word = f"{method}{' in a thread' * bool(threaded)}{' at a click' * clicked}"
        try:
            self.world.hear(word, "asked")
            if method == "hook":
                given["id"] = self.headers["webhook-id"]
            answer = {"ok": True, **_ANSWERS[method](self.world, given)}
            self.world.hear(word, "answered")
        except Killed:
            self.close_connection = True
            return
        self._reply(json.dumps(answer).encode())

    do_GET = do_POST  # noqa: N815 - as above

    def _read(self, body: bytes) -> dict[str, Any]:
        if "?" in self.path:
            return dict(parse_qsl(self.path.partition("?")[2]))
        if "json" in (self.headers.get("Content-Type") or ""):
            found: dict[str, Any] = json.loads(body or b"{}")
            return found
        return dict(parse_qsl(body.decode()))

    def _reply(self, content: bytes) -> None:
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True


def _user(_world: World, given: dict[str, Any]) -> dict[str, Any]:
    return {"user": {"id": "U" + given["email"].split("@")[0].upper().replace("-", "")}}


def _who(_world: World, given: dict[str, Any]) -> dict[str, Any]:
    email = f"csm-{str(given['user']).removeprefix('UCSM')}@ours.example"
    return {"user": {"id": given["user"], "team_id": "T1", "profile": {"email": email}}}


def _ourselves(_world: World, _given: dict[str, Any]) -> dict[str, Any]:
    return {"team_id": "T1"}


def _screen(world: World, given: dict[str, Any]) -> dict[str, Any]:
    """Show what a person sees in their direct messages with the app; no method of Slack's."""
    with world.arrived.lock:
        found = [
            {"channel": each.channel, "ts": each.ts, "blocks": each.blocks}
            for each in world.arrived.said
            if each.channel == f"D{given['user']}"
        ]
    return {"messages": found}


def _nothing(_world: World, _given: dict[str, Any]) -> dict[str, Any]:
    return {}


def _open(_world: World, given: dict[str, Any]) -> dict[str, Any]:
    return {"channel": {"id": "D" + str(given["users"])}}


def _list(_world: World, _given: dict[str, Any]) -> dict[str, Any]:
    names = ("room-1", "room-2", "room-3", "alerts", "operators", "digest")
    rooms = [{"id": f"C{number:03}", "name": name} for number, name in enumerate(names)]
    return {"channels": rooms, "response_metadata": {"next_cursor": ""}}


def _info(_world: World, given: dict[str, Any]) -> dict[str, Any]:
    return {"channel": {"id": given["channel"], "is_ext_shared": False}}


def _post(world: World, given: dict[str, Any]) -> dict[str, Any]:
    ts = f"{1_800_000_000 + next(Api.numbers)}.000000"
    metadata, blocks = _plain(given.get("metadata") or {}), _plain(given.get("blocks") or [])
    said = Said(str(given["channel"]), ts, given.get("thread_ts"), metadata, blocks)
    with world.arrived.lock:
        world.arrived.said.append(said)
    return {"channel": given["channel"], "ts": ts}


def _plain(value: Any) -> Any:
    """Read what a form may hold as JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _update(world: World, given: dict[str, Any]) -> dict[str, Any]:
    with world.arrived.lock:
        for each in world.arrived.said:
            if (each.channel, each.ts) == (given["channel"], given["ts"]):
                each.blocks = _plain(given["blocks"])
    return {"channel": given["channel"], "ts": given["ts"]}


def _hook(world: World, given: dict[str, Any]) -> dict[str, Any]:
    with world.arrived.lock:
        world.arrived.calls.append(str(given["id"]))
    return {}


def _history(world: World, given: dict[str, Any]) -> dict[str, Any]:
    return _page(world, given["channel"], None)


def _replies(world: World, given: dict[str, Any]) -> dict[str, Any]:
    return _page(world, given["channel"], given["ts"])


def _page(world: World, channel: str, thread: str | None) -> dict[str, Any]:
    with world.arrived.lock:
        found = [
            {"ts": each.ts, "metadata": each.metadata}
            for each in world.arrived.said
            if (each.channel, each.thread) == (channel, thread)
        ]
    return {"messages": found, "response_metadata": {"next_cursor": ""}}


_ANSWERS: dict[str, Callable[[World, dict[str, Any]], dict[str, Any]]] = {
    "users.lookupByEmail": _user,
    "conversations.open": _open,
    "conversations.list": _list,
    "conversations.info": _info,
    "conversations.history": _history,
    "conversations.replies": _replies,
    "chat.postMessage": _post,
    "chat.update": _update,
    "hook": _hook,
    "auth.test": _ourselves,
    "users.info": _who,
    "response": _nothing,
    "screen": _screen,
}


class _Mails(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def opened() -> Iterator[tuple[Outside, Callable[[World], None]]]:
    """Run both servers; the second answer lets them be of this world from now on."""
    post = type("Post", (Post,), {"world": World()})
    api = type("Api", (Api,), {"world": World()})
    mails, slack = _Mails(("127.0.0.1", 0), post), ThreadingHTTPServer(("127.0.0.1", 0), api)
    slack.daemon_threads = True
    for server in (mails, slack):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def belong(world: World) -> None:
        post.world = api.world = world  # type: ignore[attr-defined] # made by type(), above

    addresses = Outside(
        f"http://127.0.0.1:{slack.server_address[1]}/api/",
        f"smtp://127.0.0.1:{mails.server_address[1]}?starttls=off",
        slack.server_address[1],
    )
    try:
        yield addresses, belong
    finally:
        for server in (mails, slack):
            server.shutdown()
            server.server_close()
