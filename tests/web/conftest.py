"""The web application over a house of its own, on both databases, at a fixed instant."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from scoring.load import shipped
from service import keys, rescore
from service.ports import House, MailPolicy
from storage.database import Database
from tests.builders import NOON, day
from tests.classic import classic
from web.app import build

NOW = NOON
# For what is answered before any table is asked: a second database would show nothing more.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Client:
    """Speaks HTTP with an application inside this process, one request at a time."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://testserver", headers=headers
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._http.request(method, path, **given))

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def put(self, path: str, **given: Any) -> httpx.Response:
        return self.request("PUT", path, **given)

    def close(self) -> None:
        self._loop.run_until_complete(self._http.aclose())
        self._loop.close()


class StoppedClock:
    """Always noon of the builders' today."""

    def now(self) -> Any:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"a request must not sleep, and wanted {seconds} s")


def berlin() -> ZoneInfo:
    return ZoneInfo("Europe/Berlin")


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
        zone=berlin(),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


@pytest.fixture
def app(house: House) -> FastAPI:
    return build(house, StoppedClock())


@pytest.fixture
def client(app: FastAPI) -> Iterator[Client]:
    """Answer a browser or program without any key."""
    with Client(app) as opened:
        yield opened


@pytest.fixture
def writer(app: FastAPI, house: House) -> Iterator[Client]:
    """Answer a program that holds a live key."""
    key = keys.create(house.database, "crm", now=NOW)
    with Client(app, headers={"Authorization": f"Bearer {key}"}) as opened:
        yield opened


@pytest.fixture
def scored(house: House) -> Callable[..., None]:
    """Run the daily job for days so far back, oldest first."""

    def run(*backs: int) -> None:
        for back in sorted(backs, reverse=True):
            rescore.rescore(house, day(back), now=NOW, decide=False)

    return run
