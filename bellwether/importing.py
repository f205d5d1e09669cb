"""Importing a file: rows through the same doors as everything else, one outcome per row."""

import gc
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

from bellwether.columns import Columns, Fields, fields_of
from bellwether.desk import Desk, Imported, Outcome
from bellwether.errors import Stopped
from bellwether.files import Line, Rejects, Table
from bellwether.paging import MOST_ROWS, ROWS, SheetOf, row_id, split
from service.catalog import CustomerDraft, upsert
from service.events import EventDraft
from service.ingest import accept_events
from service.loading import accept_sheets
from service.ports import House
from service.records import (
    InvoiceDraft,
    SurveyDraft,
    TicketDraft,
    accept_invoices,
    accept_surveys,
    accept_tickets,
)
from service.sheets import Sheet

__all__ = ["Imported", "Plan", "What", "fields_for", "import_table", "row_id"]


COLLECTED: Final = 20  # Pages from one look for garbage to the next.
TURN: Final = 0.0005  # Seconds that one thread computes while another one waits to go on.


class What(StrEnum):
    """What a file holds, one row each."""

    customers = "customers"
    events = "events"
    tickets = "tickets"
    invoices = "invoices"
    surveys = "surveys"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a file. `rehearse` writes nothing."""

    what: What
    columns: Columns
    feed: str
    create_customers: bool
    rehearse: bool


def fields_for(what: What) -> Fields:
    """Return the fields a row of this kind may have."""
    match what:
        case What.customers:
            return fields_of(CustomerDraft, owned=False)
        case What.events:
            return fields_of(EventDraft, owned=True)
        case What.tickets:
            return fields_of(TicketDraft, owned=True)
        case What.invoices:
            return fields_of(InvoiceDraft, owned=True)
        case What.surveys:
            return fields_of(SurveyDraft, owned=True)
        case _:
            assert_never(what)


def import_table(
    house: House,
    table: Table,
    plan: Plan,
    *,
    now: datetime,
    rejects: Rejects,
    progress: Callable[[int], None],
) -> Imported:
    """Import every row; `progress` is told how many bytes of the file were read."""
    if table.columns:
        plan.columns.check(table.columns)
    desk = Desk(plan.columns, rejects, rehearse=plan.rehearse)
    try:
        if plan.what is What.events:
            _load(house, table, plan, desk, now, progress)
        else:
            items = _items(table.lines, plan, desk)
            for outcome in _doors(house, plan, items, now):
                desk.settle(outcome)
                progress(desk.read)
        return desk.report()
    except KeyboardInterrupt:
        raise Stopped(_KEPT.format(rows=sum(desk.report().counts.values()))) from None
    finally:
        rejects.close()


_KEPT: Final = (
    "{rows:,} rows are dealt with. Import the same file again to go on: what is in is told apart "
    "and adds nothing"
)


def _load(  # noqa: PLR0917 - what `import_table` was given
    house: House,
    table: Table,
    plan: Plan,
    desk: Desk,
    now: datetime,
    progress: Callable[[int], None],
) -> None:
    """Import events by the page; a file of them may be long."""
    read: deque[SheetOf] = deque()

    def sheets() -> Iterator[Sheet]:
        for page in table.pages(ROWS, MOST_ROWS):
            read.append(SheetOf(page, plan.columns))
            desk.overlook(read[-1].names)
            yield read[-1].sheet()

    options = {"create_customers": plan.create_customers, "rehearse": plan.rehearse}
    with _seldom_collecting() as collect, _taking_turns():
        for settled in accept_sheets(house, plan.feed, sheets(), now=now, **options):
            done = read.popleft()
            desk.settle_page(done.page, done.places, settled)
            progress(done.page.read)
            collect()


@contextmanager
def _seldom_collecting() -> Iterator[Callable[[], None]]:
    """Look for garbage in cycles now and then only; there is none among rows.

    Python else looks through them again and again while they are made: a third of all time.
    """
    pages = 0

    def collect() -> None:
        nonlocal pages
        pages += 1
        if pages % COLLECTED == 0:
            gc.collect()

    was = gc.isenabled()
    gc.disable()
    try:
        yield collect
    finally:
        if was:
            gc.enable()


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Let whoever writes go on soon after each answer of the database.

    Whoever reads else keeps the turn for five milliseconds each time, and the database waits.
    """
    was = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(was)


def _items(lines: Iterator[Line], plan: Plan, desk: Desk) -> Iterator[dict[str, object]]:
    """Yield the readable rows as items; the others wait with them, to be refused in turn."""
    for line in lines:
        if desk.take(line):
            item = plan.columns.item(line.row)
            if plan.what is What.surveys:
                item.setdefault("id", row_id(item, line.row))
            yield item


def _doors(
    house: House, plan: Plan, items: Iterator[dict[str, object]], now: datetime
) -> Iterator[Outcome]:
    owned = (split(item) for item in items) if plan.what is not What.customers else iter(())
    match plan.what:
        case What.customers:
            return upsert(house, items, now=now, rehearse=plan.rehearse)
        case What.tickets:
            return accept_tickets(house, plan.feed, owned, now=now, rehearse=plan.rehearse)
        case What.invoices:
            return accept_invoices(house, plan.feed, owned, now=now, rehearse=plan.rehearse)
        case What.surveys:
            return accept_surveys(house, plan.feed, owned, now=now, rehearse=plan.rehearse)
        case What.events:
            return accept_events(house, plan.feed, owned, now=now, rehearse=plan.rehearse)
        case _:
            assert_never(plan.what)
