"""A town to live stories in: the product put together as `serve` does it, on a clock of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bellwether import doors as outward
from bellwether import house as building
from bellwether import schedule
from bellwether.clock import ReplayClock
from bellwether.doors import Doors
from bellwether.settings import Settings
from bot import app as bot_app
from bot.http import door
from sandbox.mailbox import Mail
from sandbox.server import Sandbox
from sandbox.state import Message
from service import catalog, records
from service.deliver import deliver
from service.ingest import accept_events
from service.ports import House
from storage import snapshots
from tests.bot.stage import Inline, checked

CSM = "carla@ours.example"
CONTACT = "dora@acme.example"
MORNING = time(6, 30)
# After every daily job of the day, the digest included.
NOON = time(12)


# Who, on which day, what kind of event, and the event's other fields.
Happening = tuple[str, date, str, dict[str, Any]]


@dataclass(frozen=True)
class Town:
    """The whole product, and the days that pass in it."""

    settings: Settings
    house: House
    doors: Doors
    sandbox: Sandbox
    clock: ReplayClock

    def customer(self, key: str, created: date, **fields: Any) -> None:
        """Let a company be our customer; Carla looks after it."""
        draft = {"key": key, "name": key.capitalize(), "createdOn": created, "csmEmail": CSM}
        outcomes = catalog.upsert(self.house, [draft | fields], now=self.clock.now())
        assert [each.problems for each in outcomes] == [()]
        self.doors.welcome(self.house)

    def happen(self, *events: Happening) -> None:
        """Let things happen at customers', each at noon of its day."""
        newest = max(day for _, day, _, _ in events)
        items = [
            (key, {"type": kind, "occurredAt": at(day, NOON).isoformat(), **fields})
            for key, day, kind, fields in events
        ]
        outcomes = list(accept_events(self.house, "api", items, now=at(newest, NOON)))
        assert {each.status for each in outcomes} == {"accepted"}, outcomes

    def ticket(self, key: str, number: str, day: date) -> None:
        """Let a customer open a support ticket."""
        item = (key, {"id": number, "openedAt": at(day, NOON).isoformat()})
        assert list(records.accept_tickets(self.house, "api", [item], now=at(day, NOON)))

    def invoice(self, key: str, number: str, due: date, paid: date | None = None) -> None:
        """Let an invoice fall due."""
        item = (key, {"id": number, "dueOn": due, "paidOn": paid, "amount": 900})
        assert list(records.accept_invoices(self.house, "api", [item], now=self.clock.now()))

    def morning_after(self, day: date) -> None:
        """Do what a running service does on the morning after `day`: jobs, then the outbox."""
        for moment in (MORNING, NOON):
            self.clock.set(at(day + timedelta(days=1), moment))
            schedule.run_due(self.house, schedule.jobs(self.settings), self.clock)
            deliver(self.house, self.doors.channels, self.clock)

    def click(self, message: Message, action_id: str, who: str = CSM) -> None:
        """Let somebody press a button; what follows from it leaves at once."""
        answer = self.sandbox.click(who, message.ts, action_id)
        assert answer.error is None, answer
        deliver(self.house, self.doors.channels, self.clock)

    def score(self, key: str, day: date) -> tuple[Decimal, str]:
        """Return the stored score and band of a day."""
        with self.house.database.reading() as tx:
            from storage.customers import customer_by_key  # noqa: PLC0415 - read here only

            customer = customer_by_key(tx, key)
            assert customer is not None
            model = self.house.model.name
            found = snapshots.snapshots_on(tx, [customer.id], model, [day])[customer.id, day]
        return found.score, found.band

    def alerts(self) -> list[Message]:
        """Return what Carla was told directly, without what stands in threads."""
        return [each for each in self.told() if each.thread_ts in (None, each.ts)]

    def told(self) -> list[Message]:
        """Return all that stands between the app and Carla."""
        return checked(self.sandbox.messages("@", CSM))

    def digests(self) -> list[Message]:
        """Return the digests posted."""
        return checked(self.sandbox.messages(self.house.digest_to))

    def mails(self) -> list[Mail]:
        """Return the mails that reached the customer."""
        return list(self.sandbox.mailbox.to(CONTACT))


@contextmanager
def town(database_url: str, home: Path, start: datetime, **more: str) -> Iterator[Town]:
    """Open a town whose clock stands at `start`, with mail that waits for a yes."""
    settings = Settings.read(_environment(database_url, home) | more)
    clock = ReplayClock(start)
    with building.opened(settings) as house, outward.opened(settings, house, clock) as doors:
        assert doors.sandbox is not None
        app = bot_app.build(house, clock, doors.slack, executor=Inline())
        doors.sandbox.wire.door = door(app, house, clock, doors.slack)
        yield Town(settings, house, doors, doors.sandbox, clock)


def _environment(database_url: str, home: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "BELLWETHER_HOME": str(home),
        "BELLWETHER_MAIL": "approval",
        "BELLWETHER_TIMEZONE": "UTC",
        # The playbooks these stories are about, and people who work on any day.
        "BELLWETHER_LIBRARY": "new-at-risk, churn-risk, recovered",
        "BELLWETHER_WEEKENDS": "work",
        "BELLWETHER_SECRET": "a secret of the tests, and a long one",
    }


def at(day: date, moment: time) -> datetime:
    """Return a moment of a day in UTC."""
    return datetime.combine(day, moment, UTC)
