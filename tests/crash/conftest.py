"""A planted house to copy for every kill, the fork server, and the world outside."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from tests.conftest import BOTH, Postgres, quick_folder
from tests.crash import stages
from tests.crash.stages import Stage
from tests.crash.world import baseline, plant

# Makes a copy of the planted house, and takes it away again.
Copies = Callable[[], Iterator[str]]


def _planted(url: str) -> str:
    with closing(Database.open(url)) as database:
        database.migrate()
        plant(database)
        baseline(database)
    return url


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Return the warm fork server of this test process, and the world outside it."""
    with stages.opened() as opened:
        yield opened


@pytest.fixture(scope="session")
def planted_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a planted SQLite file to copy."""
    path = tmp_path_factory.mktemp("planted") / "house.db"
    _planted(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def planted_postgres(postgres: Postgres) -> Iterator[str]:
    """Return a planted PostgreSQL database to copy."""
    url = _planted(postgres.create_empty())
    yield url
    postgres.drop(url)


@pytest.fixture(params=BOTH)
def copies(request: pytest.FixtureRequest) -> Copies:
    """Return what makes copies of the planted house: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("planted_sqlite")
        return lambda: _sqlite_copy(template)
    url: str = request.getfixturevalue("planted_postgres")
    server: Postgres = request.getfixturevalue("postgres")
    return lambda: _postgres_copy(server, url)


def _sqlite_copy(template: Path) -> Iterator[str]:
    """Copy it into memory where there is room: processes are killed here, never the machine."""
    home = Path(tempfile.mkdtemp(prefix="bellwether-", dir=quick_folder()))
    shutil.copyfile(template, home / "house.db")
    yield f"sqlite:///{home / 'house.db'}"
    shutil.rmtree(home)


def _postgres_copy(server: Postgres, template: str) -> Iterator[str]:
    url = server.copy(template)
    yield url
    server.drop(url)
