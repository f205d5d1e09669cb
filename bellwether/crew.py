"""Worker processes that help with a run of this one: started for it, watched, and ended with it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from secrets import token_hex
from typing import Final

from service.ports import Clock, House
from service.sharing import Crew

# Between looks at whether the others are done; real time, whatever time it is said to be.
PAUSE_SECONDS: Final = 0.2
# A helper that was started and finds nothing begun waits so long for it.
PATIENCE_SECONDS: Final = 120.0

# Opens a crew for a run: by its name, and whether the run may be taken up again.
Crews = Callable[[str, Clock], AbstractContextManager[Crew]]


def holder() -> str:
    """Return a name no other worker has, on this machine or another."""
    return f"{os.getpid()}-{token_hex(4)}"


@contextmanager
def crew_of(
    name: str, clock: Clock, *, workers: int = 1, again: bool = True, pretended: bool = False
) -> Iterator[Crew]:
    """Lead a run with `workers` processes, this one among them; the others end with the block.

    On a clock that stands still leases do not lapse; a helper that dies is seen here all the same.
    """
    moment = ["--now", clock.now().isoformat()] if pretended else []
    helpers = {
        who: _started(["lend-a-hand", name, "--holder", who, *moment])
        for who in (holder() for _ in range(workers - 1))
    }
    try:
        yield Crew(name, holder(), clock.now, lambda: _gone(helpers), again=again)
    finally:
        for helper in helpers.values():
            helper.terminate()
        for helper in helpers.values():
            helper.wait()


def help_out(house: House, crew: Crew, lend: Callable[[House, Crew], int]) -> int:
    """Work at a run that its leader may not have begun yet; answer how many shares were done."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    done = lend(house, crew)
    while not done and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        done = lend(house, crew)
    return done


def _started(words: Sequence[str]) -> subprocess.Popen[bytes]:
    command = "from bellwether.cli import main; main()"
    return subprocess.Popen(  # noqa: S603 - ourselves, with words of our own
        [sys.executable, "-c", command, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _gone(helpers: dict[str, subprocess.Popen[bytes]]) -> Iterable[str]:
    """Wait a moment; answer who ended, well or not: what they held is free."""
    time.sleep(PAUSE_SECONDS)
    return [who for who, process in helpers.items() if process.poll() is not None]
