"""What readers did with our mail, where that is counted: a row a link, and nobody's name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, literal, select

from storage.bulk import put
from storage.database import Transaction
from storage.tables_acts import message
from storage.tables_out import mail_seen

Kind = Literal["open", "click"]


@dataclass(frozen=True, slots=True)
class Seen:
    """How often a link of a mail was followed, or the mail opened (`link` 0, without a target).

    `doubtful` of the `times` look like a machine's.
    """

    message_id: int
    link: int
    kind: Kind
    target: str | None
    first_at: datetime
    last_at: datetime
    times: int
    doubtful: int

    @property
    def surely(self) -> int:
        """Return how often it looks like a person's doing."""
        return self.times - self.doubtful


def note_seen(tx: Transaction, customer_id: int, seen: Seen) -> Seen:
    """Add one time, or several, to what is known of a link; return how it stands then."""
    row = {name: getattr(seen, name) for name in Seen.__slots__}
    change: dict[str, ColumnElement[Any]] = {
        "times": mail_seen.c.times + seen.times,
        "doubtful": mail_seen.c.doubtful + seen.doubtful,
        "last_at": literal(seen.last_at, mail_seen.c.last_at.type),
    }
    written = put(
        tx,
        mail_seen,
        [row | {"customer_id": customer_id}],
        key=("message_id", "link", "kind"),
        change=change,
        returning=("target", "first_at", "last_at", "times", "doubtful"),
    )
    return _seen(written[0])


def seen_of_message(tx: Transaction, message_id: int) -> tuple[Seen, ...]:
    """Return what was done with a mail: its opening first, then its links in their order."""
    return _where(tx, mail_seen.c.message_id == message_id)


def seen_of_play(tx: Transaction, play_id: int) -> tuple[Seen, ...]:
    """Return what was done with the mails of a play, mail by mail."""
    mails = select(message.c.id).where(message.c.play_id == play_id)
    return _where(tx, mail_seen.c.message_id.in_(mails))


def left_at(tx: Transaction, message_id: int) -> datetime | None:
    """Return when a message left; None while that is not written down."""
    return tx.execute(select(message.c.settled_at).where(message.c.id == message_id)).scalar()


def _where(tx: Transaction, condition: ColumnElement[bool]) -> tuple[Seen, ...]:
    order = (mail_seen.c.message_id, mail_seen.c.link, mail_seen.c.kind)
    return tuple(
        _seen(row) for row in tx.execute(select(mail_seen).where(condition).order_by(*order))
    )


def _seen(row: Row[Any]) -> Seen:
    return Seen(**{name: getattr(row, name) for name in Seen.__slots__})
