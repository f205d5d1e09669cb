"""A few things only a real server on a real port can show."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from service.ports import House
from tests.builders import customers, day
from tests.web.conftest import StoppedClock, on_one_database
from tests.web.test_slack_door import Reply
from web.app import build


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve the application on a free port of this machine; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@on_one_database
def test_rule_12_a_slow_listener_does_not_hold_up_the_health_probe(house: House) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        del method, headers, body
        entered.set()
        leave.wait(10)
        return Reply(200, {}, b"late")

    with served(build(house, StoppedClock(), slack=slow)) as address:
        thread = threading.Thread(target=httpx.post, args=[f"{address}/slack/events"])
        thread.start()
        assert entered.wait(5)

        answer = httpx.get(f"{address}/healthz", timeout=2)

        leave.set()
        thread.join(5)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["eu%2Facme", "eu/acme"])
def test_a_key_with_a_slash_survives_a_real_server(house: House, path: str) -> None:
    customers(house.database, "eu/acme", name="Acme", created_on=day(90))

    with served(build(house, StoppedClock(), auth="off")) as address:
        posted = httpx.post(f"{address}/api/customers/{path}/events", json={"type": "login"})
        health = httpx.get(f"{address}/api/customers/{path}/health").json()

    assert posted.status_code == 201
    assert health["id"] == "eu/acme"
    assert health["measures"]["loginFrequency"]["raw"]["count"] == 1


def test_many_writers_at_once_lose_nothing(house: House) -> None:
    customers(house.database, "acme", name="Acme", created_on=day(90))

    with served(build(house, StoppedClock(), auth="off")) as address:
        url = f"{address}/api/customers/acme/events"
        statuses: list[int] = []

        def post(name: int) -> None:
            with httpx.Client() as client:
                for number in range(5):
                    event = {"type": "login", "id": f"{name}-{number}"}
                    statuses.append(client.post(url, json=event, timeout=30).status_code)

        threads = [threading.Thread(target=post, args=[name]) for name in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        health = httpx.get(f"{address}/api/customers/acme/health").json()

    assert statuses == [201] * 30
    assert health["measures"]["loginFrequency"]["raw"]["count"] == 30
