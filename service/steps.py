"""What people do about a play: approve, reject, acknowledge, snooze. The first click wins.

Rights, state and opt-out are read again in the transaction that acts, whatever the message on the
screen still shows. Each verb leaves an audit entry and an order to bring the alert up to date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service import intents
from service.draft import Addressee, fingerprint, obstacle
from service.ports import House
from storage import audit, customers, outbox, plays
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.people import Member
from storage.plays import Play, Step, StepState

SNOOZES: Final[Mapping[str, timedelta]] = {
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "1w": timedelta(weeks=1),
}
LONGEST_SNOOZE: Final = timedelta(days=90)
ACTING_ROLES: Final = frozenset({"csm", "manager", "admin"})
# An approval speaks about the words of a moment; a week later the customer is elsewhere.
APPROVABLE: Final = timedelta(days=7)


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
class _Scene:
    """A play and its customer, as they are inside this transaction."""

    play: Play
    customer: Customer
    recipient: str


def approve(house: House, step_id: int, member: Member, *, now: datetime) -> Outcome:
    """Say yes to the very mail of a step: it goes into the outbox in the same transaction."""
    if (refused := _forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        step = plays.step(tx, step_id, lock=True)
        scene = _scene(tx, house, step.play_id) if step is not None else None
        if step is None or scene is None:
            return Stale("This mail no longer exists.")
        if (late := _late(step)) is not None:
            return late
        if (barred := _barred(tx, house, scene, step, now)) is not None:
            _refresh(tx, scene, f"step/{step.id}/barred", now)
            return Stale(barred)
        if (lost := _settle(tx, step, "done", member, "approved", now=now)) is not None:
            return lost
        outbox.enqueue(tx, [_mail(scene, step, now)], now=now)
        _refresh(tx, scene, f"step/{step.id}/approved", now)
        _audit(tx, member, "approve", step, {"fingerprint": step.body["fingerprint"]}, now=now)
    dry = house.mail.mode == "dry-run"
    fate = "is written down, not sent: this is a dry run" if dry else "is on its way"
    return Done(f"The mail to {scene.customer.name} {fate}.")


def reject(house: House, step_id: int, member: Member, *, reason: str, now: datetime) -> Outcome:
    """Say no to the mail of a step; it is never sent, and the reason stands in the alert."""
    if (refused := _forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        step = plays.step(tx, step_id, lock=True)
        scene = _scene(tx, house, step.play_id) if step is not None else None
        if step is None or scene is None:
            return Stale("This mail no longer exists.")
        if (late := _late(step)) is not None:
            return late
        said = reason.strip()[:500] or "rejected"
        if (lost := _settle(tx, step, "cancelled", member, said, now=now)) is not None:
            return lost
        _refresh(tx, scene, f"step/{step.id}/rejected", now)
        _audit(tx, member, "reject", step, {"reason": said}, now=now)
    return Done(f"The mail to {scene.customer.name} will not be sent.")


def acknowledge(house: House, play_id: int, member: Member, *, now: datetime) -> Outcome:
    """Say "I have seen it and am on it"; the alert shows who."""
    if (refused := _forbidden(member)) is not None:
        return refused
    with house.database.transaction() as tx:
        scene = _scene(tx, house, play_id)
        if scene is None:
            return Stale("This alert no longer exists.")
        if scene.play.state == "closed":
            _refresh(tx, scene, "closed-at-click", now)
            return Stale(_closed(scene.play))
        if not plays.acknowledge(tx, play_id, member.name, now):
            return _acknowledged(tx, play_id, now)
        _refresh(tx, scene, "acknowledged", now)
        audit.append(tx, member.email, "acknowledge", f"play/{play_id}", {}, now)
    return Done(f"You have {scene.customer.name}.")


def snooze(
    house: House, play_id: int, member: Member, *, until: datetime, now: datetime
) -> Outcome:
    """Start nothing new for this customer until `until`, unless they fall into a worse band."""
    if (refused := _forbidden(member)) is not None:
        return refused
    if not now < until <= now + LONGEST_SNOOZE:
        return Stale(f"A snooze ends in the future, at most {LONGEST_SNOOZE.days} days from now.")
    with house.database.transaction() as tx:
        scene = _scene(tx, house, play_id)
        if scene is None:
            return Stale("This alert no longer exists.")
        if scene.play.state == "closed":
            _refresh(tx, scene, "closed-at-click", now)
            return Stale(_closed(scene.play))
        plays.snooze(tx, scene.customer.id, until=until, by=member.name, now=now)
        _refresh(tx, scene, f"snoozed/{until.isoformat()}/{now.isoformat()}", now)
        details = {"until": until.isoformat()}
        audit.append(tx, member.email, "snooze", f"play/{play_id}", details, now)
    return Done(f"{scene.customer.name} is snoozed.")


def _forbidden(member: Member) -> Forbidden | None:
    if member.role in ACTING_ROLES:
        return None
    return Forbidden("You may look, but only CSMs, managers and admins may act.")


def _scene(tx: Transaction, house: House, play_id: int) -> _Scene | None:
    play = plays.play(tx, play_id)
    customer = customers.customer_by_id(tx, play.customer_id) if play is not None else None
    if play is None or customer is None:
        return None
    return _Scene(play, customer, intents.conversation_of(customer, house.alerts_to))


def _late(step: Step) -> Taken | Stale | None:
    """Say who was first, or why the step no longer waits; None while it does."""
    if step.state == "waiting_approval":
        return None
    if step.decided_by is not None and step.decided_at is not None:
        did = "approved" if step.state == "done" else "rejected"
        return Taken(step.decided_by, did, step.decided_at)
    return Stale(step.reason or "This mail no longer waits for a yes.")


def _barred(tx: Transaction, house: House, scene: _Scene, step: Step, now: datetime) -> str | None:
    """Return why the mail may not go although somebody says yes."""
    if scene.play.state == "closed":
        return _closed(scene.play)
    if scene.customer.status != "active":
        return f"The customer is {scene.customer.status}."
    if now - scene.play.opened_at > APPROVABLE:
        return f"The draft is older than {APPROVABLE.days} days; its words may no longer be true."
    mail = step.body.get("mail")
    if not isinstance(mail, dict) or fingerprint(mail) != step.body.get("fingerprint"):
        return "The draft is not the one that was shown."
    return unwelcome(tx, house, scene.customer.id, str(mail["to"]))


def unwelcome(tx: Transaction, house: House, customer_id: int, address: str) -> str | None:
    """Return why this address may not be written to any more, or None."""
    contact = customers.primary_contact(tx, customer_id)
    if contact is None or contact.email != address:
        return "The customer's contact has changed since the mail was written."
    suppressed = customers.is_suppressed(tx, address, house.mail.secret)
    return obstacle(Addressee(contact, suppressed))


def _settle(
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
    return (_late(other) if other is not None else None) or Stale("This mail is gone.")


def _mail(scene: _Scene, step: Step, now: datetime) -> NewMessage:
    return intents.email(scene.play, step.id, str(step.body["key"]), step.body["mail"], now)


def _refresh(tx: Transaction, scene: _Scene, after: str, now: datetime) -> None:
    if scene.play.root_key is not None:
        row = intents.update(scene.play, after, scene.recipient, now)
        outbox.enqueue(tx, [row], now=now)


def _closed(play: Play) -> str:
    return f"This play is closed: {play.reason}" if play.reason else "This play is closed."


def _acknowledged(tx: Transaction, play_id: int, now: datetime) -> Outcome:
    play = plays.play(tx, play_id)
    if play is None or play.acknowledged_by is None:
        return Stale("This alert no longer exists.")
    return Taken(play.acknowledged_by, "acknowledged", play.acknowledged_at or now)


def _audit(
    tx: Transaction,
    member: Member,
    action: str,
    step: Step,
    details: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    audit.append(tx, member.email, action, f"step/{step.id}", dict(details), now)
