"""Is it still true? What was decided an hour ago is looked at again right before it leaves."""

from datetime import datetime, tzinfo
from typing import Final

from service.approving import unwelcome
from service.draft import fingerprint
from service.manners import crowded, jostled_until, reachable_at, room_at, welcome_at, zone_named
from service.ports import House
from service.resting import resting_until, taken_by
from service.standing import script_of, way_out
from service.webhooks import closed
from service.words import EMAIL, ESCALATION, SLACK, WEBHOOK
from storage import customers, people, plays
from storage.customers import Customer
from storage.database import Transaction
from storage.outbox import Message
from storage.plays import Play

DRY_RUN: Final = "dry-run: customer mail is written down, not sent"


def objection(tx: Transaction, house: House, message: Message, now: datetime) -> str | None:
    """Return why this message must not leave any more, or None (rule 10).

    What brings an existing message up to date, and what is told to the operator, needs only to be
    fresh; what starts something must also still be true of the customer.
    """
    if message.expires_at is not None and message.expires_at <= now:
        return "too old: it could not leave in time, and speaks of a moment that is gone"
    if message.channel == WEBHOOK and (shut := closed(tx, message.recipient)) is not None:
        return shut
    if message.play_id is None or message.verb != "post":
        return None
    play = plays.play(tx, message.play_id)
    if play is None:
        return "the play no longer exists"
    return _of_play(tx, house, message, play, now)


def not_before(tx: Transaction, house: House, message: Message, now: datetime) -> datetime | None:
    """Return until when a message waits: for its reader's night or weekend, or for room, or None.

    What is urgent, and what belongs to a message that stands there already, waits for nobody; only
    the word that nobody took an alert waits while the alert rests.
    """
    if message.body.get("view") == ESCALATION and message.verb == "post":
        return _rested_at(tx, message, now)
    if message.verb != "post" or message.play_id is None or message.body.get("urgent"):
        return None
    if message.channel == EMAIL and message.customer_id is not None:
        customer = customers.customer_by_id(tx, message.customer_id)
        night = welcome_at(house, customer, now) if customer is not None else None
    elif message.channel == SLACK:
        night = reachable_at(house, _zone(tx, house, message.recipient), now)
    else:
        return None
    return night or room_at(tx, house, message, now) or _beside(tx, house, message, now)


def _rested_at(tx: Transaction, message: Message, now: datetime) -> datetime | None:
    play = plays.play(tx, message.play_id) if message.play_id is not None else None
    return resting_until(tx, play, now) if play is not None else None


def _beside(tx: Transaction, house: House, message: Message, now: datetime) -> datetime | None:
    mail = message.channel == EMAIL
    return jostled_until(tx, house, message, now) if mail else None


def _zone(tx: Transaction, house: House, recipient: str) -> tzinfo:
    """Return the zone of one of us, the house's own for a conversation."""
    address = recipient.removeprefix("member:")
    member = people.member_by_email(tx, address) if address != recipient else None
    return zone_named(house, member.timezone if member is not None else None)


def _of_play(
    tx: Transaction, house: House, message: Message, play: Play, now: datetime
) -> str | None:
    customer = customers.customer_by_id(tx, play.customer_id)
    if customer is None:
        return "the customer no longer exists"
    over = _over(tx, house, message, play, customer)
    if over is None and message.channel == EMAIL:
        return _of_mail(tx, house, message, customer.id, now)
    return over


def _over(
    tx: Transaction, house: House, message: Message, play: Play, customer: Customer
) -> str | None:
    """Ask the play itself whether what it is about still holds: a fall, but also a good time."""
    if customer.status != "active":
        return f"the customer is {customer.status}"
    if play.state != "open":
        return f"the play is closed: {play.reason or 'no reason given'}"
    if message.body.get("view") == ESCALATION and (busy := taken_by(tx, play)) is not None:
        return f"{busy} has taken it meanwhile"
    found = way_out(tx, house, customer, play, script_of(tx, play))
    return f"what the play is about is over: {found[1]}" if found is not None else None


def _of_mail(
    tx: Transaction, house: House, message: Message, customer_id: int, now: datetime
) -> str | None:
    """Ask of a customer mail that somebody, or an automatic house, approved just these words."""
    step = plays.step(tx, message.step_id) if message.step_id is not None else None
    if step is None:
        return "the step no longer exists"
    if step.state == "cancelled":
        return f"the step was cancelled: {step.reason or 'no reason given'}"
    if fingerprint(message.body) != step.body.get("fingerprint"):
        return "its words are not the ones that were approved"
    if step.body.get("inside"):
        return None  # To one of us: no yes, no opt-out, no limit to what a customer may get.
    if step.decided_by is None and house.mail.mode != "automatic":
        return "nobody has approved it"
    barred = unwelcome(tx, house, customer_id, str(message.body["to"]))
    return barred or (DRY_RUN if house.mail.mode == "dry-run" else crowded(tx, house, message, now))
