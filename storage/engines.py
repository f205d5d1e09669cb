"""Engines: how a connection to each database is made and set up."""

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from storage.columns import dump_json
from storage.errors import BadDatabaseUrl

POSTGRES = {"postgres", "postgresql", "postgresql+psycopg2"}
BEGIN = "bellwether_begin"
# Turning WAL on needs the file for itself for an instant, and does not always wait for it.
WAL_TRIES = 50
WAL_PAUSE_SECONDS = 0.1


class Timeouts(Protocol):
    """The limits an engine is built with, all in seconds but `connections`."""

    @property
    def connect(self) -> int: ...  # noqa: D102 - named by the class
    @property
    def lock(self) -> int: ...  # noqa: D102 - as above
    @property
    def statement(self) -> int: ...  # noqa: D102 - as above
    @property
    def pool_wait(self) -> int: ...  # noqa: D102 - as above
    @property
    def connections(self) -> int: ...  # noqa: D102 - as above


def engine(url: str, limits: Timeouts) -> Engine:
    """Return an engine for the address, connections not yet made."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, limits)
    return _postgres(address, limits)


def writing(base: Engine) -> Engine:
    """Return the same engine, beginning transactions that write."""
    return base.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})


def reading(base: Engine) -> Engine:
    """Return the same engine, beginning transactions that see one instant and write nothing."""
    if base.dialect.name == "sqlite":
        return base.execution_options(**{BEGIN: "BEGIN"})
    return base.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise BadDatabaseUrl("it is not an address") from None
    if address.drivername in POSTGRES:
        return address.set(drivername="postgresql+psycopg2")
    if address.drivername != "sqlite":
        raise BadDatabaseUrl(f"{address.drivername} is not supported")
    if not address.database or address.database == ":memory:":
        raise BadDatabaseUrl("SQLite needs a file, since several processes share it")
    return address


def _sqlite(address: URL, limits: Timeouts) -> Engine:
    Path(address.database or "").parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(
        address,
        connect_args={"isolation_level": None, "timeout": limits.lock},
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.pool_wait,
        hide_parameters=True,
        json_serializer=dump_json,
    )
    event.listen(made, "connect", _set_up_sqlite)
    event.listen(made, "begin", _begin)
    return made


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Prepare a fresh connection. FULL: a mail once marked as sending must stay marked."""
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -32000")
    connection.execute("PRAGMA temp_store = MEMORY")


def _use_wal(connection: sqlite3.Connection) -> None:
    for attempt in range(WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == WAL_TRIES - 1:
                raise
            time.sleep(WAL_PAUSE_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    """Begin by ourselves: the driver begins late, and its savepoints leak."""
    options: Mapping[str, Any] = connection.get_execution_options()
    connection.exec_driver_sql(options.get(BEGIN, "BEGIN"))


def _postgres(address: URL, limits: Timeouts) -> Engine:
    settings = {
        "statement_timeout": f"{limits.statement}s",
        "lock_timeout": f"{limits.lock}s",
        "idle_in_transaction_session_timeout": f"{2 * limits.statement}s",
        "timezone": "UTC",
    }
    given = address.query.get("options", "")
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(
        address.difference_update_query(["options"]),
        connect_args={
            "connect_timeout": limits.connect,
            "options": f"{ours} {given}".strip(),
            # What COPY takes is spelled by us; a PGCLIENTENCODING would have it read otherwise.
            "client_encoding": "utf8",
            "application_name": "bellwether",
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 1000 * limits.statement,
        },
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.pool_wait,
        pool_pre_ping=True,
        hide_parameters=True,
        json_serializer=dump_json,
    )
