"""Brings the tables up to the code: one transaction under one lock, so all of it or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from storage.engines import writing

# Any number will do, as long as every Bellwether takes the same one.
LOCK_NUMBER = 20_250_414
LOCK_WAIT_SECONDS = 120


def upgrade(engine: Engine) -> None:
    """Apply what is missing. Whoever comes second waits, and finds nothing left to do."""
    with writing(engine).connect() as connection, _patient(connection), connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": LOCK_NUMBER})
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """Let SQLite wait for its lock as long as PostgreSQL does; later users get a fresh connection.

    The driver is asked directly, for through SQLAlchemy the transaction would begin first. A table
    that is made anew is dropped for a moment while others refer to it, so nobody checks meanwhile.
    """
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {1000 * LOCK_WAIT_SECONDS}")
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.close()
    yield
    connection.invalidate()


def revision(engine: Engine) -> str | None:
    """Return the revision the database is at, None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def head() -> str | None:
    """Return the newest revision the code knows."""
    return ScriptDirectory.from_config(_configuration()).get_current_head()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "storage:migrations")
    configuration.set_main_option("path_separator", "os")
    return configuration
