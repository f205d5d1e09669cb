"""A web server on a free loopback port, in a thread, that starts and stops cleanly."""

import asyncio
import socket
import threading
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.errors import NotStarted

LOOPBACK = "127.0.0.1"
STOP_WITHIN = 10.0
Address = tuple[str, int]


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Lines:
    """The open connections by the caller's address, so that one can be cut on purpose."""

    def __init__(self) -> None:
        self._open: dict[Address, asyncio.BaseTransport] = {}

    def cut(self, caller: Address) -> None:
        """End a connection at once, with no answer; only on the server's own loop."""
        transport = self._open.get(caller)
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def protocol(self) -> type[H11Protocol]:
        """Return uvicorn's HTTP protocol, which here also notes who is connected."""
        noted = self._open

        class NotedProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                self.caller = cast("Address", transport.get_extra_info("peername"))
                noted[self.caller] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                noted.pop(self.caller, None)
                super().connection_lost(exc)

        return NotedProtocol


class LoopbackServer:
    """Serves one ASGI app on `http://127.0.0.1:<port>` while it is started."""

    def __init__(self, app: ASGIApp, lines: Lines, name: str) -> None:
        self._app = app
        self._lines = lines
        self._name = name
        self._running: tuple[uvicorn.Server, socket.socket, threading.Thread] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Return `http://127.0.0.1:<port>/`."""
        if not self.port:
            raise NotStarted
        return f"http://{LOOPBACK}:{self.port}/"

    def start(self) -> None:
        """Listen on a free port; calls made from now on are answered."""
        listening = socket.create_server((LOOPBACK, 0))
        self.port = int(listening.getsockname()[1])
        server = uvicorn.Server(self._settings())
        thread = threading.Thread(
            target=server.run, args=([listening],), name=self._name, daemon=True
        )
        self._running = (server, listening, thread)
        thread.start()

    def stop(self) -> None:
        """Stop listening and wait until the thread is gone; calling it again does nothing."""
        if self._running is None:
            return
        server, listening, thread = self._running
        server.should_exit = True
        thread.join(STOP_WITHIN)
        listening.close()
        self._running = None

    def _settings(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            http=self._lines.protocol(),
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
