"""Why did something, or nothing, happen for a customer? Everything that was decided, and said."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from scoring.model import UNKNOWN_BAND
from service.brake import holding
from service.errors import UnknownCustomer
from service.pause import Paused, paused_in
from service.ports import House
from storage import customers, playlist, plays, snapshots
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import Message
from storage.plays import Decision, Play, Step, TransitionRow
from storage.snapshots import Current

# The daily job describes yesterday, and may still be on its way in the morning.
FRESH_SCORE: Final = timedelta(days=2)
# What a message in one of these states means, where it did not simply arrive.
UNSENT: Final = frozenset({"held", "cancelled", "failed", "unknown"})


@dataclass(frozen=True, slots=True)
class Why:
    """What was noticed, decided, opened and said about one customer since a day, newest first.

    `plays` also holds older ones still open; `braked` names the runs whose messages wait for the
    operator.
    """

    customer: Customer
    since: date
    current: Current | None
    decisions: tuple[Decision, ...]
    moves: tuple[TransitionRow, ...]
    plays: tuple[Play, ...]
    steps: Mapping[int, tuple[Step, ...]]
    messages: tuple[Message, ...]
    braked: frozenset[str]
    paused: Paused | None
    snoozed_until: datetime | None


def why(house: House, key: str, *, days: int, now: datetime) -> Why:
    """Return everything about a customer of the last `days` days. Raises UnknownCustomer."""
    since = now.date() - timedelta(days=days)
    with house.database.reading() as tx:
        customer = customers.customer_by_key(tx, key)
        if customer is None:
            raise UnknownCustomer(key)
        return _found(tx, customer, since)


def answer(found: Why, *, now: datetime) -> tuple[str, ...]:
    """Say in sentences what it comes to, what stands in the way of everything first."""
    return tuple(_answer(found, now))


def _found(tx: Transaction, customer: Customer, since: date) -> Why:
    messages = playlist.messages_since(tx, customer.id, datetime.combine(since, time(), UTC))
    holders = {each.held_by for each in messages if each.held_by and each.state == "held"}
    listed = playlist.plays_listed(tx, customer_id=customer.id)
    concerned = tuple(one.play for one in listed if _concerns(one.play, since))
    return Why(
        customer=customer,
        since=since,
        current=snapshots.currents(tx, [customer.id]).get(customer.id),
        decisions=plays.decisions_of(tx, customer.id, since),
        moves=playlist.moves_since(tx, customer.id, since),
        plays=concerned,
        steps={play.id: plays.steps_of(tx, play.id) for play in concerned},
        messages=messages,
        braked=frozenset(run for run in holders if holding(tx, run)),
        paused=paused_in(tx),
        snoozed_until=plays.snoozed_until(tx, [customer.id]).get(customer.id),
    )


def _concerns(play: Play, since: date) -> bool:
    ended = play.closed_at.date() if play.closed_at is not None else None
    return ended is None or ended >= since


def _answer(found: Why, now: datetime) -> Iterator[str]:
    yield from _in_the_way(found, now)
    yield from _decided(found)
    for play in found.plays:
        if play.state == "open":
            taken = f", {play.acknowledged_by} has it" if play.acknowledged_by else ""
            opened = f"{play.opened_at:%Y-%m-%d}"
            yield f"Play {play.id}, {play.playbook}, is open since {opened}{taken}."
    yield from _unsent(found)


def _in_the_way(found: Why, now: datetime) -> Iterator[str]:
    name, current = found.customer.name, found.current
    if found.customer.status != "active":
        yield f"{name} is {found.customer.status}: nothing starts for them."
    if current is None:
        yield f"{name} has not been scored yet; bellwether rescore or the daily job does it."
    elif now.date() - current.as_of > FRESH_SCORE:
        yield f"The newest score is of {current.as_of}: the daily job has not scored them since."
    if found.paused is not None:
        by, at = found.paused.by, found.paused.at
        yield f"Everything outward is paused by {by} since {at:%Y-%m-%d %H:%M} UTC."
    if found.snoozed_until is not None and found.snoozed_until > now:
        yield f"{name} is snoozed until {found.snoozed_until:%Y-%m-%d %H:%M} UTC."


def _decided(found: Why) -> Iterator[str]:
    if found.decisions:
        outcomes = Counter(decision.outcome for decision in found.decisions)
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        newest = found.decisions[0]
        yield (
            f"Decisions since {found.since}: {told}. The newest: {newest.playbook} "
            f"{newest.outcome} for {newest.as_of}. {newest.reason}"
        )
    elif found.current is not None:
        yield f"No playbook was concerned since {found.since}: {_quiet(found, found.current)}"


def _quiet(found: Why, current: Current) -> str:
    """Say what a trigger waited for in vain."""
    stands = f"{current.band} at {current.score} since {current.band_since}"
    if found.moves:
        moved = found.moves[0]
        if moved.kind == "baseline":
            return f"{moved.as_of} is a silent baseline, and they are {stands}."
        return f"they moved from {moved.from_band} to {moved.to_band} on {moved.as_of}."
    if current.band == UNKNOWN_BAND:
        return f"too little is known of them ({current.coverage} %)."
    return f"they are {stands}; nothing changed that a playbook begins with."


def _unsent(found: Why) -> Iterator[str]:
    states = Counter(each.state for each in found.messages if each.state in UNSENT)
    for state, count in sorted(states.items()):
        yield f"{count} {'message is' if count == 1 else 'messages are'} {state}; see below."
    for run in sorted(found.braked):
        yield f"The brake holds the run {run} until a manager releases or discards it in Slack."
