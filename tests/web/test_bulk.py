"""The wide door: thousands of events at once, each answered for itself, none lost to another."""

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service import keys, quarantine
from service.catalog import CustomerDraft, upsert
from service.ports import House
from tests.builders import customers, day
from tests.web.conftest import NOW, Client, StoppedClock, on_one_database
from tests.web.test_served import served
from web import parcel
from web.app import build
from web.bulk import Turnstile

EVENTS = "/api/events"
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}


@pytest.fixture(autouse=True)
def acme(house: House) -> int:
    (made,) = customers(house.database, "acme", name="Acme", created_on=day(100))
    return made


def event(customer: str = "acme", **said: Any) -> dict[str, Any]:
    return {"customer": customer, "type": "login", **said}


def logins(client: Client) -> int:
    health = client.get("/api/customers/acme/health").json()
    count: int = health["measures"]["loginFrequency"]["raw"]["count"]
    return count


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json()["results"]]


def test_an_array_of_events_is_kept_and_each_is_answered_for(writer: Client) -> None:
    sent = [event(id=f"evt-{number}") for number in range(3)]

    answer = writer.post(EVENTS, json=sent)

    receipt = answer.json()
    assert answer.status_code == 200
    assert receipt["accepted"] == 3
    assert receipt["results"][0] == {"status": "accepted", "customer": "acme", "id": "evt-0"}
    assert [result["id"] for result in receipt["results"]] == ["evt-0", "evt-1", "evt-2"]
    assert logins(writer) == 3


def test_rule_22_every_kind_of_bad_item_stands_beside_good_ones(writer: Client) -> None:
    writer.post(EVENTS, json=[event(id="old"), event(id="taken")])
    sent: list[object] = [
        event(id="new"),
        event(id="old"),
        event(id="taken", value=2),
        event("nobody", id="waits"),
        event(id="later", occurredAt=(NOW + timedelta(minutes=6)).isoformat()),
        event(value=True),
        {"type": "login"},
        {"customer": "acme", "customerId": "acme", "type": "login"},
        "login",
        event(id="new"),
        {"customerId": "acme", "type": "login", "id": "last"},
    ]

    answer = writer.post(EVENTS, json=sent)

    assert statuses(answer) == [
        "accepted", "duplicate", "conflict", "quarantined", "quarantined", "rejected", "rejected",
        "rejected", "rejected", "duplicate", "accepted",
    ]  # fmt: skip
    receipt = answer.json()
    assert all("reason" in result for result in receipt["results"][2:9])
    assert "value" in receipt["results"][5]["reason"]
    assert "customer" in receipt["results"][6]["reason"]
    assert (receipt["accepted"], receipt["duplicate"], receipt["rejected"]) == (2, 2, 4)
    assert logins(writer) == 4


def test_rule_21_an_unknown_customers_event_is_counted_once_the_customer_arrives(
    writer: Client, house: House
) -> None:
    writer.post(EVENTS, json=[event("newcomer", id="evt-1"), event(id="evt-2")])

    (done,) = upsert(house, [CustomerDraft(key="newcomer", name="New")], now=NOW)

    assert done.replayed == 1
    assert list(quarantine.waiting(house, limit=10)) == []


def test_rule_20_a_whole_parcel_sent_again_changes_nothing(writer: Client) -> None:
    sent = [event(id=f"evt-{number}") for number in range(50)]
    writer.post(EVENTS, json=sent)

    answer = writer.post(EVENTS, json=sent)

    assert set(statuses(answer)) == {"duplicate"}
    assert logins(writer) == 50


def test_lines_are_read_each_for_itself(writer: Client) -> None:
    good = json.dumps(event(id="evt-1")).encode()
    lines = [
        b"\xef\xbb\xbf" + good,
        b"{",
        b"",
        b'{"customer": "acme", "type": "\xff"}',
        b'{"customer": "acme", "type": "login", "properties": ' + b"[" * 20_000,
        b'{"customer": "acme", "type": "' + b"x" * 70_000 + b'"}',
        json.dumps(event(id="evt-2")).encode() + b"\r",
    ]

    answer = writer.post(EVENTS, content=b"\n".join(lines), headers=LINES)

    assert statuses(answer) == [
        "accepted", "rejected", "rejected", "rejected", "rejected", "accepted"
    ]  # fmt: skip
    reasons = [result.get("reason", "") for result in answer.json()["results"]]
    assert "line 2" in reasons[1]
    assert "UTF-8" in reasons[2]
    assert "65,536 bytes" in reasons[4]
    assert logins(writer) == 2


@on_one_database
@pytest.mark.parametrize("hostile", ["NaN", "-Infinity", "1e999", "9" * 5_000, "true", '"x"'])
def test_rule_21_a_number_that_is_none_costs_only_its_own_event(
    writer: Client, hostile: str
) -> None:
    body = f'[{{"customer": "acme", "type": "login", "value": {hostile}}}, {json.dumps(event())}]'

    answer = writer.post(EVENTS, content=body.encode(), headers=JSON)

    assert statuses(answer) == ["rejected", "accepted"]


@on_one_database
@pytest.mark.parametrize(
    "hostile",
    [
        {"type": "lo\ud800gin"},
        {"\ud800": 1},
        {"customer": "\ud800"},
        {"customer": None},
        {"customer": ["acme"]},
        {"properties": {"a": "\u0000"}},
        {"properties": {"deep": [[[[[[[[[[1]]]]]]]]]]}},
        {"properties": {"long": "x" * 20_000}},
    ],
)
def test_rule_21_text_that_is_none_costs_only_its_own_event(
    writer: Client, hostile: dict[str, Any]
) -> None:
    body = json.dumps([event() | hostile, event()])

    answer = writer.post(EVENTS, content=body.encode(), headers=JSON)

    assert statuses(answer) == ["rejected", "accepted"]


@pytest.mark.parametrize("lined", [False, True])
def test_a_packed_parcel_is_unpacked(writer: Client, *, lined: bool) -> None:
    sent = [event(id=f"evt-{number}") for number in range(20)]
    text = "\n".join(map(json.dumps, sent)) if lined else json.dumps(sent)
    half = len(text) // 2
    packed = gzip.compress(text[:half].encode()) + gzip.compress(text[half:].encode())

    answer = writer.post(
        EVENTS, content=packed, headers=(LINES if lined else JSON) | {"Content-Encoding": "gzip"}
    )

    assert statuses(answer) == ["accepted"] * 20


@on_one_database
@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", JSON, 400),
        (b"[", JSON, 400),
        (b"[{},]", JSON, 400),
        (b"[] []", JSON, 400),
        (b"[{}", JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b'{"customer": "acme", "type": "login"}', JSON, 422),
        (b"null", JSON, 422),
        (b"[]", {"Content-Type": "text/plain"}, 415),
        (b"[]", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"[]", JSON | {"Content-Encoding": "br"}, 415),
        (b"[]", JSON | {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"[]", mtime=0)[:-4], JSON | {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"[]", mtime=0) + b"more", JSON | {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * 50_000_000, mtime=0), JSON | {"Content-Encoding": "gzip"}, 413),
        (b" " * (parcel.PARCEL_BYTES + 1), JSON, 413),
        (b"[" + b"{}," * parcel.ITEMS + b"{}]", JSON, 413),
        (b"{}\n" * (parcel.ITEMS + 1), LINES, 413),
    ],
)
def test_rule_23_what_cannot_be_read_at_all_has_its_own_status(
    writer: Client, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = writer.post(EVENTS, content=content, headers=headers)

    assert answer.status_code == status
    assert answer.json()["detail"]


@on_one_database
@pytest.mark.parametrize(("content", "headers"), [(b" [ ] \n", JSON), (b"\n\n", LINES)])
def test_nothing_sent_is_nothing_done(
    writer: Client, content: bytes, headers: dict[str, str]
) -> None:
    answer = writer.post(EVENTS, content=content, headers=headers)

    assert statuses(answer) == []


@on_one_database
def test_rule_23_without_a_key_nothing_is_read(client: Client) -> None:
    asked: list[bool] = []

    async def body() -> AsyncIterator[bytes]:
        asked.append(True)
        yield b"[]"

    answer = client.post(EVENTS, content=body(), headers=JSON)

    assert answer.status_code == 401
    assert asked == []


@on_one_database
def test_a_body_that_comes_too_slowly_is_given_up(
    writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(5)

    monkeypatch.setattr(parcel, "READING_SECONDS", 0.05)

    answer = writer.post(EVENTS, content=slow(), headers=JSON)

    assert answer.status_code == 408


@on_one_database
def test_where_there_is_no_room_the_answer_is_429_until_there_is(house: House) -> None:
    turnstile = Turnstile(most=1)
    key = keys.create(house.database, "crm", now=NOW)

    with Client(build(house, StoppedClock(), turnstile=turnstile), {"X-Api-Key": key}) as client:
        turnstile.enter()
        turned_away = client.post(EVENTS, json=[event()])
        turnstile.leave()
        answers = [client.post(EVENTS, json=[event()]) for _ in range(3)]
        refused = client.post(EVENTS, content=b"{", headers=JSON)
        after = client.post(EVENTS, json=[event()])

    assert turned_away.status_code == 429
    assert turned_away.headers["Retry-After"] == "1"
    assert [statuses(answer) for answer in answers] == [["accepted"]] * 3
    assert refused.status_code == 400
    assert after.status_code == 200


def test_many_senders_of_packed_parcels_on_a_real_server_lose_nothing(house: House) -> None:
    def send(sender: int) -> None:
        with httpx.Client(timeout=30) as client:
            for number in range(4):
                sent = [event(id=f"{sender}-{number}-{one}") for one in range(100)]
                packed = gzip.compress(json.dumps([*sent, event(value="x")]).encode())
                headers = JSON | {"Content-Encoding": "gzip"}
                answer = client.post(f"{address}{EVENTS}", content=packed, headers=headers)
                while answer.status_code == 429:
                    answer = client.post(f"{address}{EVENTS}", content=packed, headers=headers)
                results.append(answer.json())

    results: list[dict[str, Any]] = []
    with served(build(house, StoppedClock(), auth="off", turnstile=Turnstile(2))) as address:
        senders = [threading.Thread(target=send, args=[sender]) for sender in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        health = httpx.get(f"{address}/api/customers/acme/health").json()

    assert [result["accepted"] for result in results] == [100] * 16
    assert [result["rejected"] for result in results] == [1] * 16
    assert health["measures"]["loginFrequency"]["raw"]["count"] == 1600
