"""Reaching another machine in bounded time: names looked up, lines opened, cut by a deadline.

A socket's timeout begins anew with every byte that drips, and the system's own patience with a
name server is no argument of ours; so one deadline stands over a whole conversation.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread, Timer
from time import monotonic
from typing import Any

# What socket.getaddrinfo answers: family, kind, protocol, canonical name, address.
Found = tuple[int, int, int, str, tuple[Any, ...]]
LookUp = Callable[..., Sequence[Any]]

_LEAST = 0.05


class Deadline:
    """The end of one conversation, so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._ends = monotonic() + seconds

    def left(self) -> float:
        """Answer how many seconds are left, a moment at least."""
        return max(_LEAST, self._ends - monotonic())

    @contextmanager
    def cutting(self, line: Callable[[], socket.socket | None]) -> Iterator[None]:
        """Shut the line both ways when the deadline comes; a reader waiting on it wakes up."""

        def cut() -> None:
            with suppress(OSError):
                if (open_line := line()) is not None:
                    open_line.shutdown(socket.SHUT_RDWR)

        timer = Timer(self.left(), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def looked_up(
    host: str, port: int, deadline: Deadline, lookup: LookUp = socket.getaddrinfo
) -> list[Found]:
    """Answer every address of a name; raises OSError, of which TimeoutError, when there is none."""
    box: SimpleQueue[list[Found] | Exception] = SimpleQueue()

    def look() -> None:
        try:
            box.put(list(lookup(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as fault:
            box.put(fault)

    # Nothing can break off a look-up; one that hangs is left to itself.
    Thread(target=look, daemon=True).start()
    try:
        found = box.get(timeout=deadline.left())
    except Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    if isinstance(found, Exception) or not found:
        raise socket.gaierror
    return found


def connected(found: Sequence[Found], deadline: Deadline) -> socket.socket:
    """Open a line to the first of these addresses that takes one; raises OSError."""
    trouble: OSError = TimeoutError()
    for position, (family, kind, protocol, _, address) in enumerate(found):
        line = socket.socket(family, kind, protocol)
        try:
            # An address that swallows our call must leave time for the others.
            line.settimeout(deadline.left() / (len(found) - position))
            line.connect(address)
        except OSError as fault:
            line.close()
            trouble = fault
        else:
            line.settimeout(deadline.left())
            # A letter and its final dot are two writes; the second shall not wait for an echo.
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line
    raise trouble
