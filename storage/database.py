"""The database: its address, its connections, and the two kinds of transaction.

On SQLite a writing transaction begins IMMEDIATE: it waits for its turn at the start, and never
finds out half-way that another writer was faster.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection, Engine, text

from storage import engines, migrate, placement
from storage import tables_out as _known_to_the_metadata  # noqa: F401 - as its name says
from storage.deadline import Watch
from storage.faults import translated

Transaction = Connection


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, in seconds, and how many; nothing waits for ever."""

    connect: int = 5
    lock: int = 10
    statement: int = 60
    transaction: int = 300
    pool_wait: int = 10
    connections: int = 10


class Database:
    """One database, SQLite or PostgreSQL. Safe to share between threads; close it at the end."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        self._engine = engine
        self._writing = engines.writing(engine)
        self._reading = engines.reading(engine)
        self._limits = limits
        self._watch = Watch()

    @classmethod
    def open(cls, url: str, limits: Limits | None = None) -> Self:
        """Open `sqlite:///path` or `postgresql://…`; connects at the first use.

        Raises BadDatabaseUrl when the address cannot be understood.
        """
        limits = limits or Limits()
        return cls(engines.engine(url, limits), limits)

    @property
    def dialect(self) -> str:
        """Return "sqlite" or "postgresql"."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: commits at the end of the block, rolls everything back on any exception."""
        with self._begun(self._writing) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read: everything inside the block is seen as of one instant."""
        with self._begun(self._reading) as connection:
            yield connection

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Connection]:
        """Open a transaction; its commit too is cut when the whole passes its deadline."""
        with (
            translated(),
            engine.connect() as connection,
            self._watch.over(connection, self._limits.transaction),
            connection.begin(),
        ):
            yield connection

    def migrate(self) -> None:
        """Bring the tables up to the code, under a lock; any number may start this at once."""
        with translated():
            migrate.upgrade(self._engine)

    def distribute(self) -> list[str]:
        """Spread the tables over the machines of a Citus cluster; return the commands given.

        Raises CannotDistribute when this is none.
        """
        with translated():
            return placement.distribute(self._engine)

    def is_current(self) -> bool:
        """Tell whether the tables fit the code."""
        with translated():
            return migrate.revision(self._engine) == migrate.head()

    def ping(self) -> None:
        """Raise unless the database answers."""
        with self.reading() as tx:
            tx.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection; using the database afterwards opens new ones."""
        self._watch.close()
        self._engine.dispose()
