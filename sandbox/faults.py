"""Faults that tests switch on: Slack that refuses, fails, stalls or loses its reply.

They live in this process, not in the journal: a workspace shared by others stays sound.
"""

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    `status` is the HTTP status; `code` Slack's error word; `retry_after` and `delay` are seconds;
    `after_storing` does the work first, so that only the reply is lost or wrong; `drop` cuts the
    connection with no reply at all.
    """

    status: int = 200
    code: str | None = None
    retry_after: int | None = None
    delay: float = 0.0
    after_storing: bool = False
    drop: bool = False


class SlackFaults:
    """The switches for the Web API. A fault hits the next `times` calls of a method, or all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, list[tuple[Fault, int | None]]] = {}
        self.token_revoked = False

    def refuse(self, method: str, code: str, times: int | None = 1) -> None:
        """Answer `{"ok": false, "error": code}`."""
        self.plan(method, Fault(code=code), times)

    def rate_limit(
        self, method: str = "chat.postMessage", retry_after: int = 30, times: int | None = 1
    ) -> None:
        """Answer 429 with Retry-After."""
        self.plan(method, Fault(429, "ratelimited", retry_after), times)

    def fail(
        self, method: str = "chat.postMessage", status: int = 500, times: int | None = 1
    ) -> None:
        """Answer an HTTP error page, as Slack does on a bad day; nothing is stored."""
        self.plan(method, Fault(status), times)

    def drop_reply(self, method: str = "chat.postMessage", times: int | None = 1) -> None:
        """Do the work, then cut the connection: the caller cannot know that it was done."""
        self.plan(method, Fault(after_storing=True, drop=True), times)

    def drop_request(self, method: str = "chat.postMessage", times: int | None = 1) -> None:
        """Cut the connection before anything is done."""
        self.plan(method, Fault(drop=True), times)

    def stall(
        self, seconds: float, method: str = "chat.postMessage", times: int | None = 1
    ) -> None:
        """Do the work, but let the answer wait."""
        self.plan(method, Fault(delay=seconds, after_storing=True), times)

    def plan(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next `times` calls of `method` meet this fault; None is until `clear`."""
        with self._lock:
            self._planned.setdefault(method, []).append((fault, times))

    def clear(self) -> None:
        """Forget every planned fault, and let the token be good again."""
        with self._lock:
            self._planned.clear()
        self.token_revoked = False

    def take(self, method: str) -> Fault | None:
        """Return what the next call of `method` meets, and use it up."""
        with self._lock:
            planned = self._planned.get(method)
            if not planned:
                return None
            fault, times = planned[0]
            if times is not None:
                planned[:1] = [(fault, times - 1)] if times > 1 else []
            return replace(fault)
