"""Plays and their steps: what was started for whom, and how far it got.

Everything that two people or processes could do at once is a compare-and-swap: it says who won.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, cast

from sqlalchemy import Row, Select, func, not_, select, update

from storage.bulk import Ids, add_new, among, insert_into
from storage.database import Transaction
from storage.judgements import (
    Decision,
    TransitionRow,
    add_transitions,
    decided_on,
    decisions_of,
    outcomes_since,
    put_off_since,
    record_decisions,
    snooze,
    snoozed_until,
    transitions_on,
    worsened_on,
)
from storage.tables_acts import play as plays
from storage.tables_acts import step as steps

__all__ = [
    "Decision",
    "LastStarted",
    "NewPlay",
    "NewStep",
    "Play",
    "PlayState",
    "Step",
    "StepState",
    "TransitionRow",
    "acknowledge",
    "add_step",
    "add_steps",
    "add_transitions",
    "as_play",
    "as_step",
    "decided_on",
    "decisions_of",
    "last_started",
    "open_all",
    "open_play",
    "open_plays",
    "outcomes_since",
    "play",
    "plays_of",
    "put_off_since",
    "record_decisions",
    "rewrite_step",
    "settle_step",
    "snooze",
    "snoozed_until",
    "step",
    "steps_of",
    "transitions_on",
    "unanswered",
    "worsened_on",
]

PlayState = Literal["open", "closed"]
StepState = Literal["waiting_approval", "waiting_answer", "to_do", "scheduled", "done", "cancelled"]
Episode = tuple[int, str, str]
# A play the brake threw away was never seen by anybody, so it cools nothing down.
DISCARDED = "Discarded"


@dataclass(frozen=True, slots=True)
class Play:
    """One run of a playbook for one customer; `root_key` names the message its thread hangs on."""

    id: int
    customer_id: int
    playbook: str
    version: str
    episode: str
    state: PlayState
    opened_at: datetime
    closed_at: datetime | None
    reason: str | None
    trigger_as_of: date
    band: str
    score: Decimal
    root_key: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    body_digest: str | None = None


@dataclass(frozen=True, slots=True)
class NewPlay:
    """A play to open; `episode` is what it answers, once for each customer and playbook."""

    customer_id: int
    playbook: str
    version: str
    episode: str
    opened_at: datetime
    trigger_as_of: date
    band: str
    score: Decimal
    root_key: str | None
    body_digest: str | None = None

    @property
    def identity(self) -> Episode:
        """Return what no two plays share."""
        return self.customer_id, self.playbook, self.episode


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a play; `body` holds the words as they were frozen."""

    id: int
    play_id: int
    name: str
    kind: str
    occurrence: int
    state: StepState
    due_at: datetime
    body: dict[str, Any]
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step to add to a play."""

    play_id: int
    name: str
    kind: str
    occurrence: int
    state: StepState
    due_at: datetime
    body: dict[str, Any]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LastStarted:
    """When a playbook last started for a customer, and where they were then."""

    at: datetime
    band: str
    score: Decimal


def open_play(tx: Transaction, **fields: Any) -> Play | None:  # noqa: ANN401 - the fields of a NewPlay
    """Open one play, said by the fields of a NewPlay; None where it was there before."""
    return next(iter(open_all(tx, [NewPlay(**fields)]).values()), None)


def open_all(tx: Transaction, new: Sequence[NewPlay]) -> dict[Episode, Play]:
    """Open the plays; those whose customer had this playbook for this episode are left out."""
    rows = [{name: getattr(one, name) for name in NewPlay.__slots__} for one in new]
    told = (plays.c.customer_id, plays.c.playbook, plays.c.episode, plays.c.id)
    opened = add_new(tx, plays, [row | {"state": "open"} for row in rows], *told)
    numbers = {(row.customer_id, row.playbook, row.episode): row.id for row in opened}
    return {
        one.identity: _opened(one, numbers[one.identity]) for one in new if one.identity in numbers
    }


def _opened(new: NewPlay, number: int) -> Play:
    """Return a play that was just opened, as reading it would."""
    return Play(
        id=number,
        customer_id=new.customer_id,
        playbook=new.playbook,
        version=new.version,
        episode=new.episode,
        state="open",
        opened_at=new.opened_at.astimezone(UTC),
        closed_at=None,
        reason=None,
        trigger_as_of=new.trigger_as_of,
        band=new.band,
        score=new.score.quantize(Decimal("0.01")),
        root_key=new.root_key,
        acknowledged_by=None,
        acknowledged_at=None,
        body_digest=new.body_digest,
    )


def play(tx: Transaction, play_id: int) -> Play | None:
    """Return the play with this id."""
    row = tx.execute(select(plays).where(plays.c.id == play_id)).one_or_none()
    return None if row is None else as_play(row)


def open_plays(tx: Transaction, ids: Ids) -> dict[int, tuple[Play, ...]]:
    """Return the open plays by customer, oldest first; customers without any are left out."""
    statement = select(plays).where(among(tx, plays.c.customer_id, ids), plays.c.state == "open")
    found: defaultdict[int, tuple[Play, ...]] = defaultdict(tuple)
    for row in tx.execute(statement.order_by(plays.c.id)):
        found[row.customer_id] += (as_play(row),)
    return dict(found)


def plays_of(tx: Transaction, customer_id: int, limit: int = 50) -> tuple[Play, ...]:
    """Return a customer's plays, newest first."""
    statement = select(plays).where(plays.c.customer_id == customer_id)
    rows = tx.execute(statement.order_by(plays.c.id.desc()).limit(limit))
    return tuple(as_play(row) for row in rows)


def last_started(tx: Transaction, ids: Ids) -> dict[tuple[int, str], LastStarted]:
    """Return when each playbook last started, by customer and playbook; discarded plays apart."""
    statement = select(
        plays.c.customer_id, plays.c.playbook, plays.c.opened_at, plays.c.band, plays.c.score
    ).where(
        among(tx, plays.c.customer_id, ids),
        not_(func.coalesce(plays.c.reason, "").startswith(DISCARDED)),
    )
    return {
        (row.customer_id, row.playbook): LastStarted(row.opened_at, row.band, row.score)
        for row in tx.execute(statement.order_by(plays.c.opened_at, plays.c.id))
    }


def acknowledge(tx: Transaction, play_id: int, by: str, now: datetime) -> bool:
    """Note who took a play on; False when somebody had before."""
    statement = (
        update(plays)
        .where(plays.c.id == play_id, plays.c.acknowledged_by.is_(None))
        .values(acknowledged_by=by, acknowledged_at=now)
    )
    return tx.execute(statement).rowcount == 1


def add_step(tx: Transaction, **fields: Any) -> Step:  # noqa: ANN401 - the fields of a NewStep
    """Add one step to a play. Raises AlreadyThere when the play has this step and occurrence."""
    row = _values(NewStep(**fields))
    return as_step(tx.execute(insert_into(tx, steps).values(**row).returning(steps)).one())


def add_steps(tx: Transaction, new: Sequence[NewStep]) -> list[int]:
    """Add steps to plays that have none of them yet; return their numbers in the order given."""
    told = (steps.c.play_id, steps.c.name, steps.c.occurrence, steps.c.id)
    added = add_new(tx, steps, [_values(one) for one in new], *told)
    found = {(row.play_id, row.name, row.occurrence): row.id for row in added}
    return [found[one.play_id, one.name, one.occurrence] for one in new]


def _values(new: NewStep) -> dict[str, Any]:
    return {name: getattr(new, name) for name in NewStep.__slots__}


def step(tx: Transaction, step_id: int, *, lock: bool = False) -> Step | None:
    """Return the step with this id; with `lock` nobody else changes it until the end."""
    row = tx.execute(_locked(select(steps).where(steps.c.id == step_id), lock=lock)).one_or_none()
    return None if row is None else as_step(row)


def steps_of(tx: Transaction, play_id: int) -> tuple[Step, ...]:
    """Return a play's steps in the order they were added."""
    rows = tx.execute(select(steps).where(steps.c.play_id == play_id).order_by(steps.c.id))
    return tuple(as_step(row) for row in rows)


def settle_step(
    tx: Transaction,
    step_id: int,
    from_state: StepState,
    to_state: StepState,
    *,
    by: str | None,
    reason: str | None,
    now: datetime,
) -> bool:
    """Move a step on if it is still where the caller saw it; False when somebody was faster."""
    statement = (
        update(steps)
        .where(steps.c.id == step_id, steps.c.state == from_state)
        .values(state=to_state, decided_by=by, decided_at=now, reason=reason)
    )
    return tx.execute(statement).rowcount == 1


def rewrite_step(
    tx: Transaction, step_id: int, from_state: StepState, body: dict[str, Any], *, due_at: datetime
) -> bool:
    """Change what a step holds while it is still where the caller saw it; it is due anew."""
    statement = (
        update(steps)
        .where(steps.c.id == step_id, steps.c.state == from_state)
        .values(body=body, due_at=due_at)
    )
    return tx.execute(statement).rowcount == 1


def unanswered(tx: Transaction, before: datetime, limit: int = 100) -> tuple[Step, ...]:
    """Return the steps that wait for a yes since before, the longest waiting first, locked.

    They are looked for by the open plays, which are few; all steps there ever were are many.
    """
    old = (
        select(steps)
        .join(plays, plays.c.id == steps.c.play_id)
        .where(
            plays.c.state == "open",
            steps.c.state == "waiting_approval",
            steps.c.due_at < before,
        )
    )
    ordered = old.order_by(steps.c.due_at, steps.c.id).limit(limit)
    locked = ordered.with_for_update(of=steps, skip_locked=True)
    return tuple(as_step(row) for row in tx.execute(locked))


def _locked(statement: Select[Any], *, lock: bool) -> Select[Any]:
    return statement.with_for_update() if lock else statement


def as_play(row: Row[Any]) -> Play:
    """Return a row of the table as a play."""
    return Play(**{name: getattr(row, name) for name in Play.__slots__})


def as_step(row: Row[Any]) -> Step:
    """Return a row of the table as a step."""
    values = {name: getattr(row, name) for name in Step.__slots__}
    return Step(**values | {"state": cast("StepState", row.state)})
