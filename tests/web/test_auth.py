"""Rule 23: keys are hashed, scoped, revocable, and never travel in addresses."""

import pytest
from fastapi import FastAPI

from service import keys
from service.ports import House
from tests.builders import customers
from tests.web.conftest import NOW, Client, StoppedClock, on_one_database
from web.app import build

EVENTS = "/api/customers/acme/events"
LOGIN = {"type": "login"}


@pytest.fixture(autouse=True)
def _acme(house: House) -> None:
    customers(house.database, "acme", name="Acme")


def test_reading_needs_no_key_and_writing_does(client: Client) -> None:
    assert client.get("/api/customers").status_code == 200

    answer = client.post(EVENTS, json=LOGIN)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.put("/api/customers/acme", json={"name": "A"}).status_code == 401


@pytest.mark.parametrize("form", ["Authorization", "X-Api-Key"])
def test_a_live_key_may_write_in_either_header(house: House, client: Client, form: str) -> None:
    key = keys.create(house.database, "crm", now=NOW)
    value = f"Bearer {key}" if form == "Authorization" else key

    assert client.post(EVENTS, json=LOGIN, headers={form: value}).status_code == 201


def test_a_revoked_key_may_not(house: House, client: Client) -> None:
    key = keys.create(house.database, "crm", now=NOW)
    keys.revoke(house.database, "crm", now=NOW)

    assert client.post(EVENTS, json=LOGIN, headers={"X-Api-Key": key}).status_code == 401


def test_a_key_without_the_scope_may_not(house: House, client: Client) -> None:
    key = keys.create(house.database, "reader", ("read",), now=NOW)

    assert client.post(EVENTS, json=LOGIN, headers={"X-Api-Key": key}).status_code == 401


def test_a_key_in_the_address_is_no_key(house: House, client: Client) -> None:
    key = keys.create(house.database, "crm", now=NOW)

    for name in ("key", "api_key", "token", "access_token"):
        assert client.post(f"{EVENTS}?{name}={key}", json=LOGIN).status_code == 401


@on_one_database
@pytest.mark.parametrize(
    "forged",
    [
        "",
        "bw_",
        "bw_000000000000_" + "a" * 43,
        "x" * 100_000,
        "bw_%s_é",
        "Bearer",
        "null",
        "\u00e9",
    ],
)
def test_a_forged_key_is_refused_whatever_its_shape(client: Client, forged: str) -> None:
    headers = [(b"x-api-key", forged.encode())]

    assert client.post(EVENTS, json=LOGIN, headers=headers).status_code == 401


def test_the_right_prefix_with_another_secret_is_refused(house: House, client: Client) -> None:
    key = keys.create(house.database, "crm", now=NOW)
    forged = key[:-1] + ("A" if key[-1] != "A" else "B")

    assert client.post(EVENTS, json=LOGIN, headers={"X-Api-Key": forged}).status_code == 401


def test_only_a_digest_of_the_key_is_kept(house: House) -> None:
    key = keys.create(house.database, "crm", now=NOW)

    (kept,) = keys.listed(house.database)

    secret = key.rpartition("_")[2]
    assert secret not in repr(kept)
    assert kept.name == "crm"


@pytest.fixture
def open_app(house: House) -> FastAPI:
    return build(house, StoppedClock(), auth="off")


@on_one_database
@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"],
)
def test_without_keys_this_machine_may_write(open_app: FastAPI, host: str) -> None:
    with Client(open_app) as here:
        assert here.post(EVENTS, json=LOGIN, headers={"Host": host}).status_code == 201


@on_one_database
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example",
     "10.0.0.1", "192.168.0.1:80", "", "localhost@evil.example", "[::2]:80"],
)  # fmt: skip
def test_without_keys_a_foreign_host_name_is_refused(open_app: FastAPI, host: str) -> None:
    """A page elsewhere may have its name point at 127.0.0.1; the Host header tells."""
    with Client(open_app) as here:
        for path in ("/", "/api/customers", EVENTS):
            assert here.get(path, headers={"Host": host}).status_code == 421
