"""Planting a made-up world through the product's own doors, so that twice is as good as once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bellwether.errors import NotADemo
from bellwether.seed import SeedCustomer, SeedEvent, SeedInvoice, SeedTicket, World
from service.catalog import CustomerDraft, upsert
from service.events import EventDraft
from service.ingest import accept_events
from service.ports import House
from service.records import InvoiceDraft, TicketDraft, accept_invoices, accept_tickets
from storage.customers import active_ids
from storage.switches import set_switch, switch

FEED: Final = "demo"
# Says which world stands in the database, and whether its days were all replayed.
SWITCH: Final = "demo"


@dataclass(frozen=True, slots=True)
class Planted:
    """How many rows were new; all zero when the world stood there already."""

    customers: int
    events: int
    tickets: int
    invoices: int


def standing(house: House) -> str | None:
    """Return the mark of the world that stands here, None for an empty database.

    Raises NotADemo when there are customers the demo did not plant.
    """
    with house.database.reading() as tx:
        mark = switch(tx, SWITCH)
        customers = len(active_ids(tx))
    if mark is None and customers:
        raise NotADemo(customers)
    return mark.value if mark else None


def mark(house: House, value: str, now: datetime) -> None:
    """Remember which world stands here."""
    with house.database.transaction() as tx:
        set_switch(tx, SWITCH, value, "demo", now)


def plant(house: House, made: World, *, now: datetime, progress: Callable[[int], None]) -> Planted:
    """Plant every row that is not there yet; `progress` is told how many were looked at."""
    looked = 0

    def counted(outcomes: Iterable[str], word: str) -> int:
        nonlocal looked
        new = 0
        for status in outcomes:
            looked += 1
            new += status == word
            progress(looked)
        return new

    drafts = (_customer(one) for one in made.customers)
    events = ((one.customer, _event(one)) for one in made.events)
    tickets = ((one.customer, _ticket(one)) for one in made.tickets)
    invoices = ((one.customer, _invoice(one)) for one in made.invoices)
    return Planted(
        counted((one.status for one in upsert(house, drafts, now=now)), "created"),
        counted((one.status for one in accept_events(house, FEED, events, now=now)), "accepted"),
        counted((one.status for one in accept_tickets(house, FEED, tickets, now=now)), "created"),
        counted((one.status for one in accept_invoices(house, FEED, invoices, now=now)), "created"),
    )


def rows(made: World) -> int:
    """Return how many rows `plant` will look at."""
    return sum(map(len, (made.customers, made.events, made.tickets, made.invoices)))


def pause_customers(house: House, made: Iterable[SeedCustomer], *, now: datetime) -> None:
    """Set these customers to paused, as their CSM would have."""
    drafts = [CustomerDraft(key=one.key, status="paused") for one in made]
    for _ in upsert(house, drafts, now=now):
        pass


def _customer(one: SeedCustomer) -> CustomerDraft:
    return CustomerDraft(
        key=one.key, name=one.name, segment=one.segment, plan=one.plan, arr=one.arr,
        seats=one.seats, created_on=one.created_on, renewal_on=one.renewal_on,
        timezone=one.timezone, csm_email=one.csm_email, csm_name=one.csm_name,
        contact_email=one.contact_email, contact_name=one.contact_name,
        tags=("demo", one.story),
    )  # fmt: skip


def _event(one: SeedEvent) -> EventDraft:
    return EventDraft(
        type=one.kind, id=one.id, occurred_at=one.occurred_at, feature=one.feature,
        value=one.value, user=one.user,
    )  # fmt: skip


def _ticket(one: SeedTicket) -> TicketDraft:
    return TicketDraft(
        id=one.id, opened_at=one.opened_at, closed_at=one.closed_at, rating=one.rating,
        subject=one.subject,
    )  # fmt: skip


def _invoice(one: SeedInvoice) -> InvoiceDraft:
    return InvoiceDraft(
        id=one.id, due_on=one.due_on, paid_on=one.paid_on, amount=one.amount, currency="EUR",
        issued_on=one.issued_on,
    )  # fmt: skip
