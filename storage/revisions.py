"""What a snapshot said before it was corrected: history loses nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from storage.bulk import add_new, among
from storage.database import Transaction
from storage.frames import opened
from storage.tables import model, snapshot
from storage.tables_said import snapshot_revision

# A correction that says the very same is none; when it was computed does not count.
SAID = ("version", "score", "band", "record")


@dataclass(frozen=True, slots=True)
class Revision:
    """A score that stood until it was corrected; `revision` counts from 1, the oldest."""

    as_of: date
    model: str
    version: int
    revision: int
    score: Decimal
    band: str
    computed_at: datetime


def keep_revisions(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put by what is stored under the keys of these rows and says something else."""
    for day, number in {(row["as_of"], row["model_id"]) for row in rows}:
        new = {
            row["customer_id"]: row
            for row in rows
            if (row["as_of"], row["model_id"]) == (day, number)
        }
        _put_by(tx, day, number, new)


def revisions_of(tx: Transaction, customer_id: int, name: str) -> tuple[Revision, ...]:
    """Return what a customer's snapshots of a model said before, by day, the oldest first."""
    said = snapshot_revision
    statement = (
        select(said, model.c.name.label("model"))
        .join(model, model.c.id == said.c.model_id)
        .where(said.c.customer_id == customer_id, model.c.name == name)
        .order_by(said.c.as_of, said.c.revision)
    )
    names = Revision.__slots__
    return tuple(Revision(**{n: getattr(row, n) for n in names}) for row in opened(tx, statement))


def _put_by(tx: Transaction, day: date, number: int, new: Mapping[int, Mapping[str, Any]]) -> None:
    ids = sorted(new)
    stored = opened(
        tx,
        select(snapshot).where(
            among(tx, snapshot.c.customer_id, ids),
            snapshot.c.model_id == number,
            snapshot.c.as_of == day,
        ),
    )
    old = [dict(row._mapping) for row in stored]  # noqa: SLF001 - public, in SQLAlchemy's documentation
    replaced = [row for row in old if _differs(row, new[row["customer_id"]])]
    if not replaced:
        return
    counts = _counts(tx, day, number, [row["customer_id"] for row in replaced])
    numbered = [row | {"revision": counts.get(row["customer_id"], 0) + 1} for row in replaced]
    add_new(tx, snapshot_revision, numbered, snapshot_revision.c.customer_id)


def _differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return any(old[name] != new[name] for name in SAID)


def _counts(tx: Transaction, day: date, number: int, ids: Sequence[int]) -> dict[int, int]:
    said = snapshot_revision.c
    statement = (
        select(said.customer_id, func.count())
        .where(among(tx, said.customer_id, ids), said.model_id == number, said.as_of == day)
        .group_by(said.customer_id)
    )
    return dict(tx.execute(statement).all())
