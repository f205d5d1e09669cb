"""Retention: what is older than it must be kept is forgotten, by command and once a week (rule 19).

Scores and what they are made of stay: daily sums, tickets, invoices, survey answers and snapshots.
Of events only the single ones go, whose id, user and properties nobody needs any more.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from service.events import KEPT_SINCE
from service.ports import House
from storage import audit, retention, switches
from storage.database import Transaction

# Rows a transaction, so that other writers get their turn.
SOME: Final = 5_000
# A signed request is accepted within five minutes; after a day nobody can repeat it.
REQUESTS: Final = timedelta(days=1)
# Runs of the daily job; who ran when is in the log.
TICKS: Final = timedelta(days=90)

Forget = Callable[[Transaction, int], int]


def retain(
    house: House, *, now: datetime, progress: Callable[[int], None] | None = None
) -> Mapping[str, int]:
    """Forget what is older than the house keeps it; answer how many rows went, by what they were.

    May be broken off and run again at any time; `progress` is told how many rows went. Plays are
    kept as long as a cool-down of a playbook looks back, however short their time is.
    """
    _remember_horizon(house, now)
    gone: dict[str, int] = {}
    for what, forget in _due(house, now):
        gone[what] = 0
        for some in _all(house, forget):
            gone[what] += some
            if progress is not None:
                progress(sum(gone.values()))
    if any(gone.values()):
        with house.database.transaction() as tx:
            audit.append(tx, "retention", "retain", "everything", gone, now)
    return gone


def _all(house: House, forget: Forget) -> Iterator[int]:
    """Forget some after some, each in a transaction; yield how many went."""
    some = SOME
    while some >= SOME:
        with house.database.transaction() as tx:
            some = forget(tx, SOME)
        yield some


def _remember_horizon(house: House, now: datetime) -> None:
    """Write down how old an event may be: an id that is forgotten must not count once more."""
    if house.keep.events is None:
        return
    since = now - house.keep.events
    with house.database.transaction() as tx:
        stands = switches.switch(tx, KEPT_SINCE)
        if stands is None or datetime.fromisoformat(stands.value) < since:
            switches.set_switch(tx, KEPT_SINCE, since.isoformat(), "retention", now)


def _due(house: House, now: datetime) -> Iterator[tuple[str, Forget]]:
    keep = house.keep
    if keep.events is not None:
        old = now - keep.events
        yield "events", lambda tx, some: retention.forget_events(tx, old, some)
    if keep.messages is not None:
        yield from _acts(now - max(keep.messages, _cool_down(house)))
    if keep.quarantine is not None:
        waited = now - keep.quarantine
        yield "quarantined", lambda tx, some: retention.forget_quarantined(tx, waited, some)
    if keep.audit is not None:
        heard = now - keep.audit
        yield "audit", lambda tx, some: retention.forget_audit(tx, heard, some)
    yield "requests", lambda tx, some: retention.forget_requests(tx, now - REQUESTS, some)
    yield "ticks", lambda tx, some: retention.forget_ticks(tx, now - TICKS, some)


def _acts(before: datetime) -> Iterator[tuple[str, Forget]]:
    yield "plays", lambda tx, some: retention.forget_plays(tx, before, some)
    yield "messages", lambda tx, some: retention.forget_messages(tx, before, some)
    yield "bounces", lambda tx, some: retention.forget_bounces(tx, before, some)
    day = before.date()
    yield "decisions", lambda tx, some: retention.forget_decisions(tx, day, some)


def _cool_down(house: House) -> timedelta:
    guards = [each.guards for each in house.playbooks]
    days = max((max(each.cool_down_days, each.rest_days) for each in guards), default=0)
    return timedelta(days=days + 30)
