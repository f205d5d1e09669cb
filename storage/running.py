"""Plays that go on for weeks: the playbooks they are pinned to, and what of them is due."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update

from storage.bulk import Ids, add_new, among, among_texts
from storage.database import Transaction
from storage.plays import Play, Step, StepState, as_play, as_step
from storage.tables_acts import message, playbook_body
from storage.tables_acts import play as plays
from storage.tables_acts import step as steps

EMAIL = "email"
# What a play goes on from by itself when its time comes.
GOING_ON = ("scheduled", "waiting_answer")
# A mail on its way is scheduled too; the outbox sees to it.
MAILS = ("email", "survey")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A playbook as it was: `digest` names the very content."""

    digest: str
    identity: str
    body: dict[str, Any]


def pin(tx: Transaction, bodies: Sequence[Pinned], now: datetime) -> None:
    """Keep these playbooks; what is kept already is left as it is."""
    rows = [
        {"digest": one.digest, "identity": one.identity, "body": one.body, "at": now}
        for one in bodies
    ]
    add_new(tx, playbook_body, rows, playbook_body.c.digest)


def pinned(tx: Transaction, digests: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the playbooks with these digests, as they were."""
    if not digests:
        return {}
    known = select(playbook_body).where(among_texts(tx, playbook_body.c.digest, digests))
    return {row.digest: row.body for row in tx.execute(known)}


def due_plays(tx: Transaction, now: datetime, limit: int = 200) -> list[int]:
    """Return the open plays with something to go on with, the longest due first.

    A play whose first message is held (by the brake) waits with it.
    """
    held = (
        select(message.c.id)
        .where(message.c.key == plays.c.root_key, message.c.state == "held")
        .exists()
    )
    statement = (
        select(steps.c.play_id, func.min(steps.c.due_at).label("since"))
        .join(plays, plays.c.id == steps.c.play_id)
        .where(_due(now), plays.c.state == "open", ~held)
        .group_by(steps.c.play_id)
        .order_by("since", steps.c.play_id)
        .limit(limit)
    )
    return [row.play_id for row in tx.execute(statement)]


def claim(tx: Transaction, play_id: int) -> Play | None:
    """Return an open play and lock it until the end; None when it is closed or another has it.

    Others may hang messages and steps on it meanwhile: who holds one of its steps is not locked in.
    """
    wanted = select(plays).where(plays.c.id == play_id, plays.c.state == "open")
    locked = wanted.with_for_update(skip_locked=True, key_share=True)
    row = tx.execute(locked).one_or_none()
    return None if row is None else as_play(row)


def lock(tx: Transaction, play_id: int) -> None:
    """Let nobody else close a play or go on with it until the end; waits for who is at it."""
    wanted = select(plays.c.id).where(plays.c.id == play_id)
    tx.execute(wanted.with_for_update(key_share=True))


def wait_anew(tx: Transaction, held_by: str, now: datetime, unless: timedelta) -> int:
    """Let the plays whose alert somebody held wait as long again from now; return their steps.

    A mail that waits for its yes is as old as its words, whoever held it. A hold no longer than
    `unless` moves nothing.
    """
    statement = (
        select(steps.c.id, steps.c.due_at, plays.c.opened_at)
        .join(plays, plays.c.id == steps.c.play_id)
        .join(message, message.c.key == plays.c.root_key)
        .where(
            message.c.held_by == held_by,
            message.c.state == "held",
            plays.c.state == "open",
            plays.c.opened_at < now - unless,
            steps.c.state.in_([*GOING_ON, "to_do"]),
        )
    )
    moved = [
        {"step": row.id, "due": row.due_at + (now - row.opened_at)} for row in tx.execute(statement)
    ]
    if moved:
        later = update(steps).where(steps.c.id == bindparam("step"))
        tx.execute(later.values(due_at=bindparam("due")), moved)
    return len(moved)


def due_steps(tx: Transaction, play_id: int, now: datetime) -> tuple[Step, ...]:
    """Return what is due of a play, in the order it became due, locked."""
    wanted = select(steps).where(steps.c.play_id == play_id, _due(now))
    ordered = wanted.order_by(steps.c.due_at, steps.c.id).with_for_update()
    return tuple(as_step(row) for row in tx.execute(ordered))


def answer(
    tx: Transaction, step_id: int, from_state: StepState, said: str, *, by: str, now: datetime
) -> bool:
    """Note an answer to a step that waits for one; False when somebody was faster."""
    statement = (
        update(steps)
        .where(steps.c.id == step_id, steps.c.state == from_state, steps.c.answer.is_(None))
        .values(state="done", answer=said, decided_by=by, decided_at=now, reason=None)
    )
    return tx.execute(statement).rowcount == 1


def note_answer(tx: Transaction, step_id: int, said: str, body: Mapping[str, Any]) -> None:
    """Note what a customer answered; the step itself stays where it is."""
    statement = update(steps).where(steps.c.id == step_id, steps.c.answer.is_(None))
    tx.execute(statement.values(answer=said, body=dict(body)))


def started_since(tx: Transaction, since: datetime, names: Collection[str]) -> Mapping[str, int]:
    """Count the plays of these playbooks that began since then, by playbook."""
    counted = (
        select(plays.c.playbook, func.count().label("many"))
        .where(plays.c.opened_at >= since, among_texts(tx, plays.c.playbook, names))
        .group_by(plays.c.playbook)
    )
    return {row.playbook: row.many for row in tx.execute(counted)}


def last_touches(tx: Transaction, ids: Ids) -> dict[int, date]:
    """Return the day one of us last wrote to a customer or took an alert of theirs."""
    written = (
        select(message.c.customer_id, func.max(message.c.settled_at).label("at"))
        .where(
            among(tx, message.c.customer_id, ids),
            message.c.channel == EMAIL,
            message.c.state.in_(["sent", "unknown"]),
        )
        .group_by(message.c.customer_id)
    )
    taken = (
        select(plays.c.customer_id, func.max(plays.c.acknowledged_at).label("at"))
        .where(among(tx, plays.c.customer_id, ids), plays.c.acknowledged_at.is_not(None))
        .group_by(plays.c.customer_id)
    )
    found: dict[int, date] = {}
    for row in [*tx.execute(written), *tx.execute(taken)]:
        day = row.at.date()
        found[row.customer_id] = max(day, found.get(row.customer_id, day))
    return found


def _due(now: datetime) -> ColumnElement[bool]:
    mail_on_its_way = and_(steps.c.state == "scheduled", steps.c.kind.in_(MAILS))
    return and_(steps.c.state.in_(GOING_ON), steps.c.due_at <= now, ~mail_on_its_way)
