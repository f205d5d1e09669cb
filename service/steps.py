"""What people do about a play: acknowledge, snooze; with approve, edit and reject of its mails.

Rights and state are read again in the transaction that acts, whatever the message on the screen
still shows. The first click wins.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from service import resting, rungs
from service.approving import approve, edit, reject
from service.clicks import (
    Done,
    Forbidden,
    Outcome,
    Stale,
    Taken,
    audited,
    closed,
    forbidden,
    refresh,
    scene,
)
from service.ports import House
from storage import outbox, plays
from storage.database import Transaction
from storage.people import Member

__all__ = [
    "LONGEST_SNOOZE",
    "SNOOZES",
    "Done",
    "Forbidden",
    "Outcome",
    "Stale",
    "Taken",
    "acknowledge",
    "approve",
    "edit",
    "reject",
    "snooze",
]

SNOOZES: Final[Mapping[str, timedelta]] = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "1w": timedelta(weeks=1),
}
LONGEST_SNOOZE: Final = timedelta(days=90)


def acknowledge(house: House, play_id: int, member: Member, *, now: datetime) -> Outcome:
    """Say "I have seen it and am on it"; the alert shows who."""
    if (refused := forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        at = scene(tx, house, play_id)
        if at is None:
            return Stale("This alert no longer exists.")
        if at.play.state == "closed":
            refresh(tx, at, "closed-at-click", now)
            return Stale(closed(at.play))
        if not plays.acknowledge(tx, play_id, member.name, now):
            return _acknowledged(tx, play_id, now)
        refresh(tx, at, "acknowledged", now)
        redrawn = rungs.redrawn(tx, [(at.play, "acknowledged")], now)
        outbox.enqueue(tx, redrawn[at.play.id], now=now)
        audited(tx, member, "acknowledge", f"play/{play_id}", {}, now=now)
    return Done(f"You have {at.customer.name}.")


def snooze(
    house: House, play_id: int, member: Member, *, until: datetime, now: datetime
) -> Outcome:
    """Start nothing new for this customer until `until`, unless they fall into a worse band."""
    if (refused := forbidden(member)) is not None:
        return refused
    if not now < until <= now + LONGEST_SNOOZE:
        return Stale(f"A snooze ends in the future, at most {LONGEST_SNOOZE.days} days from now.")
    with house.database.transaction() as tx:
        at = scene(tx, house, play_id)
        if at is None:
            return Stale("This alert no longer exists.")
        if at.play.state == "closed":
            refresh(tx, at, "closed-at-click", now)
            return Stale(closed(at.play))
        plays.snooze(tx, at.customer.id, until=until, by=member.name, now=now)
        resting.moved(tx, at.customer.id, until)
        refresh(tx, at, f"snoozed/{until.isoformat()}/{now.isoformat()}", now)
        details = {"until": until.isoformat()}
        audited(tx, member, "snooze", f"play/{play_id}", details, now=now)
    return Done(f"{at.customer.name} is snoozed.")


def _acknowledged(tx: Transaction, play_id: int, now: datetime) -> Outcome:
    play = plays.play(tx, play_id)
    if play is None or play.acknowledged_by is None:
        return Stale("This alert no longer exists.")
    return Taken(play.acknowledged_by, "acknowledged", play.acknowledged_at or now)
