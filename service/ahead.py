"""While who is not quiet of one share is looked at, the quiet ones of the next are scored.

The first is our own work, the second mostly the database server's; on two cores they need not wait
for each other. Who is decided on, and in which order, is the same either way.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from service.sharing import Sifted, Worker

# Answers the next share whose quiet customers are done, None when none is to be had.
Sift = Callable[[], Sifted | None]


@contextmanager
def sifting(worker: Worker, *, ahead: bool) -> Iterator[Sift]:
    """Claim and sift shares, one `ahead` of what the caller does with the last; else at the call.

    What was begun ahead is seen to its end before the block ends, whatever ends it.
    """
    if not ahead:
        yield lambda: _next(worker)
        return
    with ThreadPoolExecutor(1, "share") as thread:
        yield _Ahead(worker, thread)


@dataclass(slots=True)
class _Ahead:
    """Sifts in a thread of its own, and begins the next share when one is taken."""

    worker: Worker
    thread: ThreadPoolExecutor
    begun: Future[Sifted | None] | None = None

    def __call__(self) -> Sifted | None:
        found = (self.begun or self._begin()).result()
        self.begun = self._begin() if found is not None else None
        return found

    def _begin(self) -> Future[Sifted | None]:
        return self.thread.submit(_next, self.worker)


def _next(worker: Worker) -> Sifted | None:
    held = worker.claim()
    return worker.sift(held) if held is not None else None
