"""How much was said to whom since an instant: what caps are counted by.

Counted is what a play sent, or may have sent; never the message that asks, which is `besides`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from storage.database import Transaction
from storage.outbox import EMAIL, LEFT, ON_ITS_WAY, Message, State
from storage.tables_acts import message
from storage.tables_acts import play as plays


def mails_since(
    tx: Transaction,
    customer_id: int,
    since: datetime,
    *,
    besides: int,
    states: Sequence[State] = LEFT,
) -> int:
    """Count a customer's mails that left since then, or may have; not the one `besides`.

    With `states` ON_ITS_WAY, also those that somebody else is sending just now.
    """
    at = func.coalesce(message.c.settled_at, message.c.due_at)
    statement = select(func.count()).where(
        message.c.customer_id == customer_id,
        message.c.channel == EMAIL,
        message.c.state.in_(states),
        at > since,
        message.c.id != besides,
    )
    return tx.execute(statement).scalar() or 0


def mails_to(
    tx: Transaction, besides: Message, since: datetime, states: Sequence[State] = LEFT
) -> int:
    """Count the mails that left for the same address."""
    same = message.c.recipient == besides.recipient
    return _left(tx, besides, since, same, message.c.channel == EMAIL, states=states)


def mails_of_house(tx: Transaction, besides: Message, since: datetime) -> int:
    """Count all mails."""
    return _left(tx, besides, since, message.c.channel == EMAIL)


def mails_of_playbook(tx: Transaction, besides: Message, since: datetime) -> int:
    """Count the mails of the same playbook, for whomever."""
    book = select(plays.c.playbook).where(plays.c.id == besides.play_id).scalar_subquery()
    same = select(plays.c.id).where(plays.c.playbook == book)
    return _left(tx, besides, since, message.c.channel == EMAIL, message.c.play_id.in_(same))


def posts_to(tx: Transaction, besides: Message, since: datetime) -> int:
    """Count what was posted to the same recipient; what is written into a message is no post."""
    mine = message.c.recipient == besides.recipient
    return _left(tx, besides, since, mine, message.c.verb == "post", message.c.channel != EMAIL)


def _left(
    tx: Transaction,
    besides: Message,
    since: datetime,
    *conditions: ColumnElement[bool],
    states: Sequence[State] = ON_ITS_WAY,
) -> int:
    at = func.coalesce(message.c.settled_at, message.c.due_at)
    counted = select(func.count()).where(
        message.c.state.in_(states),
        at >= since,
        message.c.play_id.is_not(None),
        message.c.id != besides.id,
        *conditions,
    )
    return tx.execute(counted).scalar() or 0
