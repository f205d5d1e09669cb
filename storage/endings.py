"""Many plays closed at once: each for its own reason, all in the same few statements.

On a day on which many recover the daily job closes as many plays; nothing is asked play by play.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    FromClause,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    update,
)

from storage.bulk import Ids, among
from storage.database import Transaction
from storage.plays import Step, StepState, as_step
from storage.tables_acts import message
from storage.tables_acts import play as plays
from storage.tables_acts import step as steps

Reasons = Mapping[int, str]


def close_plays(tx: Transaction, reasons: Reasons, now: datetime) -> set[int]:
    """Close those of the plays that are open, each for its reason; return which they were."""
    mine = among(tx, plays.c.id, list(reasons)), plays.c.state == "open"
    locked = select(plays.c.id).where(*mine).order_by(plays.c.id).with_for_update()
    found = set(tx.execute(locked).scalars())
    if found:
        said = _said(tx, reasons)
        closed = {"state": "closed", "closed_at": now, "reason": said.c.reason}
        open_ones = among(tx, plays.c.id, list(found)), plays.c.id == said.c.play_id
        tx.execute(update(plays).where(*open_ones).values(closed))
    return found


def cancel_messages(tx: Transaction, reasons: Reasons, now: datetime) -> int:
    """Cancel what is not out yet of these plays, each for its reason; return how many."""
    mine = among(tx, message.c.play_id, list(reasons)), message.c.state.in_(["pending", "held"])
    locked = select(message.c.id).where(*mine).order_by(message.c.id).with_for_update()
    found = list(tx.execute(locked).scalars())
    if found:
        said = _said(tx, reasons)
        cancelled = {"state": "cancelled", "settled_at": now, "error": said.c.reason}
        waiting = among(tx, message.c.id, found), message.c.play_id == said.c.play_id
        tx.execute(update(message).where(*waiting).values(cancelled))
    return len(found)


def cancel_steps(
    tx: Transaction, reasons: Reasons, waiting: Sequence[StepState], now: datetime
) -> dict[int, list[Step]]:
    """Cancel the steps of these plays in those states; return them as they were, by their play."""
    mine = among(tx, steps.c.play_id, list(reasons)), steps.c.state.in_(waiting)
    rows = tx.execute(select(steps).where(*mine).order_by(steps.c.id).with_for_update())
    found = [as_step(row) for row in rows]
    if found:
        said = _said(tx, reasons)
        cancelled = {"state": "cancelled", "decided_by": None, "decided_at": now,
                     "reason": said.c.reason}  # fmt: skip
        these = among(tx, steps.c.id, [one.id for one in found]), steps.c.play_id == said.c.play_id
        tx.execute(update(steps).where(*these).values(cancelled))
    by_play: defaultdict[int, list[Step]] = defaultdict(list)
    for one in found:
        by_play[one.play_id].append(one)
    return by_play


def steps_done(tx: Transaction, play_ids: Ids, kind: str) -> tuple[Step, ...]:
    """Return the steps of a kind that these plays have done, in the order they were added."""
    mine = among(tx, steps.c.play_id, play_ids), steps.c.kind == kind, steps.c.state == "done"
    rows = tx.execute(select(steps).where(*mine).order_by(steps.c.id))
    return tuple(as_step(row) for row in rows)


def _said(tx: Transaction, reasons: Reasons) -> FromClause:
    """Return each play's reason as rows of `play_id` and `reason`."""
    if tx.dialect.name == "postgresql":
        pairs = func.unnest(
            cast(bindparam(None, list(reasons), ARRAY(BigInteger)), ARRAY(BigInteger)),
            cast(bindparam(None, list(reasons.values()), ARRAY(Text)), ARRAY(Text)),
        ).table_valued(column("play_id", BigInteger), column("reason", Text))
        return pairs.render_derived(name="said")
    words = json.dumps(list(reasons.items()), ensure_ascii=False)
    each = func.json_each(words).table_valued(column("value", Text))
    number, reason = (func.json_extract(each.c.value, f"$[{place}]") for place in (0, 1))
    return select(number.label("play_id"), reason.label("reason")).subquery("said")
