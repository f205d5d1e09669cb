"""The deadline over a whole transaction, kept by a thread of our own.

A server that stalls while its machine still acknowledges packets outlives every timeout the
driver has; shutting the socket is the one thing that ends such a wait.
"""

import heapq
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from storage.errors import TookTooLong


@dataclass(order=True)
class _Guard:
    at: float
    socket_number: int = field(compare=False)
    done: bool = field(default=False, compare=False)
    cut: bool = field(default=False, compare=False)


class Watch:
    """Cuts connections that pass their deadline; one thread for all of them, started on demand."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._guards: list[_Guard] = []
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def over(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Guard the block; raise TookTooLong when it was cut. SQLite has no server to stall."""
        if connection.dialect.name != "postgresql":
            yield
            return
        number = connection.connection.dbapi_connection.fileno()  # type: ignore[union-attr] # psycopg2's
        guard = _Guard(time.monotonic() + seconds, number)
        self._add(guard)
        try:
            yield
        except Exception:
            if guard.cut:
                raise TookTooLong("a whole transaction") from None
            raise
        finally:
            with self._changed:
                guard.done = True

    def close(self) -> None:
        """Stop the thread; a guard added later starts a new one."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _add(self, guard: _Guard) -> None:
        with self._changed:
            heapq.heappush(self._guards, guard)
            if self._thread is None:
                self._closed = False
                self._thread = threading.Thread(
                    target=self._run, name="storage deadline", daemon=True
                )
                self._thread.start()
            elif self._guards[0] is guard:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                self._sweep()
                soonest = self._guards[0].at - time.monotonic() if self._guards else None
                self._changed.wait(soonest)

    def _sweep(self) -> None:
        while self._guards and (self._guards[0].done or self._guards[0].at <= time.monotonic()):
            guard = heapq.heappop(self._guards)
            if not guard.done:
                guard.cut = True
                _shut(guard.socket_number)


def _shut(number: int) -> None:
    """End the wait on this socket; the descriptor itself stays libpq's to close."""
    with socket.socket(fileno=os.dup(number)) as twin:
        twin.shutdown(socket.SHUT_RDWR)
