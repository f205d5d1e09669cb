"""Processor time of a PostgreSQL on this machine: what other programs do leaves it nearly alone."""

import os
from contextlib import suppress
from dataclasses import dataclass
from time import process_time
from types import TracebackType
from typing import Self

import psutil
from sqlalchemy import text

from storage.database import Database


@dataclass(slots=True)
class Spent:
    """Measures a block: seconds of processor time of this process, and of the server's.

    What a server took that is not on this machine cannot be told and counts as nothing.
    """

    database: Database
    own: float = 0.0
    server: float = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        self.server = -server_seconds(self.database)
        self.own = -process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """End."""
        self.own += process_time()
        self.server += server_seconds(self.database)


def server_seconds(database: Database) -> float:
    """Return the processor time of all PostgreSQL's processes so far; 0 where there is none."""
    if database.dialect != "postgresql":
        return 0.0
    with database.reading() as tx:
        backend = int(tx.execute(text("SELECT pg_backend_pid()")).scalar() or 0)
    with suppress(psutil.Error):
        master = psutil.Process(backend).parent()
        if master is not None and master.pid != os.getpid() and "postgres" in master.name():
            gone = master.cpu_times()
            living = (_seconds(one) for one in (master, *master.children(recursive=True)))
            return gone.children_user + gone.children_system + sum(living)
    return 0.0


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
