"""A made-up base of customers, heavy-tailed like real ones: the same numbers, the same rows.

What Python makes is the roll-up, about a hundred rows a customer; the database makes the events
from it, about five hundred a customer in 90 days, so that millions cost seconds.
"""
# ruff: noqa: PLR2004, S311, S608  # Chances are their own explanation; dice must be repeatable, not
# unguessable; the names in the SQL are ours.

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from playbooks.load import shipped as shipped_playbooks
from scoring.load import shipped
from service.ports import House, MailPolicy
from storage.bulk import add_new
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database, Limits, Transaction
from storage.names import enrol
from storage.records import InvoiceFields, TicketFields, upsert_invoices, upsert_tickets
from storage.tables import activity_day, feature, feed, kind

TODAY: Final = date(2026, 11, 19)
NOW: Final = datetime.combine(TODAY + timedelta(days=1), time(4), UTC)
HISTORY_DAYS: Final = 90
FEATURES: Final = ("reports", "export", "search", "api", "alerts", "sharing", "audit", "sso")
CHUNK: Final = 2_000
# A tenth of all customers makes more than half of the noise.
TAIL: Final = 1.3
MOST_A_DAY: Final = 400
MICRO: Final = 1_000_000
# No statement of a benchmark is cut because the machine is busy.
PATIENT: Final = Limits(statement=3_600, transaction=7_200)


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


def fill(url: str, customers: int, days: int = HISTORY_DAYS) -> None:
    """Make the tables and fill them for so many customers and days up to TODAY."""
    with closing(Database.open(url, PATIENT)) as database:
        database.migrate()
        for first in range(0, customers, CHUNK):
            with database.transaction() as tx:
                _customers(tx, range(first, min(first + CHUNK, customers)), days)
        with database.transaction() as tx:
            _events(tx, database.dialect)
            _derived(tx)
        with database.transaction() as tx:
            tx.execute(text("ANALYZE"))


def _customers(tx: Transaction, numbers: range, days: int) -> None:
    fields = [
        CustomerFields(
            key=f"customer-{number}",
            name=f"{_name(number)} {number}",
            segment="enterprise" if number % 10 == 0 else "smb",
            arr=Decimal(1200 * (1 + number % 50)),
            created_on=TODAY - timedelta(days=days + number % 300),
            csm_email=f"csm-{number % 20}@bellwether.example",
            csm_name=f"CSM {number % 20}",
            contact_email=f"ann@customer-{number}.example",
            contact_name="Ann",
        )
        for number in numbers
    ]
    ids = [done.id for done in upsert_customers(tx, fields, NOW)]
    enrol(tx, feed, ["api"])
    kinds = enrol(tx, kind, ["login", "api_call", "feature_use"])
    features = enrol(tx, feature, FEATURES)
    rows = [row for one in ids for row in _active(one, days, kinds, list(features.values()))]
    add_new(tx, activity_day, rows, activity_day.c.customer_id)
    upsert_tickets(tx, [ticket for one in ids for ticket in _tickets(one)])
    upsert_invoices(tx, [invoice for one in ids for invoice in _invoices(one)])


def _name(number: int) -> str:
    parts = ("Ac", "Bol", "Cer", "Dun", "Ely", "Fox", "Gro", "Hal")
    ends = ("me", "tra", "vian", "dale", "sis", "ton", "ware", "line")
    return parts[number % 8] + ends[number // 8 % 8]


def _active(
    customer_id: int, days: int, kinds: Mapping[str, int], features: list[int]
) -> Iterator[dict[str, Any]]:
    """Yield a customer's roll-up; some fall silent three weeks before the end."""
    dice = Random(customer_id)
    size = min(dice.paretovariate(TAIL), 40.0)
    silent = 21 if dice.random() < 0.05 else 0
    for back in range(silent, days):
        if dice.random() < min(0.25 + size / 10, 0.9):
            day = TODAY - timedelta(days=back)
            yield _row(day, customer_id, kinds["login"], 0, _many(dice, size))
            if dice.random() < 0.5:
                yield _row(day, customer_id, kinds["api_call"], 0, _many(dice, 2 * size))
            if dice.random() < 0.4:
                used = dice.choice(features)
                yield _row(day, customer_id, kinds["feature_use"], used, _many(dice, size / 2))


def _many(dice: Random, size: float) -> int:
    return max(1, min(int(dice.expovariate(1 / (1.5 * size))), MOST_A_DAY))


def _row(day: date, owner: int, kind_id: int, feature_id: int, count: int) -> dict[str, Any]:
    return {
        "day": day, "customer_id": owner, "kind_id": kind_id, "feature_id": feature_id,
        "count": count, "total": Decimal(count),
    }  # fmt: skip


def _tickets(customer_id: int) -> Iterator[TicketFields]:
    dice = Random(-customer_id)
    for number in range(min(int(dice.paretovariate(TAIL)) - 1, 30)):
        opened = NOW - timedelta(days=dice.randrange(1, HISTORY_DAYS))
        yield TicketFields(customer_id, f"T{number}", opened, opened, None, None)


def _invoices(customer_id: int) -> Iterator[InvoiceFields]:
    dice = Random(7 * customer_id)
    for number in range(6):
        due = TODAY - timedelta(days=30 * number + dice.randrange(20))
        paid = due + timedelta(days=dice.randrange(-5, 4)) if dice.random() < 0.95 else None
        yield InvoiceFields(customer_id, f"I{number}", due, paid, Decimal(100), "EUR", None)


def _events(tx: Transaction, dialect: str) -> None:
    """Make the events the roll-up says, each at its own second of the day."""
    tx.execute(text("CREATE TEMPORARY TABLE upto (n INTEGER PRIMARY KEY)"))
    tx.execute(text(
        "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :most) "
        "INSERT INTO upto SELECT n FROM up"
    ), {"most": MOST_A_DAY})  # fmt: skip
    at, stamp = _spelled(dialect)
    tx.execute(text(
        "INSERT INTO event (feed_id, event_id, customer_id, kind_id, feature_id, occurred_at, "
        'received_at, value, "user", properties, stamp) '
        "SELECT 1, a.customer_id || '-' || a.day || '-' || a.kind_id || '-' || a.feature_id || "
        f"'-' || n, a.customer_id, a.kind_id, a.feature_id, {at}, {at}, {MICRO}, NULL, NULL, "
        f"{stamp} FROM activity_day a JOIN upto ON n <= a.count"
    ))  # fmt: skip


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
