"""Probes tell the truth: alive is not ready, and not ready says why."""

from contextlib import closing

import pytest
from starlette.responses import PlainTextResponse

from service.ports import House
from storage.database import Database
from tests.web.conftest import Client, StoppedClock, on_one_database
from web.app import build


def test_the_root_is_json_for_programs_and_a_page_for_browsers(client: Client) -> None:
    program, browser = client.get("/"), client.get("/", headers={"Accept": "text/html,*/*"})

    assert program.json()["status"] == "ok"
    assert program.json()["dashboard"] == "/api/dashboard"
    assert browser.headers["Content-Type"].startswith("text/html")
    assert "/api/dashboard" in browser.text


def test_a_migrated_database_is_ready(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_an_empty_database_is_alive_but_not_ready(house: House, empty_url: str) -> None:
    with (
        closing(Database.open(empty_url)) as empty,
        Client(build(_with(house, empty), StoppedClock())) as client,
    ):
        alive, ready = client.get("/healthz"), client.get("/readyz")

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert "migrated" in ready.json()["reason"]


def test_a_database_out_of_reach_is_503_everywhere_and_shows_no_address(house: House) -> None:
    url = "postgresql://ann:hunter2@127.0.0.1:1/none"
    paths = ("/readyz", "/api/customers", "/api/dashboard")
    with (
        closing(Database.open(url)) as away,
        Client(build(_with(house, away), StoppedClock())) as client,
    ):
        answers = [client.get(path) for path in paths]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert "hunter2" not in "".join(answer.text for answer in answers)


@on_one_database
@pytest.mark.parametrize("path", ["/inbox/", "/inbox/anything"])
def test_other_applications_are_mounted_with_a_policy_of_their_own(house: House, path: str) -> None:
    app = build(house, StoppedClock(), mounts={"/inbox": PlainTextResponse("mail")})

    with Client(app) as client:
        answer = client.get(path)

    assert answer.text == "mail"
    assert "Content-Security-Policy" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@on_one_database
def test_docs_describe_every_public_route(client: Client) -> None:
    page = client.get("/docs").text
    schema = client.get("/openapi.json").json()

    for path in schema["paths"]:
        assert path in page
    assert "/api/customers/{id}/events" in page
    assert "occurredAt" in page


def _with(house: House, database: Database) -> House:
    return House(
        database=database,
        model=house.model,
        playbooks=house.playbooks,
        mail=house.mail,
        zone=house.zone,
        digest_to=house.digest_to,
        operator_to=house.operator_to,
        alerts_to=house.alerts_to,
    )
