"""A made-up base of customers, heavy-tailed like real ones: the same numbers, the same rows.

What Python makes is the roll-up, about a hundred rows a customer; the database makes the events
from it, about five hundred a customer in 90 days, so that millions cost seconds.
"""
# ruff: noqa: PLR2004  # Chances are their own explanation.

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from sqlalchemy import Column, Table, select, text

from playbooks.load import parse
from playbooks.load import shipped as shipped_playbooks
from playbooks.playbook import Playbook
from scoring.load import shipped
from service.ports import House, MailPolicy
from storage.columnar import copy_in
from storage.customers import CustomerFields, active_ids, upsert_customers
from storage.database import Database, Limits, Transaction
from storage.months import make_months
from storage.names import enrol
from storage.tables import activity_day, feature, feed, invoice, kind, ticket

TODAY: Final = date(2026, 11, 19)
NOW: Final = datetime.combine(TODAY + timedelta(days=1), time(4), UTC)
HISTORY_DAYS: Final = 90
FEATURES: Final = ("reports", "export", "search", "api", "alerts", "sharing", "audit", "sso")
CHUNK: Final = 2_000
# A tenth of all customers makes more than half of the noise.
TAIL: Final = 1.3
MOST_A_DAY: Final = 400
MICRO: Final = 1_000_000
INVOICES: Final = 6
BILLED_DAYS: Final = 180
# Stands for days to a payment that never came.
UNPAID: Final = 99
# No statement of a benchmark is cut because the machine is busy.
PATIENT: Final = Limits(statement=3_600, transaction=7_200)

# Millions of events are filed in a fraction of the time when their keys are made afterwards.
KEYS_OFF: Final = (
    "ALTER TABLE event DROP CONSTRAINT pk_event",
    "ALTER TABLE event_key DROP CONSTRAINT pk_event_key",
)
KEYS_ON: Final = (
    "SET LOCAL maintenance_work_mem = '256MB'",
    "ALTER TABLE event ADD PRIMARY KEY (customer_id, occurred_at, feed_id, event_id)",
    "ALTER TABLE event_key ADD PRIMARY KEY (feed_id, event_id, customer_id)",
)

WHENS: Final = (
    "{kind: drops, points: 15, days: 30}",
    "{kind: crosses, at: 40}",
    "{kind: stays, bands: [churn-risk], days: 14}",
    "{kind: trend_turns, to: declining}",
    "{kind: renewal_near, within: [60, 30], bands: [at-risk, churn-risk]}",
    "{kind: silent, days: 14}",
    "{kind: record_arrives, record: invoice_overdue}",
)
BOOK: Final = """
name: {0}
version: 1
title: {0}
description: One of many.
when: {1}
then:
  - {{step: call, kind: task, title: Call, due_in_business_days: 2}}
"""

Numbers = npt.NDArray[Any]
Columns = dict[str, list[Any]]


def house(database: Database) -> House:
    """Return the product over this database, with what ships: model and playbooks."""
    return House(
        database=database,
        model=shipped(),
        playbooks=shipped_playbooks(),
        mail=MailPolicy(
            sender="Success <success@bellwether.example>",
            mode="dry-run",
            base_url="https://bellwether.example",
            secret=b"of a benchmark",
        ),
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


def many_playbooks(house: House) -> tuple[Playbook, ...]:
    """Return the shipped playbooks, and one of each kind that looks at a customer's past."""
    texts = {f"bench-{number}": when for number, when in enumerate(WHENS)}
    return (
        *house.playbooks,
        *(parse(BOOK.format(name, when), name) for name, when in texts.items()),
    )


def fill(url: str, customers: int, days: int = HISTORY_DAYS, *, raw: bool = True) -> None:
    """Make the tables and fill them for so many customers and days up to TODAY.

    Without `raw` the single events are left out, which the daily job never reads.
    """
    with closing(Database.open(url, PATIENT)) as database:
        database.migrate()
        for first in range(0, customers, CHUNK):
            with database.transaction() as tx:
                _customers(tx, range(first, min(first + CHUNK, customers)), days)
        with database.transaction() as tx:
            ids = np.array(active_ids(tx), np.int64)
            _put(tx, ticket, _tickets(ids))
            _put(tx, invoice, _invoices(ids))
            for earlier in range(HISTORY_DAYS, days, HISTORY_DAYS):
                _put(tx, ticket, _tickets(ids, earlier))
            for earlier in range(BILLED_DAYS, days, BILLED_DAYS):
                _put(tx, invoice, _invoices(ids, earlier))
            _activity(tx, ids, days)
        with database.transaction() as tx:
            if raw:
                _events(tx, database.dialect)
            _derived(tx)
        with database.transaction() as tx:
            tx.execute(text("ANALYZE"))


def _customers(tx: Transaction, numbers: range, days: int) -> None:
    upsert_customers(
        tx,
        [
            CustomerFields(
                key=f"customer-{number}",
                name=f"{_name(number)} {number}",
                segment="enterprise" if number % 10 == 0 else "smb",
                arr=Decimal(1200 * (1 + number % 50)),
                renewal_on=TODAY + timedelta(days=number % 365),
                created_on=TODAY - timedelta(days=days + number % 300),
                csm_email=f"csm-{number % 20}@bellwether.example",
                csm_name=f"CSM {number % 20}",
                contact_email=f"ann@customer-{number}.example",
                contact_name="Ann",
            )
            for number in numbers
        ],
        NOW,
    )


def _name(number: int) -> str:
    parts = ("Ac", "Bol", "Cer", "Dun", "Ely", "Fox", "Gro", "Hal")
    ends = ("me", "tra", "vian", "dale", "sis", "ton", "ware", "line")
    return parts[number % 8] + ends[number // 8 % 8]


def _activity(tx: Transaction, ids: Numbers, days: int) -> None:
    """Put the roll-up, day by day as it comes in life; some fall silent three weeks ago.

    The last days are the same whatever came before them.
    """
    lately, earlier = np.random.default_rng(1), np.random.default_rng(4)
    size = np.minimum(lately.pareto(TAIL, len(ids)) + 1, 40.0)
    silent = np.where(lately.random(len(ids)) < 0.05, 21, 0)
    chance = np.minimum(0.25 + size / 10, 0.9)
    enrol(tx, feed, ["api"])
    kinds = enrol(tx, kind, ["login", "api_call", "feature_use"])
    features = np.array(list(enrol(tx, feature, FEATURES).values()))
    for back in reversed(range(days)):
        dice = lately if back < HISTORY_DAYS else earlier
        there = (dice.random(len(ids)) < chance) & (silent <= back)
        calls = there & (dice.random(len(ids)) < 0.5)
        uses = there & (dice.random(len(ids)) < 0.4)
        used = np.where(uses, dice.choice(features, len(ids)), 0)
        _put(
            tx,
            activity_day,
            _together([
                _rows(ids, there, back, kinds["login"], 0 * used, _many(dice, size)),
                _rows(ids, calls, back, kinds["api_call"], 0 * used, _many(dice, 2 * size)),
                _rows(ids, uses, back, kinds["feature_use"], used, _many(dice, size / 2)),
            ]),
        )  # fmt: skip


def _many(dice: np.random.Generator, size: Numbers) -> Numbers:
    return np.clip(dice.exponential(1.5 * size), 1, MOST_A_DAY).astype(np.int64)


def _rows(  # noqa: PLR0917 - the columns of a roll-up
    ids: Numbers, there: Numbers, back: int, kind_id: int, features: Numbers, count: Numbers
) -> Columns:
    chosen = ids[there]
    return {
        "day": [TODAY - timedelta(days=back)] * len(chosen),
        "customer_id": chosen.tolist(),
        "kind_id": [kind_id] * len(chosen),
        "feature_id": features[there].tolist(),
        "count": count[there].tolist(),
        "total": [Decimal(one) for one in count[there].tolist()],
    }


def _together(parts: Sequence[Columns]) -> Columns:
    return {name: [one for part in parts for one in part[name]] for name in parts[0]}


def _tickets(ids: Numbers, earlier: int = 0) -> Columns:
    """Make tickets of the last ninety days, or of ninety days so many earlier."""
    dice = np.random.default_rng(2 + earlier)
    owners = np.repeat(ids, np.minimum(dice.pareto(TAIL, len(ids)).astype(np.int64), 30))
    back = dice.integers(1, HISTORY_DAYS, len(owners)).tolist()
    opened = [NOW - timedelta(days=one + earlier) for one in back]
    return {
        "customer_id": owners.tolist(),
        "ticket_id": [
            f"T{earlier}-{number}" if earlier else f"T{number}" for number in range(len(owners))
        ],
        "opened_at": opened,
        "opened_on": [one.date() for one in opened],
        "closed_at": opened,
        "rating": [None] * len(owners),
        "subject": [None] * len(owners),
    }


def _invoices(ids: Numbers, earlier: int = 0) -> Columns:
    """Make the invoices of the last half year, or those that came before; they were all paid."""
    dice = np.random.default_rng(3 + earlier)
    owners = np.repeat(ids, INVOICES)
    late = dice.integers(0, 20, len(owners)) + 30 * (np.arange(len(owners)) % INVOICES)
    due = [TODAY - timedelta(days=int(one) + earlier) for one in late]
    punctual = dice.random(len(owners)) < (1 if earlier else 0.95)
    paid = np.where(punctual, dice.integers(-5, 4, len(owners)), UNPAID)
    return {
        "customer_id": owners.tolist(),
        "invoice_id": [f"I{earlier + number % INVOICES}" for number in range(len(owners))],
        "due_on": due,
        "paid_on": [
            None if days == UNPAID else on + timedelta(days=days)
            for on, days in zip(due, paid.tolist(), strict=True)
        ],
        "issued_on": [None] * len(owners),
        "known_on": due,
        "amount": [Decimal(100)] * len(owners),
        "currency": ["EUR"] * len(owners),
    }


def _put(tx: Transaction, table: Table, columns: Columns) -> None:
    """Put the rows as quickly as the database takes them; nothing is derived from them here."""
    copy_in(tx, table, {name: _cells(tx, table.c[name], columns[name]) for name in columns})


def _cells(tx: Transaction, column: Column[Any], values: list[Any]) -> list[Any]:
    """Answer the values as the driver takes them; there are few different ones."""
    fit = column.type.dialect_impl(tx.dialect).bind_processor(tx.dialect) or (lambda same: same)
    text = tx.dialect.name == "postgresql"
    spelled = {one: _cell(fit(one)) if text else fit(one) for one in set(values)}
    return [spelled[one] for one in values]


def _cell(value: object) -> str:
    return "\\N" if value is None else str(value)


def _events(tx: Transaction, dialect: str) -> None:
    """Make the events the roll-up says, each at its own second of the day."""
    tx.execute(text("CREATE TEMPORARY TABLE upto (n INTEGER PRIMARY KEY)"))
    tx.execute(text(
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :most) "
        "INSERT INTO upto SELECT n FROM up"
    ), {"most": MOST_A_DAY})  # fmt: skip
    at, stamp = _spelled(dialect)
    _all(tx, KEYS_OFF if dialect == "postgresql" else ())
    name = "a.customer_id || '-' || a.day || '-' || a.kind_id || '-' || a.feature_id || '-' || n"
    days = tx.execute(select(activity_day.c.day).distinct()).scalars()
    make_months(tx, [datetime.combine(day, time(), UTC) for day in days])
    each = "FROM activity_day a JOIN upto ON n <= a.count"
    tx.execute(text(
        "INSERT INTO event_key (feed_id, event_id, customer_id, stamp, occurred_on) "
        f"SELECT 1, {name}, a.customer_id, {stamp}, a.day {each}"
    ))  # fmt: skip
    tx.execute(text(
        "INSERT INTO event (feed_id, event_id, customer_id, kind_id, feature_id, occurred_at, "
        'received_at, value, "user", properties) '
        f"SELECT 1, {name}, a.customer_id, a.kind_id, a.feature_id, {at}, {at}, {MICRO}, NULL, "
        f"NULL {each}"
    ))  # fmt: skip
    _all(tx, KEYS_ON if dialect == "postgresql" else ())


def _spelled(dialect: str) -> tuple[str, str]:
    """Spell an instant and sixteen bytes in the database's own SQL."""
    if dialect == "postgresql":
        at = "a.day::timestamp AT TIME ZONE 'UTC' + n * interval '100 seconds'"
        return at, r"'\x00112233445566778899aabbccddeeff'::bytea"
    at = "strftime('%Y-%m-%d %H:%M:%S', (a.day - 719163) * 86400 + n * 100, 'unixepoch')"
    return f"{at} || '.000000'", "x'00112233445566778899aabbccddeeff'"


def _derived(tx: Transaction) -> None:
    """Fill what storage derives from roll-ups while events come in."""
    span = (
        "INSERT INTO activity_span (customer_id, kind_id, first_day, last_day) "
        "SELECT customer_id, {kind}, min(day), max(day) FROM activity_day {where} GROUP BY 1, 2"
    )
    _all(tx, [span.format(kind="kind_id", where=""),
              span.format(kind="0", where="WHERE feature_id > 0")])  # fmt: skip
    counted = import_module("storage.migrations.versions.0006_when_feeds_spoke")
    tx.execute(text("DELETE FROM feed_day"))
    _all(tx, [counted.COUNT + counts for counts in counted.BACKFILL])


def _all(tx: Transaction, statements: Iterable[str]) -> None:
    for statement in statements:
        tx.execute(text(statement))
