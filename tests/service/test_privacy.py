"""A customer's data is handed over whole, and forgotten whole (rules 18 and 19)."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from service import answer, catalog, privacy, quarantine
from service.errors import UnknownCustomer
from service.ingest import accept_events
from service.ports import House
from service.records import accept_invoices, accept_surveys, accept_tickets
from service.rescore import rescore
from storage import audit, customers, frames
from storage.outbox import counts

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture
def lived(house: House) -> House:
    """Acme was healthy, fell silent and has an open play with a mail; globex works on."""
    drafts = [
        {"id": "acme", "createdOn": "2025-01-01", "contactEmail": "bob@acme.example"},
        {"id": "globex", "createdOn": "2025-01-01", "contactEmail": "eve@globex.example"},
    ]
    list(catalog.upsert(house, drafts, now=NOW))
    for key, last in (("acme", date(2026, 4, 30)), ("globex", date(2026, 5, 20))):
        days = [last - timedelta(days=n) for n in range(40)]
        items = [(key, {"type": "login", "occurredAt": f"{day}T08:00:00Z"}) for day in days]
        list(accept_events(house, "api", items, now=NOW))
    ticket = {"id": "t1", "openedAt": "2026-05-01T00:00:00Z"}
    list(accept_tickets(house, "desk", [("acme", ticket), ("globex", ticket)], now=NOW))
    invoice = {"id": "r1", "dueOn": "2026-04-30"}
    list(accept_invoices(house, "bank", [("acme", invoice), ("globex", invoice)], now=NOW))
    answer_given = {"survey": "nps", "score": 3, "answeredAt": "2026-05-01T00:00:00Z"}
    answered = [("acme", answer_given), ("globex", answer_given)]
    list(accept_surveys(house, "tool", answered, now=NOW))
    for day in (date(2026, 4, 30), date(2026, 5, 19)):
        rescore(house, day, now=NOW, decide=True)
    assert answer.card(house, "acme", now=NOW).plays
    return house


def test_an_export_holds_every_row_of_the_customer_and_of_nobody_else(lived: House) -> None:
    exported = privacy.export(lived, "acme")

    text = json.dumps(exported)
    tables = {"customer", "contact", "event", "ticket", "invoice", "survey_answer", "snapshot"}
    assert tables | {"play"} <= set(exported)
    assert len(exported["event"]) == 40
    assert "bob@acme.example" in text
    assert "globex" not in text


def test_an_erased_customer_is_gone_everywhere_and_the_others_are_untouched(lived: House) -> None:
    before = privacy.export(lived, "globex")

    erased = privacy.erase(lived, "acme", by="ann@example.com", now=NOW)

    assert (erased.rows["event"], erased.rows["survey_answer"]) == (40, 1)
    with pytest.raises(UnknownCustomer):
        privacy.export(lived, "acme")
    with lived.database.reading() as tx:
        assert all(count == 0 for count in counts(tx).values())
        assert audit.recent(tx, 1)[0].action == "erase"
    assert privacy.export(lived, "globex") == before


def test_what_waits_in_quarantine_is_erased_too(lived: House) -> None:
    future = {"type": "login", "occurredAt": "2026-06-01T00:00:00Z"}
    list(accept_events(lived, "api", [("acme", future)], now=NOW))

    privacy.erase(lived, "acme", by="ann@example.com", now=NOW)

    assert quarantine.waiting(lived) == ()


def test_an_opt_out_survives_erasing_and_importing_again(lived: House) -> None:
    secret = lived.mail.secret
    with lived.database.transaction() as tx:
        customers.opt_out(tx, "bob@acme.example", "unsubscribed", secret, NOW)

    privacy.erase(lived, "acme", by="ann@example.com", now=NOW)
    list(catalog.upsert(lived, [{"id": "acme", "contactEmail": "bob@acme.example"}], now=NOW))

    with lived.database.reading() as tx:
        assert customers.is_suppressed(tx, "bob@acme.example", secret)


def test_an_erased_customer_that_comes_back_begins_anew(lived: House) -> None:
    privacy.erase(lived, "acme", by="ann@example.com", now=NOW)

    list(catalog.upsert(lived, [{"id": "acme"}], now=NOW))

    card = answer.card(lived, "acme", now=NOW)
    assert (card.history, card.plays, card.last_touch) == ((), (), None)


def test_an_unknown_customer_can_neither_be_exported_nor_erased(house: House) -> None:
    with pytest.raises(UnknownCustomer):
        privacy.export(house, "nobody")
    with pytest.raises(UnknownCustomer):
        privacy.erase(house, "nobody", by="ann@example.com", now=NOW)


def test_a_process_that_read_no_score_before_exports_them_too(
    lived: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rescore(lived, date(2026, 5, 20), now=NOW, decide=True)
    monkeypatch.setattr(frames, "_known", {})

    exported = privacy.export(lived, "globex")

    assert [one["as_of"] for one in exported["snapshot"]][-1] == "2026-05-20"
