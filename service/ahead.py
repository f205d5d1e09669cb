"""While who is not quiet of one share is looked at, the next share is begun in a thread.

Looking at people is our own work, counting for a whole share the database's; on two cores they need
not wait for each other. Of PostgreSQL's next share the quiet ones are scored and stored. SQLite has
one writer: of its next share only the figures are read. Who is decided on, and in which order, is
the same either way.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from service.scored import Figures
from service.sharing import Sifted, Worker
from storage.shares import Share

# Answers the next share whose quiet customers are done, None when none is to be had.
Sift = Callable[[], Sifted | None]

# Seconds a thread that computes keeps its turn, while the other has an answer of the database.
TURN: Final = 0.001


@contextmanager
def sifting(worker: Worker, *, ahead: bool) -> Iterator[Sift]:
    """Claim and sift shares, one `ahead` of what the caller does with the last; else at the call.

    What was begun ahead is seen to its end before the block ends, whatever ends it.
    """
    if not ahead:
        yield lambda: _next(worker)
        return
    writers = worker.house.database.dialect == "postgresql"
    with _short_turns(), ThreadPoolExecutor(1, "share") as thread:
        yield _Sifting(worker, thread) if writers else _Foreseeing(worker, thread)


@dataclass(slots=True)
class _Sifting:
    """Sifts in the thread, and begins the next share when one is taken."""

    worker: Worker
    thread: ThreadPoolExecutor
    begun: Future[Sifted | None] | None = None

    def __call__(self) -> Sifted | None:
        found = (self.begun or self._begin()).result()
        self.begun = self._begin() if found is not None else None
        return found

    def _begin(self) -> Future[Sifted | None]:
        return self.thread.submit(_next, self.worker)


@dataclass(slots=True)
class _Foreseeing:
    """Reads the next share's figures in the thread, while the caller sifts one and works at it."""

    worker: Worker
    thread: ThreadPoolExecutor
    begun: tuple[Share, Future[Figures | None]] | None = None

    def __call__(self) -> Sifted | None:
        begun = self.begun or self._begin()
        if begun is None:
            return None
        held, figures = begun[0], begun[1].result()
        self.begun = self._begin()
        return self.worker.sift(held, figures)

    def _begin(self) -> tuple[Share, Future[Figures | None]] | None:
        held = self.worker.claim()
        return None if held is None else (held, self.thread.submit(self.worker.foresee, held))


def _next(worker: Worker) -> Sifted | None:
    held = worker.claim()
    return worker.sift(held) if held is not None else None


@contextmanager
def _short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(TURN, before))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
