"""What came of plays: whether people found their alerts useful, and how each one ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, cast

from sqlalchemy import and_, func, not_, select

from storage.bulk import add_new, put
from storage.database import Transaction
from storage.fold import fold
from storage.people import Member
from storage.plays import DISCARDED, Play
from storage.tables_acts import message
from storage.tables_acts import play as plays
from storage.tables_said import feedback, play_end

Opinion = Literal["useful", "false_alarm"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one person said of an alert, last."""

    by: str
    verdict: Opinion
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A play that is over, how it ended, and what its customer is worth a year."""

    play: Play
    outcome: str
    arr: Decimal | None


@dataclass(frozen=True, slots=True)
class Played:
    """One play as its results are counted: `band` it began in, `told_at` when its alert arrived.

    `outcome` is how it ended: "recovered", "over", "superseded", "cancelled"; None while it runs.
    `arr` is what the customer was worth a year at its end.
    """

    playbook: str
    customer_id: int
    band: str
    opened_at: datetime
    told_at: datetime | None
    acknowledged_at: datetime | None
    outcome: str | None
    arr: Decimal | None


def judge(
    tx: Transaction, play: Play, member: Member, verdict: Opinion, now: datetime
) -> Opinion | None:
    """Keep what somebody says of a play's alert; return what they said of it before, if anything.

    One word a person: the later takes the place of the earlier.
    """
    who = fold(member.email)
    theirs = feedback.c.play_id == play.id, feedback.c.email_folded == who
    before = tx.execute(select(feedback.c.verdict).where(*theirs)).scalar()
    row = {
        "play_id": play.id,
        "email_folded": who,
        "customer_id": play.customer_id,
        "by": member.name,
        "verdict": verdict,
        "at": now,
    }
    put(tx, feedback, [row], key=("play_id", "email_folded"))
    return cast("Opinion | None", before)


def verdicts_of(tx: Transaction, play_id: int) -> tuple[Verdict, ...]:
    """Return what people said of a play's alert, the first to speak first."""
    statement = select(feedback).where(feedback.c.play_id == play_id)
    rows = tx.execute(statement.order_by(feedback.c.at, feedback.c.email_folded))
    return tuple(Verdict(row.by, row.verdict, row.at) for row in rows)


def note_ends(tx: Transaction, ended: Sequence[Ended], now: datetime) -> None:
    """Write down how plays ended, and what their customers are worth; the first word counts."""
    rows = [
        {
            "play_id": one.play.id,
            "customer_id": one.play.customer_id,
            "outcome": one.outcome,
            "arr": one.arr,
            "at": now,
        }
        for one in ended
    ]
    add_new(tx, play_end, rows, play_end.c.play_id)


def judged(tx: Transaction, since: datetime) -> dict[tuple[str, str], int]:
    """Count what was said of alerts raised since then, by playbook and verdict."""
    statement = (
        select(plays.c.playbook, feedback.c.verdict, func.count())
        .join(plays, plays.c.id == feedback.c.play_id)
        .where(plays.c.opened_at >= since)
        .group_by(plays.c.playbook, feedback.c.verdict)
    )
    return {(row[0], row[1]): row[2] for row in tx.execute(statement)}


def played(tx: Transaction, since: datetime) -> tuple[Played, ...]:
    """Return the plays opened since then; those the brake threw away are none."""
    statement = (
        select(
            plays.c.playbook,
            plays.c.customer_id,
            plays.c.band,
            plays.c.opened_at,
            message.c.settled_at.label("told_at"),
            plays.c.acknowledged_at,
            play_end.c.outcome,
            play_end.c.arr,
        )
        .outerjoin(play_end, play_end.c.play_id == plays.c.id)
        .outerjoin(message, and_(message.c.key == plays.c.root_key, message.c.state == "sent"))
        .where(
            plays.c.opened_at >= since,
            not_(func.coalesce(plays.c.reason, "").startswith(DISCARDED)),
        )
        .order_by(plays.c.id)
    )
    names = Played.__slots__
    return tuple(
        Played(**{name: getattr(row, name) for name in names}) for row in tx.execute(statement)
    )
