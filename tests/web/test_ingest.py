"""The writing door: an event counts at once, once, and never half; refusals name the field."""

import json
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from service.ports import House
from tests.builders import customers, day
from tests.web.conftest import NOW, Client, on_one_database

EVENTS = "/api/customers/acme/events"


@pytest.fixture
def acme(house: House) -> int:
    (made,) = customers(house.database, "acme", name="Acme", created_on=day(100))
    return made


def logins(client: Client) -> int:
    health = client.get("/api/customers/acme/health").json()
    count: int = health["measures"]["loginFrequency"]["raw"]["count"]
    return count


@pytest.mark.usefixtures("acme")
def test_a_type_is_enough_and_the_next_reading_shows_it(writer: Client) -> None:
    answer = writer.post(EVENTS, json={"type": "login"})

    receipt = answer.json()
    assert answer.status_code == 201
    assert receipt["customerId"] == "acme"
    assert receipt["type"] == "login"
    assert receipt["status"] == "accepted"
    assert receipt["id"]
    assert receipt["occurredAt"].startswith("2026-11-20T12:00:00")
    assert logins(writer) == 1


@pytest.mark.usefixtures("acme")
def test_every_field_may_be_said(writer: Client) -> None:
    event = {
        "type": "feature_use",
        "id": "evt-1",
        "occurredAt": "2026-11-19T10:00:00+02:00",
        "feature": "reports",
        "value": 2.5,
        "user": "ann",
        "properties": {"page": "/reports", "deep": {"list": [1, None, True]}},
    }

    answer = writer.post(EVENTS, json=event)

    assert answer.status_code == 201
    assert answer.json()["id"] == "evt-1"
    assert answer.json()["occurredAt"] == "2026-11-19T08:00:00Z"


@pytest.mark.usefixtures("acme")
def test_rule_20_the_same_id_twice_counts_once(writer: Client) -> None:
    event = {"type": "login", "id": "evt-1", "occurredAt": "2026-11-20T08:00:00Z"}

    answers = [writer.post(EVENTS, json=event) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "duplicate"]
    assert logins(writer) == 1


@pytest.mark.usefixtures("acme")
def test_rule_20_the_same_id_with_another_body_is_a_conflict(writer: Client) -> None:
    writer.post(EVENTS, json={"type": "login", "id": "evt-1", "occurredAt": "2026-11-20T08:00:00Z"})

    answer = writer.post(
        EVENTS, json={"type": "login", "id": "evt-1", "occurredAt": "2026-11-19T08:00:00Z"}
    )

    assert answer.status_code == 409
    assert "evt-1" in answer.json()["detail"]
    assert logins(writer) == 1


def test_an_unknown_customer_is_404(writer: Client) -> None:
    answer = writer.post("/api/customers/nobody/events", json={"type": "login"})

    assert answer.status_code == 404
    assert answer.json() == {"detail": "Customer not found"}


@on_one_database
@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "type"),
        ({"type": ""}, "type"),
        ({"type": 7}, "type"),
        ({"type": None}, "type"),
        ({"type": "login", "occurredAt": "yesterday"}, "occurredAt"),
        ({"type": "login", "occurredAt": "2026-11-20T08:00:00"}, "occurredAt"),
        ({"type": "login", "occurredAt": 1700000000}, "occurredAt"),
        ({"type": "login", "value": True}, "value"),
        ({"type": "login", "value": "NaN"}, "value"),
        ({"type": "login", "value": "Infinity"}, "value"),
        ({"type": "login", "properties": [1]}, "properties"),
        ({"type": "login", "properties": {"a": "\u0000"}}, "properties"),
        ({"type": "lo\u0000gin"}, "type"),
        ({"type": "login", "colour": "red"}, "colour"),
    ],
)
def test_a_malformed_event_is_422_and_its_field_named(
    writer: Client, body: dict[str, Any], field: str
) -> None:
    answer = writer.post(EVENTS, json=body)

    assert answer.status_code == 422
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["body", field]]
    assert logins(writer) == 0


@on_one_database
@pytest.mark.usefixtures("acme")
def test_all_broken_fields_are_named_at_once(writer: Client) -> None:
    answer = writer.post(EVENTS, json={"occurredAt": "x", "value": "y"})

    named = {fault["loc"][1] for fault in answer.json()["detail"]}
    assert named == {"type", "occurredAt", "value"}


@on_one_database
@pytest.mark.usefixtures("acme")
def test_a_lone_surrogate_is_refused(writer: Client) -> None:
    answer = writer.post(
        EVENTS,
        content=b'{"type": "log\\ud800in"}',
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 422


@pytest.mark.usefixtures("acme")
def test_rule_21_an_event_from_the_future_waits_in_quarantine(writer: Client) -> None:
    later = (NOW + timedelta(minutes=6)).isoformat()

    answer = writer.post(EVENTS, json={"type": "login", "occurredAt": later})

    assert answer.status_code == 202
    assert answer.json()["status"] == "quarantined"
    assert "5 minutes" in answer.json()["reason"]
    assert logins(writer) == 0


@on_one_database
@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"type": "login", "value": NaN}', 400),
        (b'{"type": "login", "value": -Infinity}', 400),
        (b'{"type": "login", "value": ' + b"9" * 5000 + b"}", 400),
        (b'{"type": "login", "properties": ' + b'{"a":' * 100 + b"1" + b"}" * 101, 400),
        (b"[" * 50_000, 400),
        (b'["type"]', 422),
        (b"null", 422),
        (b'{"type": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
def test_rule_23_what_is_no_json_object_of_ours_has_its_own_status(
    writer: Client, content: bytes, status: int
) -> None:
    answer = writer.post(EVENTS, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    assert answer.json()["detail"]


@on_one_database
@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "x/json"])
def test_another_content_type_is_415(writer: Client, kind: str) -> None:
    """A page elsewhere can post plain text to a local port; it cannot post JSON unasked."""
    answer = writer.post(EVENTS, content=b'{"type": "login"}', headers={"Content-Type": kind})

    assert answer.status_code == 415


@on_one_database
@pytest.mark.usefixtures("acme")
def test_a_body_that_hides_its_length_is_cut_off_too(writer: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1024

    answer = writer.post(EVENTS, content=endless(), headers={"Content-Type": "application/json"})

    assert answer.status_code == 413


@on_one_database
@pytest.mark.usefixtures("acme")
def test_a_number_too_large_for_any_float_is_refused(writer: Client) -> None:
    assert math.isinf(float("1e999"))

    answer = writer.post(
        EVENTS,
        content=b'{"type": "login", "properties": {"a": 1e999}}',
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 422


def test_a_customer_is_created_then_updated_then_left_alone(writer: Client) -> None:
    bodies = [{"name": "Acme"}, {"name": "Acme Corp", "arr": 1200}, {"arr": 1200}]

    answers = [writer.put("/api/customers/acme", json=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert [answer.json()["status"] for answer in answers] == ["created", "updated", "unchanged"]
    (row,) = writer.get("/api/customers").json()
    assert (row["name"], row["arr"]) == ("Acme Corp", 1200)


def test_a_customer_with_a_slash_in_its_key_takes_events(writer: Client) -> None:
    writer.put("/api/customers/eu%2Facme", json={"name": "Acme"})

    answer = writer.post("/api/customers/eu%2Facme/events", json={"type": "login"})

    assert answer.status_code == 201
    assert answer.json()["customerId"] == "eu/acme"


def test_a_body_that_names_another_customer_is_refused(writer: Client) -> None:
    answer = writer.put("/api/customers/acme", json={"id": "other", "name": "Acme"})

    assert answer.status_code == 422
    assert writer.get("/api/customers").json() == []


def test_a_broken_customer_is_422_and_its_fields_named(writer: Client) -> None:
    answer = writer.put("/api/customers/acme", json={"arr": -1, "renewalDate": "soon"})

    named = {fault["loc"][1] for fault in answer.json()["detail"]}
    assert answer.status_code == 422
    assert "arr" in named
    assert len(named) == 2


def test_rule_25_hostile_text_comes_back_as_it_was_sent(writer: Client) -> None:
    name = '<script>alert("x")</script> {{7*7}} \u202e =HYPERLINK("a") 🦊'

    writer.put("/api/customers/odd", json={"name": name})

    (row,) = json.loads(writer.get("/api/customers").text)
    assert row["name"] == name
