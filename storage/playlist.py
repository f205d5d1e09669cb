"""Plays, messages and moves as a person looks them over: lists, newest first."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, select

from storage.database import Transaction
from storage.judgements import TransitionRow
from storage.outbox import Message
from storage.plays import Play
from storage.tables import customer as customers
from storage.tables import model as models
from storage.tables_acts import message, transition
from storage.tables_acts import play as plays

LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A play with the customer it is for."""

    play: Play
    customer_key: str
    customer_name: str


def plays_listed(
    tx: Transaction,
    *,
    customer_id: int | None = None,
    only_open: bool = False,
    limit: int = LONGEST,
) -> tuple[Listed, ...]:
    """Return plays, newest first: of everybody or of one customer, all or the open ones."""
    statement = (
        select(plays, customers.c.key.label("customer_key"), customers.c.name.label("called"))
        .join(customers, customers.c.id == plays.c.customer_id)
        .order_by(plays.c.id.desc())
        .limit(limit)
    )
    if customer_id is not None:
        statement = statement.where(plays.c.customer_id == customer_id)
    if only_open:
        statement = statement.where(plays.c.state == "open")
    return tuple(_listed(row) for row in tx.execute(statement))


def messages_of_play(tx: Transaction, play_id: int) -> tuple[Message, ...]:
    """Return everything a play said or wants to say, in the order it was written down."""
    statement = select(message).where(message.c.play_id == play_id).order_by(message.c.id)
    return tuple(_message(row) for row in tx.execute(statement))


def messages_since(tx: Transaction, customer_id: int, since: datetime) -> tuple[Message, ...]:
    """Return what became due about a customer since the instant, newest first."""
    statement = select(message).where(
        message.c.customer_id == customer_id, message.c.due_at >= since
    )
    rows = tx.execute(statement.order_by(message.c.id.desc()).limit(LONGEST))
    return tuple(_message(row) for row in rows)


def moves_since(tx: Transaction, customer_id: int, since: date) -> tuple[TransitionRow, ...]:
    """Return how a customer's band changed since the day, newest first, under any model."""
    statement = (
        select(transition, models.c.name.label("model"))
        .join(models, models.c.id == transition.c.model_id)
        .where(
            transition.c.customer_id == customer_id,
            transition.c.as_of >= since,
            transition.c.kind != "unchanged",
        )
        .order_by(transition.c.as_of.desc(), models.c.name)
    )
    names = TransitionRow.__slots__
    return tuple(
        TransitionRow(**{name: getattr(row, name) for name in names})
        for row in tx.execute(statement)
    )


def _listed(row: Row[Any]) -> Listed:
    play = Play(**{name: getattr(row, name) for name in Play.__slots__})
    return Listed(play, row.customer_key, row.called)


def _message(row: Row[Any]) -> Message:
    return Message(**{name: getattr(row, name) for name in Message.__slots__})
