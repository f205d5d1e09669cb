"""What is left when all is over, in the database and outside, and what may be wrong with it."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import psycopg2
from sqlalchemy import text

from storage.database import Database, Transaction
from tests.crash.outside import Arrived
from tests.crash.world import DAYS, UNMOVED, contact, executive


@dataclass(frozen=True)
class Remains:
    """What stands in the database and outside once all is over."""

    rows: dict[str, int]
    mails: dict[str, str]
    states: Counter[str]
    dropped: Counter[str]
    deeds: Counter[str]
    arrived: Counter[tuple[str, str]]
    said: Counter[str]
    calls: Counter[str]


def remains(url: str, arrived: Arrived) -> Remains:
    with closing(Database.open(url)) as database, database.reading() as tx:
        ids = dict(_pairs(tx, "SELECT key, body FROM message WHERE channel = 'email'"))
        return Remains(
            rows={name: _count(tx, name) for name in ("snapshot", "transition", "play", "step")},
            mails={ids[key]: state for key, state in _pairs(tx, _STATES)},
            states=Counter(state for _, state in _pairs(tx, "SELECT key, state FROM message")),
            dropped=Counter(
                why
                for _, why in _pairs(tx, "SELECT key, error FROM message WHERE state = 'cancelled'")
            ),
            deeds=Counter(
                action
                for action, _ in _pairs(
                    tx, "SELECT action, subject FROM audit WHERE action <> 'webhook-add'"
                )
            ),
            arrived=Counter(arrived.mails),
            said=Counter(_intent(each.metadata) for each in arrived.said),
            calls=Counter(arrived.calls),
        )


_STATES = "SELECT key, state FROM message WHERE channel = 'email'"


def forgotten(url: str) -> None:
    """Wait until the server has noticed that whoever was connected is dead, and let go their locks.

    Until then what they held is skipped, as it is by a tick that comes a moment too early.
    """
    if url.startswith("sqlite"):
        return
    ends = time.monotonic() + PATIENCE
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute(OTHERS)
            if cursor.fetchone() == (0,):
                return
            assert time.monotonic() < ends, "the server holds on to the dead"
            time.sleep(0.02)


def _pairs(tx: Transaction, sql: str) -> list[tuple[str, str]]:
    rows = tx.execute(text(sql)).all()
    return [(str(one), _message_id(two)) for one, two in rows]


def _message_id(value: object) -> str:
    body = json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    return str(body["message_id"]) if isinstance(body, dict) else str(value)


def _count(tx: Transaction, table: str) -> int:
    counts = {
        "snapshot": "SELECT count(*) FROM snapshot",
        "transition": "SELECT count(*) FROM transition WHERE kind = 'worsened'",
        "play": "SELECT count(*) FROM play",
        "step": "SELECT count(*) FROM step",
    }
    return int(tx.execute(text(counts[table])).scalar() or 0)


def _intent(metadata: dict[str, object]) -> str:
    payload = metadata["event_payload"]
    assert isinstance(payload, dict)
    return f"{payload['key']}#{payload['part']}"


def faults(found: Remains, days: int, *, doubt: int) -> Iterator[str]:
    """Yield what is wrong; at most `doubt` mails may be unknown."""
    unknown = found.states["unknown"]
    if found.rows != _whole(days):
        yield f"lost or doubled rows: {found.rows}"
    if set(found.states) - {"sent", "unknown"}:
        yield f"messages left over: {dict(found.states)}"
    if unknown > doubt:
        yield f"{unknown} mails in doubt"
    if len(found.mails) != MAILS * days:
        yield f"{len(found.mails)} mails intended"
    if twice := {one: many for one, many in found.arrived.items() if many > 1}:
        yield f"mails doubled: {twice}"
    if found.deeds != Counter(dict.fromkeys((*DEEDS, TOLD_ON), days)):
        yield f"deeds: {dict(found.deeds)}"
    yield from _mails_amiss(found, days)
    yield from _words_amiss(found, days)


# A machine under load may take a while to notice that a client is gone.
PATIENCE = 60
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
# What a play adds to: with what follows from the answer and from the wait.
STEPS = 11
MAILS = 3
# The alert, and the two posts.
ROOTS = 3
# What nobody took is told to others as well, in one more post.
TOLD_ON = "escalate"
DEEDS = ("acknowledge", "approve", "question", "answer survey", "complaint", "unsubscribe")


def _whole(days: int) -> dict[str, int]:
    """Return how many rows there are when each was written, once."""
    snapshots = (len(DAYS) + UNMOVED) * (days + 1)
    return {"snapshot": snapshots, "transition": days, "play": days, "step": STEPS * days}


def _mails_amiss(found: Remains, days: int) -> Iterator[str]:
    there = {message_id for _, message_id in found.arrived}
    for message_id, state in found.mails.items():
        if state == "sent" and message_id not in there:
            yield f"a mail said to be sent never arrived: {message_id}"
    if {address for address, _ in found.arrived} - {
        whoever(number) for number in range(1, days + 1) for whoever in (contact, executive)
    }:
        yield "somebody else was written to"


def _words_amiss(found: Remains, days: int) -> Iterator[str]:
    if twice := [key for key, many in found.said.items() if many > 1]:
        yield f"said twice in Slack: {twice}"
    roots = [key for key in found.said if "/note/" not in key]
    if len(roots) != ROOTS * days + found.deeds[TOLD_ON]:
        yield f"{len(roots)} alerts and posts in Slack"
    if len(found.calls) != days:
        yield f"{len(found.calls)} calls of the webhook"
