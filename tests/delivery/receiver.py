"""Another system that listens on loopback and behaves as told, well or badly."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    """One request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[socket.socket], None]


def answering(status: str = "204 No Content", *headers: str, body: bytes = b"") -> Answer:
    """Answer so, and hang up."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]

    def answer(line: socket.socket) -> None:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return answer


def dropping(_: socket.socket) -> None:
    """Say nothing and hang up."""


@dataclass
class Receiver:
    """A server that takes one request a connection, and counts them all."""

    door: socket.socket
    tls: ssl.SSLContext | None = None
    answer: Answer = field(default_factory=answering)
    heard: list[Heard] = field(default_factory=list)
    calls: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        port: int = self.door.getsockname()[1]
        return port

    def url(self, path: str = "/hook?token=s3cr3t-in-path", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def hanging(self, _: socket.socket) -> None:
        """Say nothing until the test is over."""
        self.closing.wait(20)

    def dripping(self, line: socket.socket) -> None:
        """Say a byte now and then, in time for any socket's timeout."""
        for byte in b"HTTP/1.1 " + b"2" * 10_000:
            line.sendall(bytes([byte]))
            if self.closing.wait(0.05):
                return

    def flooding(self, line: socket.socket) -> None:
        """Answer well, with a body that never ends."""
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while not self.closing.is_set():
            line.sendall(b"x" * 65_536)

    def serve(self) -> None:
        """Take calls until the door is closed."""
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=[line], daemon=True).start()

    def _take(self, line: socket.socket) -> None:
        self.calls += 1
        line.settimeout(20)
        with suppress(OSError):
            secured = self.tls.wrap_socket(line, server_side=True) if self.tls else line
            with secured:
                self.heard.append(_read(secured))
                self.answer(secured)
        line.close()


def _read(line: socket.socket) -> Heard:
    with line.makefile("rb") as stream:
        first = stream.readline().decode().strip()
        headers = {}
        while said := stream.readline().decode().strip():
            name, _, value = said.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
    return Heard(first, headers, body)


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that another thread does."""
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.01)
