"""A house to copy for every kill, as it stood on each morning, and the world outside it."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from tests.conftest import BOTH, Postgres, quick_folder
from tests.crash import stages
from tests.crash.outside import Arrived, World
from tests.crash.remains import forgotten
from tests.crash.stages import Stage
from tests.crash.world import DAYS, baseline, plant

# What one kill needs: an address of its own, and what is outside.
Copy = tuple[str, World]
# Makes a copy of the house as it stood after so many days, and takes it away again.
Copies = Callable[[int], Iterator[Copy]]
# By the days lived: where a house stands to be copied, and what had arrived outside by then.
Mornings = list[tuple[str, Arrived]]


def _mornings(stage: Stage, url: str, keep: Callable[[str], str]) -> Mornings:
    """Plant a house and live in it; return it as it stood before each of the days."""
    with closing(Database.open(url)) as database:
        database.migrate()
        plant(database)
        baseline(database)
    world = World()
    mornings = [(keep(url), world.arrived.copy())]
    for day in DAYS[:-1]:
        assert stage.run(url, world, days=[day]) == 0
        forgotten(url)
        mornings.append((keep(url), world.arrived.copy()))
    return mornings


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Return the warm fork server of this test process, and the world outside it."""
    with stages.opened() as opened:
        yield opened


@pytest.fixture(scope="session")
def sqlite_mornings(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    """Return SQLite files to copy."""
    folder = tmp_path_factory.mktemp("mornings")
    return _mornings(stage, f"sqlite:///{folder / 'house.db'}", _sqlite_kept)


@pytest.fixture(scope="session")
def postgres_mornings(stage: Stage, postgres: Postgres) -> Iterator[Mornings]:
    """Return PostgreSQL databases to copy."""
    url = postgres.create_empty()
    mornings = _mornings(stage, url, postgres.copy)
    yield mornings
    for each in (url, *(kept for kept, _ in mornings)):
        postgres.drop(each)


@pytest.fixture(params=BOTH)
def copies(request: pytest.FixtureRequest) -> Copies:
    """Return what makes copies of the house: once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        files: Mornings = request.getfixturevalue("sqlite_mornings")
        return lambda lived: _sqlite_copy(*files[lived])
    databases: Mornings = request.getfixturevalue("postgres_mornings")
    server: Postgres = request.getfixturevalue("postgres")
    return lambda lived: _postgres_copy(server, *databases[lived])


def _sqlite_kept(url: str) -> str:
    """Keep a file as it is now; whoever wrote it may have left some of it beside it."""
    path = Path(url.removeprefix("sqlite:///"))
    kept = path.with_name(f"{len(list(path.parent.iterdir()))}.kept")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(kept)) as target:
        source.backup(target)
    return str(kept)


def _sqlite_copy(template: str, arrived: Arrived) -> Iterator[Copy]:
    """Copy it into memory where there is room: processes are killed here, never the machine."""
    home = Path(tempfile.mkdtemp(prefix="bellwether-", dir=quick_folder()))
    shutil.copyfile(template, home / "house.db")
    yield f"sqlite:///{home / 'house.db'}", World(arrived.copy())
    shutil.rmtree(home)


def _postgres_copy(server: Postgres, template: str, arrived: Arrived) -> Iterator[Copy]:
    url = server.copy(template)
    yield url, World(arrived.copy())
    server.drop(url)
