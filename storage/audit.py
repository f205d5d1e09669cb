"""Who did what to whom, and when; only ever appended to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from storage.database import Transaction
from storage.tables_acts import audit


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `subject` names what it was done to, as "play/7" or "step/12"."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


def append(  # noqa: PLR0917 - who did what to what: the order is the sentence
    tx: Transaction, actor: str, action: str, subject: str, details: dict[str, Any], now: datetime
) -> None:
    """Write down an act."""
    values = {"actor": actor, "action": action, "subject": subject, "details": details, "at": now}
    tx.execute(insert(audit).values(**values))


def recent(tx: Transaction, limit: int = 100, subject: str | None = None) -> tuple[Entry, ...]:
    """Return the newest acts first, all or those done to one subject."""
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if subject is not None:
        statement = statement.where(audit.c.subject == subject)
    names = Entry.__slots__
    return tuple(Entry(**{n: getattr(row, n) for n in names}) for row in tx.execute(statement))
