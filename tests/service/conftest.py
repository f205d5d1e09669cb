"""A house with the shipped model and playbooks, on each of the two databases."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scoring.load import shipped
from service.ports import House, MailPolicy
from storage.database import Database
from tests.classic import classic
from tests.service.daily import BEGIN, FULL, customers, days, work


@pytest.fixture
def house(database: Database) -> House:
    return House(
        database=database,
        model=shipped(),
        playbooks=classic(),
        mail=MailPolicy(
            sender="Success <success@bellwether.example>",
            mode="approval",
            base_url="https://bellwether.example",
            secret=b"a secret of the tests",
        ),
        zone=ZoneInfo("Europe/Berlin"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


@pytest.fixture
def falling(house: House) -> House:
    """Acme works until the end of February and stops; the others go on.

    Acme's logins of the last thirty days sink by one a day, and pass ten, which is at-risk, on
    the 20th day of silence.
    """
    customers(house, "acme", "globex", "initech", "umbrella", contactEmail="bob@acme.example")
    work(house, "acme", days(BEGIN, FULL - timedelta(days=1)))
    for other in ("globex", "initech", "umbrella"):
        work(house, other, days(BEGIN, FULL + timedelta(days=60)))
    return house


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
