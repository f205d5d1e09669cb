"""What waits for its customer, or for its time: listing it and letting it in."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from service.errors import DraftInvalid
from service.events import Arrival, EventDraft, content_id
from service.ingest import admit
from service.ports import House
from service.records import Claim, InvoiceDraft, SurveyDraft, TicketDraft, admit_records
from service.written import read
from storage.activity import Quarantined, quarantine, quarantined, release_quarantined
from storage.customers import resolve_keys
from storage.database import Transaction

# The oldest items a sweep looks at; a backlog larger than this takes several days.
SWEPT: Final = 10_000


def waiting(house: House, key: str | None = None, *, limit: int = 100) -> tuple[Quarantined, ...]:
    """Answer what waits, oldest first; of one customer's key, or of all."""
    with house.database.reading() as tx:
        return tuple(quarantined(tx, key, limit))


def replay(house: House, keys: Sequence[str], *, now: datetime) -> Mapping[str, int]:
    """Try again what waits for these keys; answer how many items were let in, per key."""
    with house.database.transaction() as tx:
        return replay_in(tx, keys, now=now)


def sweep(house: House, *, now: datetime) -> int:
    """Let in whatever waits without need, as events whose time has come; answer how many.

    Part of the daily job. What belongs to nobody we know is left where it is.
    """
    with house.database.transaction() as tx:
        keys = {item.customer_key for item in quarantined(tx, None, SWEPT)}
        known = sorted(resolve_keys(tx, keys)) if keys else []
        return sum(replay_in(tx, known, now=now).values())


def replay_in(tx: Transaction, keys: Sequence[str], *, now: datetime) -> Mapping[str, int]:
    """Do as `replay`, in the caller's transaction. What still may not enter waits on."""
    released = release_quarantined(tx, keys) if keys else ()
    feeds: dict[str, list[Arrival | Claim]] = defaultdict(list)
    for item in released:
        door = _at_the_door(item)
        if door is None:
            quarantine(tx, [item])
        else:
            feeds[item.feed].append(door)
    return Counter(key for feed, doors in feeds.items() for key in _let_in(tx, feed, doors, now))


def _let_in(
    tx: Transaction, feed: str, doors: Iterable[Arrival | Claim], now: datetime
) -> list[str]:
    arrivals = [door for door in doors if isinstance(door, Arrival)]
    claims = [door for door in doors if isinstance(door, Claim)]
    events = admit(tx, feed, arrivals, now=now) if arrivals else []
    records = admit_records(tx, feed, claims, now=now) if claims else []
    return [
        *(done.key for done in events if done.status != "quarantined"),
        *(done.key for done in records if done.status != "quarantined"),
    ]


def _at_the_door(item: Quarantined) -> Arrival | Claim | None:
    """Read what was put aside; None for what a newer version of us can no longer read."""
    ((what, body),) = item.body.items()
    key, received = item.customer_key, item.received_at
    try:
        match what:
            case "event":
                draft = read(EventDraft, body, what)
                return Arrival(key, draft.id or content_id(key, draft), draft, received)
            case "ticket":
                return Claim(key, read(TicketDraft, body, what), received)
            case "invoice":
                return Claim(key, read(InvoiceDraft, body, what), received)
            case "survey":
                return Claim(key, read(SurveyDraft, body, what), received)
            case _:
                return None
    except DraftInvalid:
        return None
