"""A stage: a fork server, the world its processes talk to, and the order to live some days."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.crash import outside
from tests.crash.outside import World
from tests.crash.points import Point, Wire
from tests.crash.world import DAYS, PARTS, Outside, Part


@dataclass(frozen=True)
class Stage:
    """Where processes are started one after the other, and what they talk to."""

    driver: subprocess.Popen[str]
    addresses: Outside
    belong: Callable[[World], None]

    def run(
        self,
        url: str,
        world: World,
        *,
        point: Point | None = None,
        occurrence: int = 1,
        late: float = 0,
        days: Iterable[int] = DAYS,
        parts: Iterable[Part] = PARTS,
        started: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Let a process live the days, killed where said; return how it ended.

        `started` is told the process's number before it begins.
        """
        wire = point.place if point is not None and isinstance(point.place, Wire) else None
        self.belong(world)
        world.begin(wire, occurrence)
        self._say(
            {
                "database_url": url,
                "slack_url": self.addresses.slack_url,
                "smtp_url": self.addresses.smtp_url,
                "hook_port": self.addresses.hook_port,
                "point": point.name if point else None,
                "occurrence": occurrence,
                "late": late,
                "days": list(days),
                "parts": list(parts),
            }
        )
        world.victim = int(self._hear())
        started(world.victim)
        self._say({})
        return int(self._hear())

    def _say(self, what: dict[str, object]) -> None:
        assert self.driver.stdin is not None
        self.driver.stdin.write(json.dumps(what) + "\n")
        self.driver.stdin.flush()

    def _hear(self) -> str:
        assert self.driver.stdout is not None
        return self.driver.stdout.readline()


@contextmanager
def opened(quiet: bool = False) -> Iterator[Stage]:  # noqa: FBT001, FBT002 - a switch
    """Open a stage; `quiet` drops what its processes complain of when the database goes away."""
    command = [sys.executable, "-m", "tests.crash.driver"]
    pipe, errors = subprocess.PIPE, subprocess.DEVNULL if quiet else None
    with (
        subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=errors, text=True, bufsize=1
        ) as driver,
        outside.opened() as (addresses, belong),
    ):
        yield Stage(driver, addresses, belong)
        assert driver.stdin is not None
        driver.stdin.close()
