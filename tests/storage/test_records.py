from datetime import datetime
from decimal import Decimal
from typing import Any

from storage.activity import freshness
from storage.database import Database
from storage.records import (
    invoices_of,
    surveys_of,
    tickets_of,
    upsert_invoices,
    upsert_surveys,
    upsert_tickets,
)
from tests import builders
from tests.builders import NOON, day, invoice, noon, survey, ticket


def test_a_ticket_is_created_then_unchanged_then_updated(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    plain = ticket(acme, back=3)
    closed = ticket(acme, back=3, closed_at=NOON, rating=4, subject="It works")

    with database.transaction() as tx:
        outcomes = [upsert_tickets(tx, [one]) for one in (plain, plain, closed, closed)]
        kept = tickets_of(tx, acme)

    assert outcomes == [("created",), ("unchanged",), ("updated",), ("unchanged",)]
    assert kept == (closed,)


def test_a_ticket_said_in_another_zone_is_the_same_ticket(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    berlin = datetime.fromisoformat("2026-11-20T13:00:00+01:00")

    with database.transaction() as tx:
        first = upsert_tickets(tx, [ticket(acme, opened_at=NOON)])
        again = upsert_tickets(tx, [ticket(acme, opened_at=berlin)])

    assert (first, again) == (("created",), ("unchanged",))


def test_an_invoice_that_is_paid_is_updated_and_a_mistake_can_be_undone(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    unpaid = invoice(acme, due_back=3, amount=Decimal("99.90"), currency="EUR", issued_on=day(17))
    paid = invoice(
        acme, due_back=3, amount=Decimal("99.90"), currency="EUR", issued_on=day(17), paid_on=day(1)
    )

    with database.transaction() as tx:
        outcomes = [upsert_invoices(tx, [one])[0] for one in (unpaid, paid, unpaid)]
        kept = invoices_of(tx, acme)

    assert outcomes == ["created", "updated", "updated"]
    assert kept == (unpaid,)


def test_of_a_record_given_twice_the_later_stands(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    with database.transaction() as tx:
        outcomes = upsert_invoices(tx, [invoice(acme), invoice(acme, paid_on=day(0))])
        kept = invoices_of(tx, acme)

    assert outcomes == ("created", "updated")
    assert [one.paid_on for one in kept] == [day(0)]


def test_records_of_two_customers_may_share_an_id(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")

    with database.transaction() as tx:
        outcomes = upsert_tickets(tx, [ticket(acme, "T-1"), ticket(bolt, "T-1")])

    assert outcomes == ("created", "created")


def test_records_cost_the_same_statements_whatever_their_number(
    database: Database, statements: Any
) -> None:
    (acme,) = builders.customers(database, "acme")

    with database.transaction() as tx, statements(database) as few:
        upsert_tickets(tx, [ticket(acme, f"few-{n}", n) for n in range(2)])
    with database.transaction() as tx, statements(database) as many:
        upsert_tickets(tx, [ticket(acme, f"many-{n}", n % 90) for n in range(300)])

    assert len(few) == len(many)


def test_an_answer_is_created_then_unchanged_then_updated(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")
    nine, seven = survey(acme), survey(acme, score=Decimal("7.5"))

    with database.transaction() as tx:
        outcomes = [upsert_surveys(tx, [one]) for one in (nine, nine, seven, seven)]
        kept = surveys_of(tx, acme)

    assert outcomes == [("created",), ("unchanged",), ("updated",), ("unchanged",)]
    assert kept == (seven,)


def test_answers_of_two_surveys_feeds_or_customers_may_share_an_id(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    given = [
        survey(acme),
        survey(acme, survey="csat"),
        survey(acme, feed="another tool"),
        survey(bolt),
    ]

    with database.transaction() as tx:
        outcomes = upsert_surveys(tx, given)
        found = (len(surveys_of(tx, acme)), len(surveys_of(tx, bolt)))

    assert outcomes == ("created",) * 4
    assert found == (3, 1)


def test_answers_cost_the_same_statements_whatever_their_number(
    database: Database, statements: Any
) -> None:
    (acme,) = builders.customers(database, "acme")
    with database.transaction() as tx:
        upsert_surveys(tx, [survey(acme, "first")])

    with database.transaction() as tx, statements(database) as few:
        upsert_surveys(tx, [survey(acme, f"few-{n}", n) for n in range(2)])
    with database.transaction() as tx, statements(database) as many:
        upsert_surveys(tx, [survey(acme, f"many-{n}", n % 90) for n in range(300)])

    assert len(few) == len(many)


def test_records_tell_how_fresh_their_sources_are(database: Database) -> None:
    (acme,) = builders.customers(database, "acme")

    with database.transaction() as tx:
        upsert_tickets(tx, [ticket(acme, "T-1", 5), ticket(acme, "T-2", 2)])
        upsert_invoices(tx, [invoice(acme, due_back=-10, issued_on=day(4))])
        upsert_surveys(tx, [survey(acme, "A-1", 7), survey(acme, "A-2", 6)])
        found = freshness(tx)

    assert found["surveys:nps"] == noon(6)
    assert found["tickets"] == noon(2)
    assert found["invoices"].date() == day(4)
