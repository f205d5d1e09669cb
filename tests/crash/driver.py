"""A fork server: a warm process that forks one process a kill, and says how it ended.

Run with `python -m tests.crash.driver`. It reads one job a line from its input, answers with the
number of the new process, which begins when it is told to, and then with how that process ended.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from storage.database import Database
from tests.crash.hands import application
from tests.crash.points import BY_NAME, Commit, Statement, When
from tests.crash.world import Outside, live, playbooks


@dataclass
class Executioner:
    """Counts how often the point was reached, and kills this very process when it is its turn."""

    place: object
    occurrence: int
    act: str = ""
    reached: int = 0
    said: list[str] = field(default_factory=list)

    def note_act(self, act: str) -> None:
        self.act = act

    def statement(self, words: str, when: When) -> None:
        if when == "before":
            self.said.append(words)
        if isinstance(self.place, Statement) and self.place.fits(self.act, words, when):
            self._reach()

    def commit(self, when: When) -> None:
        if isinstance(self.place, Commit) and self.place.fits(self.act, self.said, when):
            self._reach()

    def _reach(self) -> None:
        self.reached += 1
        if self.reached == self.occurrence:
            os.kill(os.getpid(), signal.SIGKILL)


def install(executioner: Executioner) -> None:
    """Listen to every statement and commit of this process, from outside the product."""

    def before(_connection: Any, _cursor: Any, words: str, *_rest: Any) -> None:
        executioner.statement(words, "before")

    def after(_connection: Any, _cursor: Any, words: str, *_rest: Any) -> None:
        executioner.statement(words, "after")

    def begun(_connection: Any) -> None:
        executioner.said.clear()

    event.listen(Engine, "begin", begun)
    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit

    def committing(self: DefaultDialect, connection: Any) -> None:
        executioner.commit("before")
        commit(self, connection)
        executioner.commit("after")

    DefaultDialect.do_commit = committing  # type: ignore[method-assign] # no event comes after a commit


def work(job: dict[str, Any]) -> None:
    """Live the days, in a process of its own."""
    point = BY_NAME.get(job["point"] or "")
    executioner = Executioner(point.place if point else None, job["occurrence"])
    install(executioner)
    outside = Outside(job["slack_url"], job["smtp_url"], job["hook_port"])
    database = Database.open(job["database_url"])
    late = timedelta(seconds=job["late"])
    live(database, outside, executioner.note_act, late, days=job["days"], parts=job["parts"])


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    # Whoever is forked has these from birth.
    application()
    playbooks()
    for line in sys.stdin:
        job = json.loads(line)
        go_out, go_in = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.read(go_out, 1)
                gc.disable()  # It lives for a second; what it leaves is not worth collecting.
                work(job)
                status = 0
            finally:
                sys.stderr.flush()
                os._exit(status)
        os.close(go_out)
        say(child)
        sys.stdin.readline()
        os.write(go_in, b"!")
        os.close(go_in)
        _, ended = os.waitpid(child, 0)
        say(os.waitstatus_to_exitcode(ended))


if __name__ == "__main__":
    main()
