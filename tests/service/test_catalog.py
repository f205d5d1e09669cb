"""Customers come in from people and systems; nothing said is lost, nothing unsaid is changed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from service import answer
from service.catalog import CustomerOutcome, upsert
from service.ports import House
from service.records import accept_invoices, accept_tickets
from storage.customers import Customer

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def write(house: House, *drafts: Any, **options: Any) -> list[CustomerOutcome]:
    return list(upsert(house, drafts, now=NOW, **options))


def stored(house: House, key: str) -> Customer:
    return answer.card(house, key, now=NOW).customer


def statuses(outcomes: Iterable[CustomerOutcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def test_a_key_alone_is_a_customer_called_by_it_and_created_today(house: House) -> None:
    outcomes = write(house, {"id": "acme"})

    customer = stored(house, "acme")
    assert statuses(outcomes) == ["created"]
    assert (customer.name, customer.created_on, customer.status) == ("acme", NOW.date(), "active")


def test_writing_the_same_twice_changes_nothing(house: House) -> None:
    draft = {"id": "acme", "name": "Acme", "arr": "1200.00", "contactEmail": "bob@acme.example"}

    first, again = write(house, draft), write(house, draft)

    assert (statuses(first), statuses(again)) == (["created"], ["unchanged"])


def test_what_is_not_said_is_left_as_it_is(house: House) -> None:
    write(house, {"id": "acme", "segment": "smb", "arr": 1200, "createdAt": "2025-02-03"})

    outcomes = write(house, {"id": "acme", "name": "Acme"})

    customer = stored(house, "acme")
    assert statuses(outcomes) == ["updated"]
    assert (customer.name, customer.segment) == ("Acme", "smb")
    assert (customer.arr, customer.created_on) == (Decimal(1200), date(2025, 2, 3))


def test_the_csm_is_enrolled_by_address(house: House) -> None:
    write(house, {"id": "acme", "csm": {"email": "Ann@Example.com", "name": "Ann"}})

    csm = stored(house, "acme").csm
    assert csm is not None
    assert (csm.email.lower(), csm.name) == ("ann@example.com", "Ann")


def test_the_same_customer_twice_in_a_batch_ends_as_the_later_says(house: House) -> None:
    outcomes = write(house, {"id": "acme", "name": "Old"}, {"id": "acme", "name": "New"})

    assert statuses(outcomes) == ["created", "updated"]
    assert stored(house, "acme").name == "New"


def test_one_bad_customer_never_costs_the_good_ones(house: House) -> None:
    outcomes = write(house, {"id": "a"}, {"id": "b", "arr": True}, {"name": "no key"}, {"id": "c"})

    assert statuses(outcomes) == ["created", "rejected", "rejected", "created"]
    assert outcomes[1].key == "b"
    assert [problem.field for problem in outcomes[1].problems] == ["arr"]


def test_a_rehearsal_tells_what_would_change_and_changes_nothing(house: House) -> None:
    write(house, {"id": "acme", "name": "Acme"})

    outcomes = write(
        house,
        {"id": "acme", "name": "Acme"},
        {"id": "acme", "name": "Other"},
        {"id": "new"},
        rehearse=True,
    )

    assert statuses(outcomes) == ["unchanged", "updated", "created"]
    assert stored(house, "acme").name == "Acme"


def test_names_are_kept_literally(house: House) -> None:
    names = ["<!channel>", "=HYPERLINK(1)", "50 % _off_", "שלום \u202e", "A\r\nB", "🙂" * 100]

    write(house, *[{"id": str(n), "name": name} for n, name in enumerate(names)])

    assert [stored(house, str(n)).name for n in range(len(names))] == names


def test_a_ticket_is_written_again_when_it_changes(house: House) -> None:
    write(house, {"id": "acme"})
    opened = {"id": "t1", "openedAt": "2026-05-01T10:00:00Z"}
    closed = {**opened, "closedAt": "2026-05-02T10:00:00Z", "rating": 4}

    first = list(accept_tickets(house, "desk", [("acme", opened)], now=NOW))
    both = list(accept_tickets(house, "desk", [("acme", closed), ("acme", closed)], now=NOW))

    assert [outcome.status for outcome in first] == ["created"]
    assert [outcome.status for outcome in both] == ["updated", "unchanged"]


def test_an_invoice_is_paid_by_writing_it_again(house: House) -> None:
    write(house, {"id": "acme", "createdAt": "2025-01-01"})
    due = {"id": "r1", "dueOn": "2026-05-01"}
    list(accept_invoices(house, "bank", [("acme", due)], now=NOW))
    before = answer.health(house, "acme", today=NOW.date()).score

    (paid,) = accept_invoices(house, "bank", [("acme", {**due, "paidOn": "2026-05-01"})], now=NOW)

    after = answer.health(house, "acme", today=NOW.date()).score
    assert paid.status == "updated"
    assert after.value > before.value


def test_one_bad_record_never_costs_the_good_ones(house: House) -> None:
    write(house, {"id": "acme"})
    good = {"id": "r1", "dueOn": "2026-05-01"}

    outcomes = list(
        accept_invoices(
            house,
            "bank",
            [("acme", {"id": "r0"}), ("acme", good), ("nobody", good), ("", good)],
            now=NOW,
        )
    )

    assert [o.status for o in outcomes] == ["rejected", "created", "quarantined", "rejected"]
    assert outcomes[0].problems[0].field == "dueOn"
