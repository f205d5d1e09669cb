"""Who is erased while something is written about them leaves nothing behind (rule 19)."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from service import catalog, privacy
from service.ingest import accept_events
from service.ports import House
from service.records import accept_invoices
from service.rescore import rescore
from storage.columns import metadata
from tests.service.watching import at_first

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
LOGIN = {"type": "login", "occurredAt": "2026-05-19T08:00:00Z"}


def score(house: House) -> None:
    rescore(house, datetime(2026, 5, 19, tzinfo=UTC).date(), now=NOW, decide=True)


def score_again(house: House) -> None:
    rescore(house, datetime(2026, 5, 20, tzinfo=UTC).date(), now=NOW, decide=True)


def one_event(house: House) -> None:
    list(accept_events(house, "api", [("acme", {**LOGIN, "id": "late"})], now=NOW))


def many_events(house: House) -> None:
    items = [("acme", {**LOGIN, "id": f"late-{n}"}) for n in range(120)]
    list(accept_events(house, "api", items, now=NOW))


def an_invoice(house: House) -> None:
    list(accept_invoices(house, "bank", [("acme", {"id": "r1", "dueOn": "2026-05-19"})], now=NOW))


@pytest.mark.parametrize(
    ("write", "table"),
    [
        (score, "snapshot"),
        (score_again, "snapshot"),
        (one_event, "event_key"),
        (many_events, "event_key"),
        (an_invoice, "invoice"),
    ],
)
def test_who_is_erased_in_the_middle_of_a_batch_leaves_nothing_behind(
    house: House, write: Callable[[House], None], table: str
) -> None:
    draft = {"id": "acme", "createdOn": "2025-01-01"}
    (saved,) = catalog.upsert(house, [draft], now=NOW)
    assert saved.key == "acme"
    list(accept_events(house, "api", [("acme", {**LOGIN, "id": "first"})], now=NOW))
    if write is score_again:
        score(house)
    eraser = threading.Thread(
        target=lambda: privacy.erase(house, "acme", by="ann@ours.example", now=NOW)
    )

    def meanwhile() -> None:
        eraser.start()
        eraser.join(0.3)

    with at_first(table, meanwhile):
        write(house)
    eraser.join()

    with house.database.reading() as tx:
        left = {
            one.name: tx.exec_driver_sql(f'SELECT count(*) FROM "{one.name}"').scalar_one()  # noqa: S608 - our own names
            for one in metadata.sorted_tables
            if "customer_id" in one.c or one.name == "customer"
        }
    assert {name: count for name, count in left.items() if count} == {}
