"""Accept events: one at the HTTP door, or a stream of them from a batch or a file.

Nothing is lost and nothing is invented: an event of an unknown customer, or from the future, waits
in quarantine with the reason; the same event twice is a success that changes nothing; another body
under a known id is a conflict; and one bad item costs only itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from service.chunks import CHUNK, chunks, writing
from service.errors import DraftInvalid, EventConflict, Problem, UnknownCustomer
from service.events import (
    FUTURE_TOLERANCE,
    KEPT_SINCE,
    Arrival,
    EventDraft,
    content_id,
    in_future,
    laid_down,
)
from service.ports import House
from service.written import clean_key, printable, read
from storage import switches
from storage.activity import Quarantined, append, given_by, quarantine
from storage.customers import CustomerFields, resolve_keys, upsert_customers
from storage.database import Transaction

__all__ = ["Accepted", "EventDraft", "Outcome", "accept_event", "accept_events", "admit"]

Status = Literal["accepted", "duplicate", "conflict", "quarantined", "rejected"]
NewId = Callable[[], str]
Written = EventDraft | Mapping[str, object]

FUTURE = "its time lies more than 5 minutes ahead of ours"
UNKNOWN = "no customer has this key"
TOO_OLD = "it is older than single events are kept, and may have been counted before"
# So young an event is never too old, whatever is kept.
YOUNG = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one event at the single door."""

    id: str
    outcome: Literal["accepted", "duplicate", "quarantined"]
    occurred_at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item of a stream. Outcomes come in the order of the items."""

    status: Status
    key: str
    id: str | None = None
    reason: str | None = None
    problems: tuple[Problem, ...] = ()


def server_id() -> str:
    """Answer a fresh id for an event that came without one."""
    return f"server:{uuid4().hex}"


def accept_event(
    house: House,
    key: str,
    draft: EventDraft,
    *,
    feed: str,
    now: datetime,
    new_id: NewId = server_id,
) -> Accepted:
    """Accept one event of a known customer.

    Raises UnknownCustomer, and EventConflict when its id was used for another body.
    """
    owner = _known_form(key)
    arrival = Arrival(owner, draft.id or new_id(), draft, now)
    with house.database.transaction() as tx:
        if owner not in resolve_keys(tx, [owner]):
            raise UnknownCustomer(key)
        (outcome,) = admit(tx, feed, [arrival], now=now)
    match outcome.status:
        case "accepted" | "duplicate" | "quarantined" as status:
            return Accepted(arrival.event_id, status, arrival.occurred_at, outcome.reason)
        case _:
            raise EventConflict(feed, arrival.event_id)


def _known_form(key: str) -> str:
    """Answer the key as stored; one that no customer could have is simply unknown."""
    try:
        return clean_key(key)
    except DraftInvalid:
        raise UnknownCustomer(key) from None


def accept_events(
    house: House,
    feed: str,
    items: Iterable[tuple[object, Written]],
    *,
    now: datetime,
    create_customers: bool = False,
    new_id: NewId | None = None,
    rehearse: bool = False,
    chunk: int = CHUNK,
) -> Iterator[Outcome]:
    """Accept a stream of (customer's key, event); a generator: what is not consumed is not read.

    Each chunk is committed before its outcomes are yielded. An event without an id gets one of
    `new_id`, or of its content when that is None: the right thing for files, which are read twice.
    `create_customers` makes a customer of an unknown key, since the day of its first event here.
    `rehearse` answers what would happen and changes nothing.
    """
    for batch in chunks(items, chunk):
        doors = [at_the_door(key, written, now, new_id) for key, written in batch]
        arrivals = [door for door in doors if isinstance(door, Arrival)]
        with writing(house.database, rehearse=rehearse) as tx:
            if create_customers:
                create_missing(tx, ((one.key, one.occurred_at) for one in arrivals), now)
            admitted = iter(admit(tx, feed, arrivals, now=now))
        for door in doors:
            yield door if isinstance(door, Outcome) else next(admitted)


def at_the_door(
    key: object, written: Written, now: datetime, new_id: NewId | None
) -> Arrival | Outcome:
    """Read one item; what cannot be read is an outcome already."""
    try:
        owner = clean_key(key)
        draft = written if isinstance(written, EventDraft) else read(EventDraft, written, "event")
    except DraftInvalid as error:
        return Outcome("rejected", printable(key), None, str(error), error.problems)
    made = draft.id or (new_id() if new_id else content_id(owner, draft))
    return Arrival(owner, made, draft, now)


def create_missing(tx: Transaction, seen: Iterable[tuple[str, datetime]], now: datetime) -> None:
    """Make a customer of every unknown key that has at least one believable event."""
    firsts: dict[str, datetime] = {}
    for key, at in seen:
        if at <= now + FUTURE_TOLERANCE:
            firsts[key] = min(at, firsts.get(key, at))
    known = resolve_keys(tx, firsts) if firsts else {}
    fields = [
        CustomerFields(key=key, name=key, created_on=first.date())
        for key, first in firsts.items()
        if key not in known
    ]
    if fields:
        upsert_customers(tx, fields, now)


def admit(
    tx: Transaction, feed: str, arrivals: Sequence[Arrival], *, now: datetime
) -> list[Outcome]:
    """Lay down what can be laid down and quarantine the rest, in the caller's transaction."""
    ids = resolve_keys(tx, {arrival.key for arrival in arrivals})
    since = kept_since(tx, (arrival.occurred_at for arrival in arrivals), now)
    outcomes = hold_back(tx, feed, arrivals, ids=ids, since=since, now=now)
    fit = [a for a, outcome in zip(arrivals, outcomes, strict=True) if outcome is None]
    events = [laid_down(arrival, ids[arrival.key], feed) for arrival in fit]
    appended = iter(append(tx, given_by(events), now))
    return [
        outcome or Outcome(next(appended), arrival.key, arrival.event_id)
        for arrival, outcome in zip(arrivals, outcomes, strict=True)
    ]


def hold_back(
    tx: Transaction,
    feed: str,
    arrivals: Sequence[Arrival],
    *,
    ids: Mapping[str, int],
    since: datetime | None,
    now: datetime,
) -> list[Outcome | None]:
    """Put what cannot count in quarantine; answer None for what can."""
    outcomes = [_held_back(one, ids, since, now) for one in arrivals]
    held = [
        _put_aside(feed, arrival, outcome.reason or "")
        for arrival, outcome in zip(arrivals, outcomes, strict=True)
        if outcome is not None
    ]
    if held:
        quarantine(tx, held)
    return outcomes


def kept_since(tx: Transaction, moments: Iterable[datetime], now: datetime) -> datetime | None:
    """Answer before when events are forgotten, where any of these could be of that time."""
    if min(moments, default=now) > now - YOUNG:
        return None
    stands = switches.switch(tx, KEPT_SINCE)
    return None if stands is None else datetime.fromisoformat(stands.value)


def _held_back(
    arrival: Arrival, ids: Mapping[str, int], since: datetime | None, now: datetime
) -> Outcome | None:
    if arrival.key not in ids:
        return Outcome("quarantined", arrival.key, arrival.event_id, UNKNOWN)
    if in_future(arrival, now):
        return Outcome("quarantined", arrival.key, arrival.event_id, FUTURE)
    if since is not None and arrival.occurred_at < since:
        return Outcome("quarantined", arrival.key, arrival.event_id, TOO_OLD)
    return None


def _put_aside(feed: str, arrival: Arrival, reason: str) -> Quarantined:
    draft = arrival.draft.model_copy(update={"id": arrival.event_id})
    body = draft.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Quarantined(feed, arrival.key, reason, {"event": body}, arrival.received_at)
