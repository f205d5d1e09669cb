"""What every click on a play has in common: what it comes to, whose it is, and what it leaves.

A verb reads rights and state in the transaction that acts, moves a step by compare-and-swap, and
leaves an audit entry and an order to bring the alert up to date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service import intents
from service.ports import House
from storage import audit, customers, outbox, plays, running
from storage.customers import Customer
from storage.database import Transaction
from storage.people import Member
from storage.plays import Play, Step, StepState

ACTING_ROLES: Final = frozenset({"csm", "manager", "admin"})
LEADING_ROLES: Final = frozenset({"manager", "admin"})


@dataclass(frozen=True, slots=True)
class Done:
    """The click did what it says; `sentence` tells the one who clicked."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody was first: who did what, and when."""

    by: str
    did: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stale:
    """The button is out of date; the message is being brought up to date."""

    reason: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """This person may not."""

    reason: str


Outcome = Done | Taken | Stale | Forbidden


@dataclass(frozen=True, slots=True)
class Scene:
    """A play and its customer, as they are inside this transaction."""

    play: Play
    customer: Customer
    recipient: str


def locked_step(tx: Transaction, step_id: int) -> Step | None:
    """Return the step, which nobody else changes until the end, nor closes its play.

    The play comes first, as wherever plays go on or close: what a click begins in a play that
    closes at the same moment would wait there for ever.
    """
    seen = plays.step(tx, step_id)
    if seen is None:
        return None
    running.lock(tx, seen.play_id)
    return plays.step(tx, step_id, lock=True)


def scene(tx: Transaction, house: House, play_id: int) -> Scene | None:
    """Return the play with its customer and where it is told; None when it is gone."""
    play = plays.play(tx, play_id)
    customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
    if play is None or customer is None:
        return None
    return Scene(play, customer, intents.conversation_of(customer, house.alerts_to))


def forbidden(member: Member) -> Forbidden | None:
    """Return why this person may not act on plays at all, or None."""
    if member.role in ACTING_ROLES:
        return None
    return Forbidden("You may look, but only CSMs, managers and admins may act.")


def late(step: Step) -> Taken | Stale | None:
    """Say who was first, or why the step no longer waits; None while it does."""
    if step.state == "waiting_approval":
        return None
    if step.decided_by is not None and step.decided_at is not None:
        did = "approved" if step.state == "done" else "rejected"
        return Taken(step.decided_by, did, step.decided_at)
    return Stale(step.reason or "This mail no longer waits for a yes.")


def settle(
    tx: Transaction,
    step: Step,
    to_state: StepState,
    member: Member,
    reason: str,
    *,
    now: datetime,
) -> Taken | Stale | None:
    """Compare and swap; return who was faster, or None when this click won."""
    won = plays.settle_step(
        tx, step.id, "waiting_approval", to_state, by=member.name, reason=reason, now=now
    )
    if won:
        return None
    other = plays.step(tx, step.id)
    return (late(other) if other is not None else None) or Stale("This mail is gone.")


def refresh(tx: Transaction, at: Scene, after: str, now: datetime) -> None:
    """Order the alert to be drawn anew; `after` names what for, so that it is ordered once."""
    if at.play.root_key is not None:
        row = intents.update(at.play, after, at.recipient, now)
        outbox.enqueue(tx, [row], now=now)


def closed(play: Play) -> str:
    """Say that a play is closed, and why."""
    return f"This play is closed: {play.reason}" if play.reason else "This play is closed."


def audited(
    tx: Transaction,
    member: Member,
    action: str,
    subject: str,
    details: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Write down who did it."""
    audit.append(tx, member.email, action, subject, dict(details), now)
