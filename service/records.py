"""Tickets, invoices and survey answers: facts with a state, written again when they change."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, Self, assert_never

from pydantic import AliasChoices, Field, model_validator

from service.chunks import CHUNK, chunks, writing
from service.errors import DraftInvalid, Problem
from service.events import FUTURE_TOLERANCE
from service.ingest import FUTURE
from service.ports import House
from service.written import (
    Amount,
    Blank,
    Currency,
    Day,
    Draft,
    Identifier,
    Instant,
    Label,
    Money,
    Rating,
    Text,
    clean_key,
    printable,
    read,
    refuse,
)
from storage.activity import Quarantined, quarantine
from storage.customers import resolve_keys
from storage.database import Transaction
from storage.records import (
    InvoiceFields,
    SurveyFields,
    TicketFields,
    upsert_invoices,
    upsert_surveys,
    upsert_tickets,
)

Status = Literal["created", "updated", "unchanged", "quarantined", "rejected"]
UNKNOWN: Final = "no customer has this key"


class TicketDraft(Draft):
    """One support ticket; `rating` is 1 (worst) to 5."""

    id: Identifier = Field(validation_alias=AliasChoices("id", "ticketId", "ticket_id"))
    opened_at: Instant = Field(
        validation_alias=AliasChoices("openedAt", "opened_at", "createdAt", "created_at")
    )
    closed_at: Annotated[Instant | None, Blank] = Field(
        None, validation_alias=AliasChoices("closedAt", "closed_at", "solvedAt", "resolvedAt")
    )
    rating: Annotated[Rating | None, Blank] = None
    subject: Annotated[Text | None, Blank] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.closed_at is not None and self.closed_at < self.opened_at:
            raise refuse("order", "closedAt must not lie before openedAt")
        return self


class InvoiceDraft(Draft):
    """One invoice; an empty `paidOn` means not paid."""

    id: Identifier = Field(validation_alias=AliasChoices("id", "invoiceId", "invoice_id", "number"))
    due_on: Day = Field(validation_alias=AliasChoices("dueOn", "due_on", "dueDate", "due", "dueAt"))
    paid_on: Annotated[Day | None, Blank] = Field(
        None, validation_alias=AliasChoices("paidOn", "paid_on", "paidDate", "paid", "paidAt")
    )
    amount: Annotated[Money | None, Blank] = None
    currency: Annotated[Currency | None, Blank] = None
    issued_on: Annotated[Day | None, Blank] = Field(
        None, validation_alias=AliasChoices("issuedOn", "issued_on", "issued", "issuedAt", "date")
    )


class SurveyDraft(Draft):
    """One answer to a survey; without an `id` it gets one made of its content.

    The score is in the survey's own unit: 0 to 10 for an NPS, 1 to 5 for a CSAT.
    """

    survey: Label = Field(validation_alias=AliasChoices("survey", "surveyName", "survey_name"))
    score: Amount
    answered_at: Instant = Field(
        validation_alias=AliasChoices(
            "answeredAt", "answered_at", "respondedAt", "submittedAt", "createdAt", "created_at"
        )
    )
    id: Annotated[Identifier | None, Blank] = Field(
        None, validation_alias=AliasChoices("id", "answerId", "answer_id", "responseId")
    )


RecordDraft = TicketDraft | InvoiceDraft | SurveyDraft


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """What became of one record of a stream, in the order of the items."""

    status: Status
    key: str
    id: str | None = None
    reason: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A record at the door, whose it claims to be, and when it came in."""

    key: str
    draft: RecordDraft
    received_at: datetime


def accept_tickets(
    house: House,
    feed: str,
    items: Iterable[tuple[str, TicketDraft | Mapping[str, object]]],
    *,
    now: datetime,
    rehearse: bool = False,
    chunk: int = CHUNK,
) -> Iterator[RecordOutcome]:
    """Write a stream of (customer's key, ticket); a generator, one transaction a chunk.

    A ticket of an unknown customer waits in quarantine until the customer arrives.
    """
    for batch in chunks(items, chunk):
        doors = [_at_the_door(TicketDraft, "ticket", *item, now) for item in batch]
        yield from _write(house, feed, doors, now=now, rehearse=rehearse)


def accept_invoices(
    house: House,
    feed: str,
    items: Iterable[tuple[str, InvoiceDraft | Mapping[str, object]]],
    *,
    now: datetime,
    rehearse: bool = False,
    chunk: int = CHUNK,
) -> Iterator[RecordOutcome]:
    """Write a stream of (customer's key, invoice); as accept_tickets."""
    for batch in chunks(items, chunk):
        doors = [_at_the_door(InvoiceDraft, "invoice", *item, now) for item in batch]
        yield from _write(house, feed, doors, now=now, rehearse=rehearse)


def accept_surveys(
    house: House,
    feed: str,
    items: Iterable[tuple[str, SurveyDraft | Mapping[str, object]]],
    *,
    now: datetime,
    rehearse: bool = False,
    chunk: int = CHUNK,
) -> Iterator[RecordOutcome]:
    """Write a stream of (customer's key, survey answer); as accept_tickets.

    An answer from the future waits in quarantine for its time.
    """
    for batch in chunks(items, chunk):
        doors = [_at_the_door(SurveyDraft, "survey", *item, now) for item in batch]
        yield from _write(house, feed, doors, now=now, rehearse=rehearse)


def _at_the_door(
    kind: type[RecordDraft],
    what: str,
    key: object,
    written: RecordDraft | Mapping[str, object],
    now: datetime,
) -> Claim | RecordOutcome:
    try:
        owner = clean_key(key)
        draft = written if isinstance(written, kind) else read(kind, written, what)
    except DraftInvalid as error:
        return RecordOutcome("rejected", printable(key), None, str(error), error.problems)
    return Claim(owner, draft, now)


def _write(
    house: House,
    feed: str,
    doors: Sequence[Claim | RecordOutcome],
    *,
    now: datetime,
    rehearse: bool,
) -> Iterator[RecordOutcome]:
    claims = [door for door in doors if isinstance(door, Claim)]
    with writing(house.database, rehearse=rehearse) as tx:
        admitted = iter(admit_records(tx, feed, claims, now=now))
    for door in doors:
        yield door if isinstance(door, RecordOutcome) else next(admitted)


def admit_records(
    tx: Transaction, feed: str, claims: Sequence[Claim], *, now: datetime
) -> list[RecordOutcome]:
    """Write what has an owner and quarantine the rest, in the caller's transaction."""
    ids = resolve_keys(tx, {claim.key for claim in claims})
    reasons = {at: _unfit(claim, ids, now) for at, claim in enumerate(claims)}
    waiting = {at: reason for at, reason in reasons.items() if reason is not None}
    if waiting:
        quarantine(tx, [_put_aside(feed, claims[at], reason) for at, reason in waiting.items()])
    owned = {at: claim for at, claim in enumerate(claims) if at not in waiting}
    states = _upsert(tx, feed, owned, ids)
    return [
        RecordOutcome("quarantined", claim.key, claim.draft.id, waiting[at])
        if at in waiting
        else RecordOutcome(states[at], claim.key, claim.draft.id)
        for at, claim in enumerate(claims)
    ]


def _unfit(claim: Claim, ids: Mapping[str, int], now: datetime) -> str | None:
    """Answer why a record has to wait: for its customer, or an answer for its time."""
    if claim.key not in ids:
        return UNKNOWN
    match claim.draft:
        case SurveyDraft(answered_at=answered_at) if answered_at > now + FUTURE_TOLERANCE:
            return FUTURE
        case _:
            return None


def _upsert(
    tx: Transaction, feed: str, owned: Mapping[int, Claim], ids: Mapping[str, int]
) -> dict[int, Status]:
    """Write the records; answer what became of each, by its place among the claims."""
    tickets = {
        at: _ticket(ids[claim.key], claim.draft)
        for at, claim in owned.items()
        if isinstance(claim.draft, TicketDraft)
    }
    invoices = {
        at: _invoice(ids[claim.key], claim.draft)
        for at, claim in owned.items()
        if isinstance(claim.draft, InvoiceDraft)
    }
    surveys = {
        at: _survey(ids[claim.key], claim.key, feed, claim.draft)
        for at, claim in owned.items()
        if isinstance(claim.draft, SurveyDraft)
    }
    states: dict[int, Status] = {}
    if tickets:
        states |= zip(tickets, upsert_tickets(tx, list(tickets.values())), strict=True)
    if invoices:
        states |= zip(invoices, upsert_invoices(tx, list(invoices.values())), strict=True)
    if surveys:
        states |= zip(surveys, upsert_surveys(tx, list(surveys.values())), strict=True)
    return states


def _ticket(customer_id: int, draft: TicketDraft) -> TicketFields:
    return TicketFields(
        customer_id=customer_id,
        ticket_id=draft.id,
        opened_at=draft.opened_at,
        closed_at=draft.closed_at,
        rating=draft.rating,
        subject=draft.subject,
    )


def _invoice(customer_id: int, draft: InvoiceDraft) -> InvoiceFields:
    return InvoiceFields(
        customer_id=customer_id,
        invoice_id=draft.id,
        due_on=draft.due_on,
        paid_on=draft.paid_on,
        amount=draft.amount,
        currency=draft.currency,
        issued_on=draft.issued_on,
    )


def _survey(customer_id: int, key: str, feed: str, draft: SurveyDraft) -> SurveyFields:
    return SurveyFields(
        customer_id=customer_id,
        survey=draft.survey,
        feed=feed,
        answer_id=draft.id or _content_id(key, draft),
        answered_at=draft.answered_at,
        score=draft.score,
    )


def _content_id(key: str, draft: SurveyDraft) -> str:
    """Answer an id made of the content alone, so that a file read twice adds nothing."""
    parts = [key, draft.survey, draft.answered_at.isoformat(), str(draft.score)]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return "content:" + hashlib.sha256(text.encode()).hexdigest()[:40]


def _put_aside(feed: str, claim: Claim, reason: str) -> Quarantined:
    what = _named(claim.draft)
    body = claim.draft.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Quarantined(feed, claim.key, reason, {what: body}, claim.received_at)


def _named(draft: RecordDraft) -> str:
    match draft:
        case TicketDraft():
            return "ticket"
        case InvoiceDraft():
            return "invoice"
        case SurveyDraft():
            return "survey"
        case _:
            assert_never(draft)
