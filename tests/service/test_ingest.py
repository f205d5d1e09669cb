"""Events come in once, wherever and however often they are sent (rules 2, 20, 21, 22)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from service import answer, catalog, quarantine
from service.errors import EventConflict, UnknownCustomer
from service.events import EventDraft
from service.ingest import Outcome, accept_event, accept_events
from service.ports import House
from service.records import accept_invoices, accept_tickets
from service.rescore import rescore

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
FEED = "api"


def customers(house: House, *keys: str, **fields: Any) -> None:
    drafts = [{"key": key, "createdOn": "2025-01-01", **fields} for key in keys]
    outcomes = list(catalog.upsert(house, drafts, now=NOW))
    assert {outcome.status for outcome in outcomes} <= {"created", "updated", "unchanged"}


def event(**fields: Any) -> dict[str, Any]:
    return {"type": "login", "occurredAt": "2026-05-19T08:00:00Z", **fields}


def send(house: House, *items: tuple[Any, Any], **options: Any) -> list[Outcome]:
    return list(accept_events(house, FEED, items, now=NOW, **options))


def statuses(outcomes: Iterable[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def logins(house: House, key: str, today: date = TODAY) -> int:
    """Answer how many logins the score rests on: what a user would see of the events."""
    factors = answer.health(house, key, today=today).score.factors
    (login,) = (factor for factor in factors if factor.name == "login_frequency")
    return int(str(login.raw["count"]))


def test_a_single_event_counts_at_once_and_its_time_is_now_when_unsaid(house: House) -> None:
    customers(house, "acme")

    accepted = accept_event(house, "acme", EventDraft(type="login"), feed=FEED, now=NOW)

    assert (accepted.outcome, accepted.occurred_at) == ("accepted", NOW)
    assert accepted.id
    assert logins(house, "acme") == 1


def test_the_same_id_and_body_again_is_a_success_that_changes_nothing(house: House) -> None:
    customers(house, "acme")
    draft = EventDraft(type="login", id="e1")

    first = accept_event(house, "acme", draft, feed=FEED, now=NOW)
    again = accept_event(house, "acme", draft, feed=FEED, now=NOW + timedelta(hours=1))

    assert (first.outcome, again.outcome) == ("accepted", "duplicate")
    assert logins(house, "acme") == 1


def test_the_same_id_with_another_body_is_a_conflict(house: House) -> None:
    customers(house, "acme")
    accept_event(house, "acme", EventDraft(type="login", id="e1"), feed=FEED, now=NOW)

    with pytest.raises(EventConflict, match="e1"):
        accept_event(house, "acme", EventDraft(type="api_call", id="e1"), feed=FEED, now=NOW)


def test_the_same_id_for_another_customer_is_a_conflict(house: House) -> None:
    customers(house, "acme", "globex")

    outcomes = send(house, ("acme", event(id="e1")), ("globex", event(id="e1")))

    assert statuses(outcomes) == ["accepted", "conflict"]


def test_the_same_id_on_another_feed_is_another_event(house: House) -> None:
    customers(house, "acme")
    send(house, ("acme", event(id="e1")))

    outcomes = list(accept_events(house, "other", [("acme", event(id="e1"))], now=NOW))

    assert statuses(outcomes) == ["accepted"]
    assert logins(house, "acme") == 2


def test_the_same_number_written_differently_is_the_same_body(house: House) -> None:
    customers(house, "acme")

    outcomes = send(
        house,
        ("acme", event(id="e1", value=1.50, occurredAt="2026-05-19T08:00:00Z")),
        ("acme", event(id="e1", value="1.5", occurredAt="2026-05-19T10:00:00+02:00")),
    )

    assert statuses(outcomes) == ["accepted", "duplicate"]


def test_the_single_door_raises_for_an_unknown_customer_and_keeps_nothing(house: House) -> None:
    with pytest.raises(UnknownCustomer, match="nobody"):
        accept_event(house, "nobody", EventDraft(type="login"), feed=FEED, now=NOW)

    assert quarantine.waiting(house) == ()


def test_one_bad_item_never_costs_the_good_ones(house: House) -> None:
    customers(house, "acme")
    items = [
        ("acme", event(id="1")),
        ("acme", {"type": ""}),
        ("acme", "not an object"),
        ("acme", event(value=True)),
        ("\0", event()),
        (None, event()),
        ("acme", event(id="2")),
    ]

    outcomes = send(house, *items)

    assert statuses(outcomes) == ["accepted", *["rejected"] * 5, "accepted"]
    assert all(outcome.problems for outcome in outcomes if outcome.status == "rejected")
    assert logins(house, "acme") == 2


def test_a_file_read_twice_adds_nothing_even_without_ids(house: House) -> None:
    customers(house, "acme")
    rows = [("acme", event(occurredAt=f"2026-05-{day:02}T08:00:00Z")) for day in range(1, 11)]

    first = send(house, *rows)
    again = send(house, *rows)

    assert set(statuses(first)) == {"accepted"}
    assert set(statuses(again)) == {"duplicate"}
    assert logins(house, "acme") == 10


def test_a_batch_door_may_give_every_event_an_id_of_its_own(house: House) -> None:
    customers(house, "acme")
    numbers = iter(range(100))

    outcomes = send(house, ("acme", event()), ("acme", event()), new_id=lambda: f"n{next(numbers)}")

    assert [outcome.id for outcome in outcomes] == ["n0", "n1"]
    assert logins(house, "acme") == 2


def test_events_of_an_unknown_customer_wait_and_are_replayed_when_it_arrives(house: House) -> None:
    waiting = send(house, ("acme", event(id="e1")), ("acme", event(id="e2")))
    listed = quarantine.waiting(house, "acme")

    (created,) = catalog.upsert(house, [{"key": "acme", "createdOn": "2025-01-01"}], now=NOW)

    assert statuses(waiting) == ["quarantined", "quarantined"]
    assert [item.reason for item in listed] == ["no customer has this key"] * 2
    assert (created.status, created.replayed) == ("created", 2)
    assert quarantine.waiting(house) == ()
    assert logins(house, "acme") == 2


def test_a_replayed_event_sent_again_is_a_duplicate(house: House) -> None:
    send(house, ("acme", event(id="e1")), ("acme", event(id="e1")))
    customers(house, "acme")

    outcomes = send(house, ("acme", event(id="e1")))

    assert statuses(outcomes) == ["duplicate"]
    assert logins(house, "acme") == 1


def test_a_replayed_event_without_a_time_happened_when_it_came_in(house: House) -> None:
    send(house, ("acme", {"type": "login"}))
    month = NOW + timedelta(days=31)

    list(catalog.upsert(house, [{"key": "acme", "createdOn": "2025-01-01"}], now=month))

    assert logins(house, "acme") == 1
    assert logins(house, "acme", month.date()) == 0


def test_tickets_and_invoices_of_an_unknown_customer_are_replayed_too(house: House) -> None:
    ticket = {"id": "t1", "openedAt": "2026-05-01T00:00:00Z", "subject": "Help"}
    invoice = {"id": "r1", "dueOn": "2026-05-01", "amount": "10.00", "currency": "eur"}
    (held,) = accept_tickets(house, "desk", [("acme", ticket)], now=NOW)
    (kept,) = accept_invoices(house, "bank", [("acme", invoice)], now=NOW)

    (created,) = catalog.upsert(house, [{"key": "acme", "createdOn": "2025-01-01"}], now=NOW)

    assert (held.status, kept.status) == ("quarantined", "quarantined")
    assert created.replayed == 2
    factors = {f.name: f.raw for f in answer.health(house, "acme", today=TODAY).score.factors}
    assert factors["support_load"]["count"] == 1
    assert factors["invoice_timeliness"]["count"] == 1


def test_an_event_from_the_future_waits_with_the_reason_and_enters_when_its_time_has_come(
    house: House,
) -> None:
    customers(house, "acme")
    soon = event(id="soon", occurredAt="2026-05-20T12:04:59Z")
    later = event(id="later", occurredAt="2026-05-20T12:05:01Z")

    outcomes = send(house, ("acme", soon), ("acme", later))
    early = quarantine.replay(house, ["acme"], now=NOW)
    (waiting,) = quarantine.waiting(house)
    in_time = quarantine.replay(house, ["acme"], now=NOW + timedelta(hours=1))

    assert statuses(outcomes) == ["accepted", "quarantined"]
    assert "5 minutes" in (outcomes[1].reason or "")
    assert (early, in_time) == ({}, {"acme": 1})
    assert "5 minutes" in waiting.reason
    assert logins(house, "acme") == 2


def test_the_daily_job_lets_in_events_whose_time_has_come(house: House) -> None:
    customers(house, "acme")
    send(house, ("acme", event(occurredAt="2026-05-21T10:00:00Z")), ("nobody", event()))

    rescore(house, date(2026, 5, 21), now=NOW + timedelta(days=2), decide=True)

    assert logins(house, "acme", date(2026, 5, 21)) == 1
    assert [item.customer_key for item in quarantine.waiting(house)] == ["nobody"]


def test_the_single_door_says_so_when_it_puts_an_event_aside(house: House) -> None:
    customers(house, "acme")
    draft = EventDraft(type="login", occurred_at=NOW + timedelta(hours=1))

    accepted = accept_event(house, "acme", draft, feed=FEED, now=NOW)

    assert accepted.outcome == "quarantined"
    assert accepted.reason is not None
    assert logins(house, "acme") == 0


def test_an_unknown_key_never_becomes_a_customer_by_itself(house: House) -> None:
    send(house, ("acme", event()))

    with pytest.raises(UnknownCustomer):
        answer.health(house, "acme", today=TODAY)


def test_a_file_may_make_customers_since_the_day_of_their_first_event(house: House) -> None:
    rows = [("acme", event(occurredAt=f"2026-0{month}-03T08:00:00Z")) for month in (3, 1, 2)]

    outcomes = send(house, *rows, create_customers=True)

    assert set(statuses(outcomes)) == {"accepted"}
    customer = answer.health(house, "acme", today=TODAY).customer
    assert (customer.name, customer.created_on) == ("acme", date(2026, 1, 3))


def test_a_rehearsal_tells_what_would_happen_and_changes_nothing(house: House) -> None:
    customers(house, "acme")

    rehearsed = send(house, ("acme", event(id="e1")), ("nobody", event()), rehearse=True)

    assert statuses(rehearsed) == ["accepted", "quarantined"]
    assert logins(house, "acme") == 0
    assert quarantine.waiting(house) == ()


def test_a_stream_is_read_chunk_by_chunk_and_what_was_read_is_kept(house: House) -> None:
    customers(house, "acme")
    read: list[int] = []

    def stream() -> Iterable[tuple[str, dict[str, Any]]]:
        for number in range(100):
            read.append(number)
            yield "acme", event(id=str(number))

    outcomes = iter(accept_events(house, FEED, stream(), now=NOW, chunk=10))
    first = next(outcomes)

    assert first.status == "accepted"
    assert len(read) == 10
    assert logins(house, "acme") == 10


def test_any_order_of_arrival_gives_the_same_score(house: House) -> None:
    keys = [f"c{number}" for number in range(6)]
    customers(house, *keys)

    for seed, key in enumerate(keys):
        events = [
            event(
                id=f"{key}-{n}",
                occurredAt=f"2026-05-{1 + n % 19:02}T0{n % 10}:00:00Z",
                feature=f"f{n % 3}",
            )
            for n in range(40)
        ] * 2
        Random(seed).shuffle(events)  # noqa: S311 - an order, not a secret
        send(house, *[(key, item) for item in events], chunk=7 + seed)

    scores = [answer.health(house, key, today=TODAY).score for key in keys]
    assert all(score == scores[0] for score in scores)
    assert {logins(house, key) for key in keys} == {40}
