"""Is it still true? What was decided an hour ago is looked at again right before it leaves."""

from datetime import datetime
from typing import Final

from scoring.bands import is_worse
from service.approving import unwelcome
from service.draft import fingerprint
from service.manners import crowded, welcome_at
from service.ports import House
from service.webhooks import closed
from service.words import EMAIL, WEBHOOK
from storage import customers, plays, snapshots
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
    """Return until when a customer's mail waits for the end of their night, or None."""
    if message.channel != EMAIL or message.customer_id is None:
        return None
    customer = customers.customer_by_id(tx, message.customer_id)
    return welcome_at(house, customer, now) if customer is not None else None


def _of_play(
    tx: Transaction, house: House, message: Message, play: Play, now: datetime
) -> str | None:
    customer = customers.customer_by_id(tx, play.customer_id)
    if customer is None:
        return "the customer no longer exists"
    if customer.status != "active":
        return f"the customer is {customer.status}"
    if play.state != "open":
        return f"the play is closed: {play.reason or 'no reason given'}"
    current = snapshots.currents(tx, [customer.id]).get(customer.id)
    if current is not None and is_worse(house.named(current.model), play.band, current.band):
        return f"the customer is in {current.band} again"
    if message.channel == EMAIL:
        return _of_mail(tx, house, message, customer.id, now)
    return None


def _of_mail(
    tx: Transaction, house: House, message: Message, customer_id: int, now: datetime
) -> str | None:
    """Ask of a customer mail that somebody, or an automatic house, approved just these words."""
    step = plays.step(tx, message.step_id) if message.step_id is not None else None
    if step is None:
        return "the step no longer exists"
    if step.state == "cancelled":
        return f"the step was cancelled: {step.reason or 'no reason given'}"
    if step.decided_by is None and house.mail.mode != "automatic":
        return "nobody has approved it"
    if fingerprint(message.body) != step.body.get("fingerprint"):
        return "its words are not the ones that were approved"
    barred = unwelcome(tx, house, customer_id, str(message.body["to"]))
    return barred or (DRY_RUN if house.mail.mode == "dry-run" else crowded(tx, house, message, now))
