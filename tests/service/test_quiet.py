"""Quiet customers are scored in columns, and what is stored is what looking closely stores."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from scoring.load import shipped
from service.ports import House
from storage.database import Database
from tests.service.twins import everything, live, many_playbooks, score_day


@pytest.fixture
def twin(request: pytest.FixtureRequest, house: House, tmp_path: Path) -> Iterator[House]:
    """Return the same house over another empty database of the same kind."""
    if house.database.dialect == "sqlite":
        path = tmp_path / "twin.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres")
        url = server.create()
    with closing(Database.open(url)) as database:
        yield replace(house, database=database)
    if house.database.dialect != "sqlite":
        server.recycle(url)


def grow(house: House, twin: House, *, seed: int, size: int, days: range) -> tuple[int, int]:
    """Let the same town live in both houses; return how many scores came of columns in each."""
    live(house, seed, size, days, score_day)
    live(twin, seed, size, days, partial(score_day, closely=True))
    return in_columns(house), in_columns(twin)


def in_columns(house: House) -> int:
    """Return how many of the stored records are framed ones."""
    with house.database.reading() as tx:
        packed = tx.connection.cursor()
        packed.execute("SELECT record FROM snapshot")
        return sum(bytes(record)[:1] == b"\x02" for (record,) in packed.fetchall())


def test_a_town_is_stored_alike_in_columns_and_looked_at_closely(house: House, twin: House) -> None:
    books = many_playbooks(house, "login_frequency")

    quiet, close = grow(
        replace(house, playbooks=books), replace(twin, playbooks=books),
        seed=7, size=18, days=range(8, 1, -1),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert quiet > 5
    assert close == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "factor", "seed"),
    [("adaptive", "recency", 1), ("points-and-penalties", "login_days", 2)],
)
def test_longer_lives_under_other_models_are_stored_alike(
    house: House, twin: House, name: str, factor: str, seed: int
) -> None:
    model = shipped(name)
    books = many_playbooks(replace(house, model=model), factor)

    quiet, _ = grow(
        replace(house, model=model, playbooks=books), replace(twin, model=model, playbooks=books),
        seed=seed, size=24, days=range(14, 1, -1),
    )  # fmt: skip

    assert everything(house) == everything(twin)
    assert quiet > 5
