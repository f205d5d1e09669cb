"""What was noticed and decided: transitions between bands, decisions, snoozes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select

from storage.bulk import Ids, add_new, among, put
from storage.database import Transaction
from storage.names import enrol
from storage.tables import model as models
from storage.tables_acts import decision, transition
from storage.tables_acts import snooze as snoozes


@dataclass(frozen=True, slots=True)
class TransitionRow:
    """How a customer's band changed on a day, under one model."""

    customer_id: int
    model: str
    as_of: date
    kind: str
    from_band: str | None
    to_band: str
    score_before: Decimal | None
    score_after: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one playbook for one customer on a day, and why."""

    customer_id: int
    as_of: date
    playbook: str
    outcome: str
    reason: str
    at: datetime


def add_transitions(tx: Transaction, rows: Sequence[TransitionRow]) -> int:
    """Keep the transitions not kept before, one per customer, model and day; return how many."""
    numbers = enrol(tx, models, {row.model for row in rows})
    written = [
        {name: getattr(row, name) for name in TransitionRow.__slots__ if name != "model"}
        | {"model_id": numbers[row.model]}
        for row in rows
    ]
    return len(add_new(tx, transition, written, transition.c.customer_id))


def transitions_on(
    tx: Transaction, model: str, after: date, until: date
) -> tuple[TransitionRow, ...]:
    """Return the model's transitions of the days after `after` up to and with `until`, by day."""
    statement = (
        select(transition, models.c.name.label("model"))
        .join(models, models.c.id == transition.c.model_id)
        .where(models.c.name == model, transition.c.as_of > after, transition.c.as_of <= until)
        .order_by(transition.c.as_of, transition.c.customer_id)
    )
    return tuple(TransitionRow(**_picked(row, TransitionRow)) for row in tx.execute(statement))


def worsened_on(tx: Transaction, model: str, as_of: date) -> int:
    """Return how many customers fell into a worse band on the day."""
    statement = (
        select(func.count())
        .select_from(transition)
        .join(models, models.c.id == transition.c.model_id)
        .where(models.c.name == model, transition.c.as_of == as_of, transition.c.kind == "worsened")
    )
    return tx.execute(statement).scalar() or 0


def record_decisions(tx: Transaction, decisions: Sequence[Decision]) -> int:
    """Keep the decisions not kept before; return how many were new."""
    rows = [{name: getattr(one, name) for name in Decision.__slots__} for one in decisions]
    return len(add_new(tx, decision, rows, decision.c.customer_id))


def decisions_of(tx: Transaction, customer_id: int, since: date) -> tuple[Decision, ...]:
    """Return what was decided about a customer since the day, newest first."""
    statement = (
        select(decision)
        .where(decision.c.customer_id == customer_id, decision.c.as_of >= since)
        .order_by(decision.c.as_of.desc(), decision.c.playbook, decision.c.outcome)
    )
    return tuple(Decision(**_picked(row, Decision)) for row in tx.execute(statement))


def outcomes_since(tx: Transaction, ids: Ids, since: date) -> Iterator[tuple[int, str, str]]:
    """Yield customer, playbook and outcome of what was decided since the day, newest first."""
    told = decision.c.customer_id, decision.c.playbook, decision.c.outcome
    mine = among(tx, decision.c.customer_id, ids), decision.c.as_of >= since
    newest = decision.c.as_of.desc(), decision.c.playbook, decision.c.outcome
    for row in tx.execute(select(*told).where(*mine).order_by(*newest)):
        yield row.customer_id, row.playbook, row.outcome


def put_off_since(tx: Transaction, ids: Ids, since: date, outcome: str) -> set[int]:
    """Return the customers about whom a decision came out so on a day since then."""
    statement = select(decision.c.customer_id).where(
        among(tx, decision.c.customer_id, ids),
        decision.c.as_of >= since,
        decision.c.outcome == outcome,
    )
    return set(tx.execute(statement).scalars())


def decided_on(tx: Transaction, ids: Ids, as_of: date) -> set[int]:
    """Return about whom anything was decided on the day."""
    statement = select(decision.c.customer_id).where(
        among(tx, decision.c.customer_id, ids), decision.c.as_of == as_of
    )
    return set(tx.execute(statement.distinct()).scalars())


def snooze(tx: Transaction, customer_id: int, *, until: datetime, by: str, now: datetime) -> None:
    """Keep a customer quiet until the instant; the latest word counts."""
    row = {"customer_id": customer_id, "until": until, "by": by, "at": now}
    put(tx, snoozes, [row], key=("customer_id",))


def snoozed_until(tx: Transaction, ids: Ids) -> dict[int, datetime]:
    """Return until when each customer was snoozed, also where that is past."""
    statement = select(snoozes.c.customer_id, snoozes.c.until)
    rows = tx.execute(statement.where(among(tx, snoozes.c.customer_id, ids)))
    return dict(rows.all())


def snoozed_since(tx: Transaction, customer_id: int, since: datetime) -> datetime | None:
    """Return until when a customer was snoozed by somebody who said so since that instant."""
    spoken = (snoozes.c.customer_id == customer_id, snoozes.c.at >= since)
    return tx.execute(select(snoozes.c.until).where(*spoken)).scalar()


def _picked(row: Row[Any], shape: type[TransitionRow] | type[Decision]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.__slots__}
