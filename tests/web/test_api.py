"""The read API, to the letter: a bare list, a health computed now, plain JSON numbers."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from service.ports import House
from storage.records import upsert_invoices, upsert_tickets
from tests.builders import customers, day, events, invoice, new_event, ticket
from tests.web.conftest import Client, on_one_database

FIELDS = ["id", "name", "segment", "createdAt", "healthScore", "band", "trend", "csm", "arr",
          "renewalDate"]  # fmt: skip
FACTORS = ["loginFrequency", "featureAdoption", "supportLoad", "invoiceTimeliness", "apiTrend"]


def worked_example(house: House) -> None:
    """Give acme the figures of models.md: 50, 60, 60, 66.67 and 40, which come to 56.83."""
    (acme,) = customers(house.database, "acme", name="Acme", segment="smb", created_on=day(400))
    logins = [new_event(acme, "login", back=back) for back in range(1, 11)]
    features = [new_event(acme, "feature_use", feature=name, back=9) for name in ("a", "b", "c")]
    calls = [new_event(acme, "api_call", back=2) for _ in range(8)]
    calls += [new_event(acme, "api_call", back=40) for _ in range(10)]
    events(house.database, *logins, *features, *calls)
    with house.database.transaction() as tx:
        upsert_tickets(tx, [ticket(acme, f"T-{number}", back=9) for number in range(4)])
        upsert_invoices(tx, [
            invoice(acme, "I-1", due_back=10),
            invoice(acme, "I-2", due_back=40, paid_on=day(41)),
            invoice(acme, "I-3", due_back=70, paid_on=day(70)),
        ])  # fmt: skip


def test_the_worked_example_reads_56_83_with_every_factor(house: House, client: Client) -> None:
    worked_example(house)

    answer = client.get("/api/customers/acme/health")

    health = answer.json()
    assert answer.status_code == 200
    assert health["healthScore"] == 56.83
    assert health["band"] == "at-risk"
    assert health["asOf"] == "2026-11-20"
    assert health["model"] == "saas-five-factor@1"
    assert health["coverage"] == 100
    assert list(health["factors"]) == FACTORS
    assert list(health["factors"].values()) == [50, 60, 60, 66.67, 40]
    assert health["weights"] == dict(zip(FACTORS, [25, 25, 20, 20, 10], strict=True))
    assert health["measures"]["loginFrequency"]["raw"]["count"] == 10
    assert health["measures"]["loginFrequency"]["words"] == "10 of 20 logins in 30 days"
    assert health["drivers"][0].keys() == {"factor", "title", "points", "cause", "sentence"}


def test_the_numbers_are_json_numbers_not_texts(house: House, client: Client) -> None:
    worked_example(house)

    raw = client.get("/api/customers/acme/health").text

    assert '"healthScore":56.83' in raw
    assert all(isinstance(value, float | int) for value in json.loads(raw)["factors"].values())


def test_an_unknown_customer_is_404_in_exactly_these_words(client: Client) -> None:
    answer = client.get("/api/customers/nobody/health")

    assert answer.status_code == 404
    assert answer.json() == {"detail": "Customer not found"}


@pytest.mark.parametrize(
    "key", ["a%00b", "%0a", "%20", "x" * 5000, "%F0%9F%A6%8A", "..%2F..%2Fetc"]
)
def test_a_key_nobody_can_have_is_simply_not_found(client: Client, key: str) -> None:
    assert client.get(f"/api/customers/{key}/health").status_code == 404


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a/b", "a%2Fb"),
        ("a/b", "a/b"),
        ("crm/health", "crm%2Fhealth"),
        ("größe & co?", "gr%C3%B6%C3%9Fe%20%26%20co%3F"),
        ("100%", "100%25"),
        ("#7", "%237"),
    ],
)
def test_keys_with_slashes_and_any_script_are_found(
    house: House, client: Client, key: str, path: str
) -> None:
    customers(house.database, key, name="Odd", created_on=day(100))

    answer = client.get(f"/api/customers/{path}/health")

    assert answer.status_code == 200
    assert answer.json()["id"] == key


def portfolio(house: House, scored: Callable[..., None]) -> None:
    for number, segment in enumerate(["smb", "smb", "enterprise"]):
        (made,) = customers(
            house.database,
            f"c{number}",
            name=f"Customer {number}",
            segment=segment,
            arr=Decimal(1000 * number),
            created_on=day(200),
            renewal_on=day(-30),
            csm_email="dana@bellwether.example",
            csm_name="Dana",
        )
        events(house.database, *(new_event(made, back=back) for back in range(1, 8 * number + 2)))
    scored(1)


def test_the_list_is_bare_and_says_how_many_there_are(
    house: House, client: Client, scored: Callable[..., None]
) -> None:
    portfolio(house, scored)

    answer = client.get("/api/customers?limit=2")

    rows = answer.json()
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == ["c0", "c1"]
    assert answer.headers["X-Total-Count"] == "3"
    assert list(rows[0]) == FIELDS
    assert rows[1]["csm"] == "Dana"
    assert rows[1]["arr"] == 1000
    assert rows[1]["renewalDate"] == day(-30).isoformat()
    assert rows[1]["createdAt"].startswith(day(200).isoformat())
    assert isinstance(rows[0]["healthScore"], float)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=customer 2", ["c2"]),
        ("q=C1", ["c1"]),
        ("q=%25", []),
        ("q=_", []),
        ("segment=smb", ["c0", "c1"]),
        ("segment=smb&sort=name&order=desc", ["c1", "c0"]),
        ("sort=arr&order=desc", ["c2", "c1", "c0"]),
        ("sort=healthScore", ["c0", "c1", "c2"]),
        ("offset=2", ["c2"]),
        ("offset=9", []),
        ("minScore=0&maxScore=0", []),
        ("band=nonsense", []),
    ],
)
def test_the_list_is_filtered_sorted_and_cut(
    house: House, client: Client, scored: Callable[..., None], query: str, found: list[str]
) -> None:
    portfolio(house, scored)

    rows = client.get(f"/api/customers?{query}").json()

    assert [row["id"] for row in rows] == found


@on_one_database
@pytest.mark.parametrize(
    "query",
    ["limit=501", "limit=0", "limit=x", "offset=-1", "sort=password", "order=up", "minScore=101",
     "minScore=nan"],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_422_and_named(client: Client, query: str) -> None:
    answer = client.get(f"/api/customers?{query}")

    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.json()["detail"][0]["loc"]


def test_a_customer_never_scored_is_listed_without_a_score(house: House, client: Client) -> None:
    customers(house.database, "new", name="New")

    (row,) = client.get("/api/customers").json()

    assert row["healthScore"] is None
    assert row["band"] == "unknown"


def test_no_customers_is_an_empty_list(client: Client) -> None:
    answer = client.get("/api/customers")

    assert (answer.json(), answer.headers["X-Total-Count"]) == ([], "0")


def test_little_data_is_said_as_coverage_not_hidden_as_zero(house: House, client: Client) -> None:
    customers(house.database, "acme", name="Acme", created_on=day(100))

    health: dict[str, Any] = client.get("/api/customers/acme/health").json()

    assert health["band"] == "unknown"
    assert health["coverage"] == 0
    assert all(0 <= value <= 100 for value in health["factors"].values())
