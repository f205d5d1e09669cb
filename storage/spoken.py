"""When each feed spoke, kept while data comes in: how many customers were active a day.

The count is of distinct customers, and there is no table to arbitrate who is new on a day. So
whoever found a customer's first row of a day locks the day's counts before looking whether others
are there, and writes of one day queue up for the last statements of their transactions.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Column, ColumnElement, Table, select, true

from storage.bulk import among_pairs, excluded, put
from storage.database import Transaction
from storage.lifelong import rolled_up_of
from storage.tables import (
    EVENT_SOURCE,
    FEATURE_SOURCE,
    INVOICE_SOURCE,
    NO_FEATURE,
    SURVEY_SOURCES,
    TICKET_SOURCE,
    activity_day,
    feed_day,
    invoice,
    survey_answer,
    ticket,
)

# Which column of a record says the day its feed spoke.
SPEAKS = {TICKET_SOURCE: ticket.c.opened_on, INVOICE_SOURCE: invoice.c.known_on}

Rolled = tuple[date, int, int, int]  # Day, customer, kind, feature.
Pair = tuple[date, int]  # Day, customer.
Said = tuple[int, date, int]  # Source, day, customer.


def note_activity(tx: Transaction, fresh: Iterable[Rolled]) -> None:
    """Count whoever became active by these rows of the roll-up, which are new and written."""
    new = set(fresh)
    pairs = {(day, whose) for day, whose, _, _ in new}
    if not pairs:
        return
    _add(tx, {(EVENT_SOURCE, day): 0 for day, _ in pairs})
    rows = activity_day.c
    statement = select(rows.day, rows.customer_id, rows.kind_id, rows.feature_id)
    there = tx.execute(statement.where(among_pairs(tx, rows.day, rows.customer_id, pairs)))
    old = {(row.day, row.customer_id, row.kind_id, row.feature_id) for row in there} - new
    _add(tx, _counted(_said(new) - _said(old)))


def speaks(source: int) -> tuple[Column[date], ColumnElement[bool]] | None:
    """Return the day of a record through which a source speaks, and which records are its own.

    None for sources whose data are events.
    """
    if source < SURVEY_SOURCES:
        return survey_answer.c.answered_on, survey_answer.c.survey_id == SURVEY_SOURCES - source
    return (SPEAKS[source], true()) if source in SPEAKS else None


@contextmanager
def recounting(tx: Transaction, said: Iterable[Said]) -> Iterator[None]:
    """Count anew who has records on which day; `said` is all that the block may change."""
    touched = set(said)
    _add(tx, {(source, day): 0 for source, day, _ in touched})
    before = _speaking(tx, touched)
    yield
    after = _speaking(tx, touched)
    changes = _counted(after - before)
    for key, count in _counted(before - after).items():
        changes[key] = changes.get(key, 0) - count
    _add(tx, changes)


def silence(tx: Transaction, customer_id: int) -> None:
    """Take a customer out of all counts; its data are about to be erased."""
    rows = activity_day.c
    statement = select(rows.day, rows.customer_id, rows.kind_id, rows.feature_id)
    found = tx.execute(statement.where(rolled_up_of(tx, customer_id)))
    said = _said((row.day, row.customer_id, row.kind_id, row.feature_id) for row in found)
    for source, day in SPEAKS.items():
        whose = select(day).where(owner(day) == customer_id)
        said |= {(source, row[0], customer_id) for row in tx.execute(whose)}
    answered = select(survey_answer.c.survey_id, survey_answer.c.answered_on)
    for row in tx.execute(answered.where(survey_answer.c.customer_id == customer_id)):
        said.add((SURVEY_SOURCES - row.survey_id, row.answered_on, customer_id))
    _add(tx, {key: -count for key, count in _counted(said).items()})


def _said(rows: Iterable[Rolled]) -> set[Said]:
    """Answer through which sources these rows speak: their kind, any event, a feature."""
    said: set[Said] = set()
    for day, whose, kind, feature in rows:
        said |= {(kind, day, whose), (EVENT_SOURCE, day, whose)}
        if feature > NO_FEATURE:
            said.add((FEATURE_SOURCE, day, whose))
    return said


def _speaking(tx: Transaction, touched: Iterable[Said]) -> set[Said]:
    """Answer which of these is said by any record: one statement for each source."""
    pairs: dict[int, set[Pair]] = {}
    for source, day, whose in touched:
        pairs.setdefault(source, set()).add((day, whose))
    return {
        (source, *pair) for source in sorted(pairs) for pair in _present(tx, source, pairs[source])
    }


def _present(tx: Transaction, source: int, pairs: set[Pair]) -> Iterator[Pair]:
    spoken = speaks(source)
    if spoken is None:
        raise ValueError(source)
    day, holds = spoken
    statement = select(day, owner(day)).where(among_pairs(tx, day, owner(day), pairs), holds)
    yield from ((row[0], row[1]) for row in tx.execute(statement))


def owner(day: Column[date]) -> Column[int]:
    """Return the column of the customer beside the column of a day."""
    table = day.table
    if not isinstance(table, Table):
        raise TypeError(day)
    return table.c.customer_id


def _counted(said: Iterable[Said]) -> dict[tuple[int, date], int]:
    counts: dict[tuple[int, date], int] = {}
    for source, day, _ in said:
        counts[source, day] = counts.get((source, day), 0) + 1
    return counts


def _add(tx: Transaction, changes: Mapping[tuple[int, date], int]) -> None:
    """Add to the counts, sorted so that writers never wait crosswise; zero only locks."""
    rows = [
        {"source_id": source, "day": day, "customers": count}
        for (source, day), count in sorted(changes.items())
    ]
    more = feed_day.c.customers + excluded(tx, feed_day).customers
    put(tx, feed_day, rows, key=("source_id", "day"), change={"customers": more})
