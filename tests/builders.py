"""Small builders: customers, events and scores as tests need them, everything else by default."""

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from storage.activity import NewEvent, append_events
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database, Transaction
from storage.outbox import NewMessage
from storage.plays import Play, open_play
from storage.records import InvoiceFields, SurveyFields, TicketFields
from storage.snapshots import Current, Snapshot

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOON.date()
MODEL = "saas-five-factor"
_numbers = itertools.count(1)


def day(back: int) -> date:
    """Return the day so many days before today."""
    return TODAY - timedelta(days=back)


def noon(back: int) -> datetime:
    """Return noon so many days before today."""
    return NOON - timedelta(days=back)


def customers(database: Database, *keys: str, now: datetime = NOON, **fields: Any) -> list[int]:
    """Add customers with these keys, all with the given fields; return their ids."""
    with database.transaction() as tx:
        written = upsert_customers(tx, [CustomerFields(key, **fields) for key in keys], now)
    return [one.id for one in written]


def new_event(customer_id: int, kind: str = "login", **given: Any) -> NewEvent:
    """Return an event at noon today with an id of its own; `back` puts it days earlier."""
    back = given.pop("back", 0)
    fields: dict[str, Any] = {
        "customer_id": customer_id,
        "feed": "api",
        "event_id": f"event-{next(_numbers)}",
        "kind": kind,
        "feature": None,
        "occurred_at": noon(back),
        "value": Decimal(1),
        "user": None,
        "properties": None,
        "digest": "the same body",
    }
    return NewEvent(**fields | given)


def events(database: Database, *given: NewEvent, received_at: datetime = NOON) -> list[str]:
    """Append the events in one transaction; return the outcomes."""
    with database.transaction() as tx:
        return [one.outcome for one in append_events(tx, given, received_at)]


def ticket(customer_id: int, ticket_id: str = "T-1", back: int = 0, **given: Any) -> TicketFields:
    """Return a ticket opened so many days ago."""
    fields: dict[str, Any] = {
        "opened_at": noon(back),
        "closed_at": None,
        "rating": None,
        "subject": None,
    }
    return TicketFields(customer_id, ticket_id, **fields | given)


def invoice(
    customer_id: int, invoice_id: str = "I-1", due_back: int = 0, **given: Any
) -> InvoiceFields:
    """Return an unpaid invoice due so many days ago."""
    fields: dict[str, Any] = {
        "due_on": day(due_back),
        "paid_on": None,
        "amount": None,
        "currency": None,
        "issued_on": None,
    }
    return InvoiceFields(customer_id, invoice_id, **fields | given)


def survey(customer_id: int, answer_id: str = "A-1", back: int = 0, **given: Any) -> SurveyFields:
    """Return a nine in the NPS, given so many days ago."""
    fields: dict[str, Any] = {
        "survey": "nps",
        "feed": "surveys",
        "answer_id": answer_id,
        "answered_at": noon(back),
        "score": Decimal(9),
    }
    return SurveyFields(customer_id, **fields | given)


def snapshot(customer_id: int, back: int = 0, **given: Any) -> Snapshot:
    """Return a snapshot of the default model, so many days ago."""
    fields: dict[str, Any] = {
        "model": MODEL,
        "version": 1,
        "score": Decimal("72.00"),
        "band": "at-risk",
        "coverage": Decimal(100),
        "trend": "stable",
        "change_7": None,
        "change_30": None,
        "computed_at": NOON,
        "record": {"factors": []},
    }
    return Snapshot(customer_id=customer_id, as_of=day(back), **fields | given)


def current(customer_id: int, back: int = 0, **given: Any) -> Current:
    """Return a current score of the default model, so many days ago."""
    fields: dict[str, Any] = {
        "model": MODEL,
        "version": 1,
        "score": Decimal("72.00"),
        "band": "at-risk",
        "coverage": Decimal(100),
        "trend": "stable",
        "change_7": None,
        "change_30": None,
        "computed_at": NOON,
        "band_since": day(back),
        "previous_band": None,
    }
    return Current(customer_id=customer_id, as_of=day(back), **fields | given)


def a_play(tx: Transaction, customer_id: int, episode: str = "1", **given: Any) -> Play | None:
    """Open a play of the churn-risk playbook."""
    fields: dict[str, Any] = {
        "playbook": "churn-risk",
        "version": "churn-risk@1",
        "opened_at": NOON,
        "trigger_as_of": TODAY,
        "band": "churn-risk",
        "score": Decimal("41.00"),
        "root_key": None,
    }
    return open_play(tx, customer_id=customer_id, episode=episode, **fields | given)


def message(key: str, **given: Any) -> NewMessage:
    """Return a Slack post that is due now."""
    fields: dict[str, Any] = {
        "channel": "slack",
        "recipient": "#alerts",
        "body": {"view": "alert"},
        "play_id": None,
        "step_id": None,
        "customer_id": None,
        "due_at": NOON,
        "expires_at": None,
        "verb": "post",
        "root_key": None,
    }
    return NewMessage(key=key, **fields | given)
