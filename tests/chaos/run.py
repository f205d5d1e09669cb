"""Chaos: four replicas on one PostgreSQL, killed at random a thousand times, the server crashed.

Run with `make chaos`, or `python -m tests.chaos.run --kills 100 --seed 7`. The replicas live the
days of the crash tests at the same time. Half of the kills are at a named point, half after a
random moment; the seed decides which, and is printed, so that a run can be repeated as far as four
processes can be. Now and then the database server crashes under them. At the end of each day one
process is left alone with what the dead left behind, and at the end of all what stands in the
database, in Slack and in the mailboxes is looked at.
"""

import argparse
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from storage.database import Database
from tests.chaos.findings import findings
from tests.conftest import Postgres, quick_folder
from tests.crash import stages
from tests.crash.outside import Arrived, World
from tests.crash.points import POINTS, Point
from tests.crash.remains import forgotten, remains
from tests.crash.stages import Stage
from tests.crash.world import LAPSE, PARTS, Part, baseline, plant

REPLICAS = 4
# A part of a day in which so many died is let come to its end.
KILLS_A_DAY = 16
TRIES_A_DAY = 6
# The database crashes in every part of this many, somewhere in its first seconds.
CRASHES_EVERY = 9
# What the rest of the day is about; posts, and what is recorded of them, come then too.
ONLY_LATER = frozenset({"go on", "complain", "unsubscribe"})
LATER = ONLY_LATER | {"claim", "record", "send to Slack"}
LONGEST_LIFE = 1.5
LAST_TRIES = 5


@dataclass
class Tally:
    """What was done to them so far; several threads count here."""

    wanted: int
    killed: int = 0
    today: int = 0
    crashes: int = 0
    endings: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, ended: int) -> None:
        """Count how a process ended."""
        with self.lock:
            self.endings[ended] += 1
            if ended == -signal.SIGKILL:
                self.killed += 1
                self.today += 1

    def enough(self) -> bool:
        """Tell whether the day may come to its end."""
        return self.today >= KILLS_A_DAY or self.killed >= self.wanted


@dataclass
class Replica:
    """One of the four: processes one after the other, each with a plan for its death."""

    number: int
    stage: Stage
    world: World
    dice: random.Random

    def live_through(self, day: int, part: Part, url: str, tally: Tally) -> None:
        """Live a part of the day, killed and started anew, and then once undisturbed."""
        for _ in range(TRIES_A_DAY):
            if tally.enough():
                break
            tally.note(self._doomed(day, part, url))
        tally.note(self.stage.run(url, self.world, days=[day], parts=[part]))

    def _doomed(self, day: int, part: Part, url: str) -> int:
        """Start a process that is to die; it may escape, when others did its work."""
        run = partial(self.stage.run, url, self.world, days=[day], parts=[part])
        if self.dice.random() < 1 / 2:
            point = self.dice.choice([one for one in POINTS if _may_come(one, part)])
            return run(point=point, occurrence=self.dice.choice((1, 1, 2, 3)))
        after = self.dice.uniform(0.02, LONGEST_LIFE)
        return run(started=lambda pid: _kill(pid, after))


def _may_come(point: Point, part: Part) -> bool:
    """Tell whether the point may be reached in this part of the day."""
    return point.group in LATER if part == "later" else point.group not in ONLY_LATER


def _kill(pid: int, after: float) -> None:
    """Kill this process in a while; it may have ended by then, and has its number no more."""

    def strike() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    timer = threading.Timer(after, strike)
    timer.daemon = True
    timer.start()


def live_a_part(
    when: tuple[int, Part], url: str, replicas: list[Replica], tally: Tally, server: Postgres
) -> None:
    """Let all four live a part of a day at once, and one more clear up after them."""
    (day, part), tally.today = when, 0
    threads = [
        threading.Thread(target=one.live_through, args=(day, part, url, tally)) for one in replicas
    ]
    for thread in threads:
        thread.start()
    if (2 * day + (part == "later")) % CRASHES_EVERY == 0:
        time.sleep(replicas[0].dice.uniform(0.1, 2.0))
        server.crash()
        tally.crashes += 1
    for thread in threads:
        thread.join()
    first, late = replicas[0], LAPSE.total_seconds()
    for _ in range(LAST_TRIES):
        forgotten(url)
        if first.stage.run(url, first.world, late=late, days=[day], parts=[part]) == 0:
            return
    raise SystemExit(f"the {part} of day {day} could not be brought to its end")


@contextmanager
def database(days: int) -> Iterator[tuple[Postgres, str]]:
    """Run a server that keeps every commit, with a planted house on it."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=quick_folder()))
    server = Postgres(folder)
    try:
        server.keep_every_commit()
        url = server.create()
        with closing(Database.open(url)) as opened:
            plant(opened, days)
            baseline(opened)
        yield server, url
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def chaos(kills: int, seed: int) -> int:
    """Kill so often, and say what came of it; returns how many things are wrong."""
    say(f"chaos: {kills} kills, seed {seed}")
    # Both parts of a day together kill about a fifth more, and everybody planted costs time.
    days = kills // KILLS_A_DAY * 5 // 4 + 8
    tally, arrived, began = Tally(kills), Arrived(), time.monotonic()
    with ExitStack() as stack:
        server, url = stack.enter_context(database(days))
        replicas = [
            Replica(
                number,
                stack.enter_context(stages.opened(quiet=True)),
                World(arrived),
                random.Random(seed * REPLICAS + number),  # noqa: S311 - to be repeated, not unguessable
            )
            for number in range(REPLICAS)
        ]
        day = 0
        while tally.killed < kills and day < days:
            day += 1
            for part in PARTS:
                live_a_part((day, part), url, replicas, tally, server)
            say(f"day {day}: {tally.killed} killed, the database crashed {tally.crashes} times")
        found = remains(url, arrived)
    wrong = list(findings(found, lived=day, planted=days, kills=tally.killed))
    minutes = (time.monotonic() - began) / 60
    say(f"{tally.killed} kills, {tally.crashes} crashes of the database, {minutes:.1f} minutes")
    say(f"ended as: {dict(tally.endings)}; messages: {dict(found.states)}")
    say("\n".join(wrong) or "nothing lost, no intent doubled, no mail sent twice")
    short = [f"only {tally.killed} of {kills} kills"] if tally.killed < kills else []
    return len(wrong) + len(short)


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    given = parser.parse_args()
    raise SystemExit(1 if chaos(given.kills, given.seed) else 0)


if __name__ == "__main__":
    main()
