"""Days at a house: who works, who falls silent, and what the daily job makes of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from service import answer, catalog
from service.ingest import accept_events
from service.ports import House
from service.rescore import RescoreReport, rescore
from storage import outbox
from storage.plays import Play, open_plays
from storage.snapshots import Snapshot

# Everybody works on every day from here on, unless a test says otherwise.
BEGIN = date(2026, 1, 1)
# Thirty days in, all windows of logins are full.
FULL = date(2026, 3, 1)
# In the `falling` house: on the 20th day of silence Acme passes ten logins, which is at-risk.
CROSSING = FULL + timedelta(days=20)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def morning_after(day: date) -> datetime:
    return noon(day + timedelta(days=1)) - timedelta(hours=6)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def customers(house: House, *keys: str, now: datetime | None = None, **fields: Any) -> None:
    drafts = [{"key": key, "createdOn": "2025-01-01", **fields} for key in keys]
    outcomes = catalog.upsert(house, drafts, now=now or noon(BEGIN))
    assert all(outcome.status != "rejected" for outcome in outcomes)


def work(house: House, key: str, on: Iterable[date], features: int = 5) -> None:
    """Let a customer log in once a day, each time with another of so many features."""
    items = [
        (
            key,
            {
                "type": "login",
                "occurredAt": noon(day).isoformat(),
                "feature": f"f{day.toordinal() % features}" if features else None,
            },
        )
        for day in on
    ]
    outcomes = accept_events(house, "api", items, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert all(outcome.status == "accepted" for outcome in outcomes)


def run(house: House, day: date, **options: Any) -> RescoreReport:
    return rescore(house, day, now=morning_after(day), **{"decide": True, **options})


def plays(house: House, key: str) -> Sequence[Play]:
    customer = answer.card(house, key, now=noon(BEGIN)).customer
    with house.database.reading() as tx:
        return open_plays(tx, [customer.id]).get(customer.id, ())


def stored(house: House, key: str, day: date) -> Snapshot | None:
    return next(iter(answer.history_of(house, key, first=day, last=day)), None)


def states(house: House) -> Mapping[str, int]:
    with house.database.reading() as tx:
        return outbox.counts(tx)


def intent(message: outbox.Message) -> outbox.NewMessage:
    return outbox.NewMessage(
        **{name: getattr(message, name) for name in outbox.NewMessage.__slots__}
    )
