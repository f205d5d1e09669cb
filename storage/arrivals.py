"""Records that a playbook may begin with: invoices overdue, detractors, tickets rated badly."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, func, or_, select

from playbooks.situation import Record, RecordKind
from storage.asked import Asked
from storage.bulk import Ids, among
from storage.columnar import int_columns, ordinal, whole
from storage.database import Transaction
from storage.tables import invoice, survey, survey_answer, ticket

A_DAY: Final = timedelta(days=1)
# An answer or a ticket begins nothing after so long; an unpaid invoice stands for a year.
LATELY, LONG = timedelta(days=61), timedelta(days=365)
NPS: Final = "nps"
DETRACTOR: Final = 6
ANGRY: Final = 2

Found = tuple[int, Record]


def records(
    tx: Transaction, ids: Ids, kinds: Collection[RecordKind], as_of: date
) -> Mapping[int, tuple[Record, ...]]:
    """Return what stands, or came lately, of these kinds on that day, by customer."""
    found: defaultdict[int, tuple[Record, ...]] = defaultdict(tuple)
    if "invoice_overdue" in kinds:
        _gather(found, _overdue(tx, ids, as_of))
    if "nps_detractor" in kinds:
        _gather(found, _detractors(tx, ids, as_of - LATELY, as_of))
    if "angry_ticket" in kinds:
        angry = _angry(tx, ids, as_of - LATELY, as_of)
        _gather(found, ((one, record) for one, record, _ in angry))
    return dict(found)


def newest(
    tx: Transaction, ids: Ids, kinds: Collection[RecordKind], as_of: date
) -> Mapping[RecordKind, Mapping[int, date]]:
    """Return the day of each customer's newest record that `records` returns, by kind."""
    found: dict[RecordKind, Mapping[int, date]] = {}
    if "invoice_overdue" in kinds:
        found["invoice_overdue"] = _newest_overdue(tx, ids, as_of)
    others = frozenset(kinds) - {"invoice_overdue"}
    several = records(tx, ids, others, as_of) if others else {}
    for kind in others:
        found[kind] = {
            one: max(days)
            for one, each in several.items()
            if (days := [record.on for record in each if record.kind == kind])
        }
    return found


def spans(
    tx: Transaction, ids: Ids, kinds: Collection[RecordKind], first: date, last: date
) -> Mapping[int, tuple[tuple[Record, date], ...]]:
    """Return the records of these kinds with the last day on which each stood or was news.

    It is what `records` answers for each of the days between, in one go.
    """
    found: defaultdict[int, tuple[tuple[Record, date], ...]] = defaultdict(tuple)
    if "invoice_overdue" in kinds:
        statement = select(
            invoice.c.customer_id, invoice.c.due_on, invoice.c.paid_on, invoice.c.invoice_id
        ).where(among(tx, invoice.c.customer_id, ids), invoice.c.due_on.between(first - LONG, last))
        for row in tx.execute(statement):
            until = min(row.paid_on or last, row.due_on + LONG)
            until = until - A_DAY if row.paid_on is not None and until == row.paid_on else until
            record = Record("invoice_overdue", row.due_on + A_DAY, row.invoice_id)
            found[row.customer_id] += ((record, until),)
    if "nps_detractor" in kinds:
        for one, record in _detractors(tx, ids, first - LATELY, last):
            found[one] += ((record, record.on + LATELY),)
    if "angry_ticket" in kinds:
        for one, record, opened in _angry(tx, ids, first - LATELY, last):
            found[one] += ((record, opened + LATELY),)
    return dict(found)


def _gather(found: dict[int, tuple[Record, ...]], more: Iterator[Found]) -> None:
    for one, record in more:
        found[one] += (record,)


def _unpaid(as_of: date) -> ColumnElement[bool]:
    due = invoice.c.due_on.between(as_of - LONG, as_of - A_DAY)
    return due & or_(invoice.c.paid_on.is_(None), invoice.c.paid_on > as_of)


def _newest_overdue(tx: Transaction, ids: Ids, as_of: date) -> Mapping[int, date]:
    """Read in columns: on most days a good part of all customers has one."""
    if not ids:
        return {}
    asked = Asked(tx, np.array(sorted(ids), np.int64), {}, {})
    owner, due = invoice.c.customer_id, func.max(ordinal(tx, invoice.c.due_on))
    statement = select(whole(owner, "owner"), whole(due, "due")).group_by(owner)
    rows = int_columns(tx, statement.where(asked.concerns(owner), _unpaid(as_of)))
    _, ours = asked.places(rows["owner"])
    owners, days = rows["owner"][ours].tolist(), rows["due"][ours].tolist()
    known = {day: date.fromordinal(day) + A_DAY for day in set(days)}
    return {one: known[day] for one, day in zip(owners, days, strict=True)}


def _overdue(tx: Transaction, ids: Ids, as_of: date) -> Iterator[Found]:
    statement = select(invoice.c.customer_id, invoice.c.due_on, invoice.c.invoice_id).where(
        among(tx, invoice.c.customer_id, ids), _unpaid(as_of)
    )
    for row in tx.execute(statement):
        yield row.customer_id, Record("invoice_overdue", row.due_on + A_DAY, row.invoice_id)


def _detractors(tx: Transaction, ids: Ids, first: date, last: date) -> Iterator[Found]:
    answers = survey_answer.c
    statement = (
        select(answers.customer_id, answers.answered_on, answers.answer_id)
        .join(survey, survey.c.id == answers.survey_id)
        .where(
            among(tx, answers.customer_id, ids),
            survey.c.name == NPS,
            answers.score <= DETRACTOR,
            answers.answered_on.between(first, last),
        )
    )
    for row in tx.execute(statement):
        yield row.customer_id, Record("nps_detractor", row.answered_on, row.answer_id)


def _angry(
    tx: Transaction, ids: Ids, first: date, last: date
) -> Iterator[tuple[int, Record, date]]:
    """Count a ticket on the day it was closed, when it is rated; else on the day it was opened.

    Told are those opened between the days that counted by the last, with the day of opening.
    """
    statement = select(
        ticket.c.customer_id, ticket.c.opened_on, ticket.c.closed_at, ticket.c.ticket_id
    ).where(
        among(tx, ticket.c.customer_id, ids),
        ticket.c.rating <= ANGRY,
        ticket.c.opened_on.between(first, last),
    )
    for row in tx.execute(statement):
        day = row.closed_at.date() if row.closed_at is not None else row.opened_on
        if day <= last:
            yield row.customer_id, Record("angry_ticket", day, row.ticket_id), row.opened_on
