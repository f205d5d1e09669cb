"""Importing a file: rows through the same doors as everything else, one outcome per row."""

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, assert_never

from bellwether.columns import INTERNAL, OWNER, Columns, Fields, fields_of
from bellwether.files import Line, Rejects, Row, Table
from service.catalog import CustomerDraft, upsert
from service.events import EventDraft
from service.ingest import accept_events
from service.ports import House
from service.records import (
    InvoiceDraft,
    SurveyDraft,
    TicketDraft,
    accept_invoices,
    accept_surveys,
    accept_tickets,
)

REFUSED = ("rejected", "conflict")
_CONFLICT = "another row used this id with other content"
# So many reasons are shown on the screen; the rejects file holds them all.
_SHOWN = 5


class What(StrEnum):
    """What a file holds, one row each."""

    customers = "customers"
    events = "events"
    tickets = "tickets"
    invoices = "invoices"
    surveys = "surveys"


class Outcome(Protocol):
    """What every door answers for an item."""

    @property
    def status(self) -> str:
        """The outcome in one word."""
        ...

    @property
    def reason(self) -> str | None:
        """Why, when it was refused or put aside."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a file. `rehearse` writes nothing."""

    what: What
    columns: Columns
    feed: str
    create_customers: bool
    rehearse: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of it: rows by outcome, the first reasons, columns nobody read."""

    counts: dict[str, int]
    reasons: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]
    rejects: str | None

    @property
    def refused(self) -> int:
        """How many rows did not get in."""
        return sum(self.counts.get(word, 0) for word in REFUSED)


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
    desk = _Desk(plan, rejects)
    doors = _doors(house, plan, desk.items(table.lines), now)
    for outcome in doors:
        desk.settle(outcome)
        progress(desk.read)
    report = desk.report()
    rejects.close()
    return report


def _doors(
    house: House, plan: Plan, items: Iterator[dict[str, object]], now: datetime
) -> Iterator[Outcome]:
    match plan.what:
        case What.customers:
            return upsert(house, items, now=now, rehearse=plan.rehearse)
        case What.events:
            return accept_events(
                house,
                plan.feed,
                _owned(items),
                now=now,
                create_customers=plan.create_customers,
                rehearse=plan.rehearse,
            )
        case What.tickets:
            return accept_tickets(house, plan.feed, _owned(items), now=now, rehearse=plan.rehearse)
        case What.invoices:
            return accept_invoices(house, plan.feed, _owned(items), now=now, rehearse=plan.rehearse)
        case What.surveys:
            return accept_surveys(house, plan.feed, _owned(items), now=now, rehearse=plan.rehearse)
        case _:
            assert_never(plan.what)


def _owned(items: Iterator[dict[str, object]]) -> Iterator[tuple[str, dict[str, object]]]:
    """Split the owner off; what is no text is refused by the door, as an empty one is."""
    for item in items:
        owner = item.pop(OWNER, "")
        yield owner if isinstance(owner, str) else str(owner), item


def row_id(item: Mapping[str, object], row: Row) -> str:
    """Return an id for a row that gives none: made of the whole row, and of how it was read.

    Columns nobody reads tell two events apart as well as those that are mapped do; so only rows
    that are alike in everything are one event. What a rejects file adds to a row does not count.
    """
    cells = {name: value for name, value in row.items() if name not in INTERNAL}
    text = json.dumps([item, cells], sort_keys=True, separators=(",", ":"))
    return "row:" + hashlib.sha256(text.encode()).hexdigest()[:40]


class _Desk:
    """Keeps each row until its outcome comes back; outcomes come in the order of the items."""

    def __init__(self, plan: Plan, rejects: Rejects) -> None:
        self.read = 0
        self._plan = plan
        self._rejects = rejects
        self._waiting: deque[Line] = deque()
        self._counts: Counter[str] = Counter()
        self._reasons: list[tuple[int, str]] = []
        self._ignored: dict[str, None] = {}

    def items(self, lines: Iterator[Line]) -> Iterator[dict[str, object]]:
        """Yield the readable rows as items; the others wait with them, to be refused in turn."""
        for line in lines:
            self._waiting.append(line)
            if line.fault is None:
                self._ignored.update(dict.fromkeys(self._plan.columns.ignored(line.row)))
                yield self._item(line.row)

    def settle(self, outcome: Outcome) -> None:
        """Take down what became of the readable row that has waited longest."""
        self._refuse_unreadable()
        line = self._waiting.popleft()
        self.read = line.read
        if outcome.status in REFUSED:
            self._refuse(line, outcome.status, outcome.reason or _CONFLICT)
        else:
            self._counts[outcome.status] += 1

    def report(self) -> Imported:
        """Return the sums."""
        self._refuse_unreadable()
        path = str(self._rejects.path) if self._rejects.count else None
        return Imported(dict(self._counts), tuple(self._reasons), tuple(self._ignored), path)

    def _item(self, row: Row) -> dict[str, object]:
        item = self._plan.columns.item(row)
        if self._plan.what in (What.events, What.surveys):
            item.setdefault("id", row_id(item, row))
        return item

    def _refuse_unreadable(self) -> None:
        while self._waiting and (fault := self._waiting[0].fault):
            self._refuse(self._waiting.popleft(), "rejected", fault)

    def _refuse(self, line: Line, status: str, reason: str) -> None:
        self._counts[status] += 1
        if len(self._reasons) < _SHOWN:
            self._reasons.append((line.number, reason))
        if not self._plan.rehearse:
            self._rejects.add(line, reason)
