"""Rule 7: two serving processes share one PostgreSQL; each due time has one run."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from sandbox.state import Message
from storage.activity import append_events
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.records import TicketFields, upsert_tickets
from tests.builders import new_event
from tests.journeys.replica import MovedClock

DAY_0 = date(2026, 5, 1)
DUE_TIMES = 3
CSM = "carla@ours.example"
# A tick comes every 15 seconds; a loaded machine may miss one.
PATIENCE = 90


def noon(number: int) -> datetime:
    day = DAY_0 + timedelta(days=number)
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def plant(database: Database) -> None:
    """Plant customers who live well; number n opens ten tickets on day n, and falls that day."""
    fields = [
        CustomerFields(f"c{n}", f"C{n}", created_on=DAY_0 - timedelta(days=400), csm_email=CSM)
        for n in range(12)
    ]
    with database.transaction() as tx:
        ids = [one.id for one in upsert_customers(tx, fields, noon(-60))]
        logins = [
            new_event(one, occurred_at=noon(back), feature=f"feature-{back % 5}")
            for one in ids
            for back in range(-40, DUE_TIMES + 1)
        ]
        append_events(tx, logins, noon(DUE_TIMES + 1))
        storms = [
            TicketFields(ids[n], f"T-{n}-{count}", noon(n), None, None, None)
            for n in range(1, DUE_TIMES + 1)
            for count in range(10)
        ]
        upsert_tickets(tx, [TicketFields(ids[0], "old", noon(-50), None, None, None), *storms])


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def replicas(count: int, sandbox: Sandbox, url: str, home: Path) -> Iterator[None]:
    """Run so many serving processes, and end them as an orchestrator would."""
    started = []
    for number in range(count):
        around = os.environ | {
            "DATABASE_URL": url,
            "BELLWETHER_HOME": str(home / f"replica-{number}"),
            "BELLWETHER_TIMEZONE": "UTC",
            "BELLWETHER_SECRET": "a secret of the tests, and a long one",
            "BELLWETHER_MAIL_FROM": "Success <success@ours.example.org>",
            "PORT": str(free_port()),
            "SLACK_BOT_TOKEN": sandbox.token,
            "SLACK_SIGNING_SECRET": "shh",
            "SLACK_API_URL": sandbox.slack_url,
            "SMTP_URL": sandbox.smtp_url,
            "CLOCK_FILE": str(home / "clock"),
            # The days of the story run over a weekend, on which our own people are let be.
            "BELLWETHER_WEEKENDS": "work",
            "BELLWETHER_LIBRARY": "new-at-risk,churn-risk,recovered",
        }
        command = [sys.executable, "-m", "tests.journeys.replica"]
        started.append(subprocess.Popen(command, env=around, stderr=subprocess.DEVNULL))
    try:
        yield
        assert [one.poll() for one in started] == [None] * count
    finally:
        for one in started:
            one.send_signal(signal.SIGTERM)
        assert [one.wait(30) for one in started] == [0] * count


def until(found: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def roots(messages: list[Message]) -> list[str]:
    return [each.text for each in messages if each.thread_ts in (None, each.ts)]


@pytest.mark.slow
def test_three_due_times_have_one_digest_and_one_alert_each(
    postgres_url: str, tmp_path: Path
) -> None:
    # Given two replicas that have drawn their baseline.
    clock = MovedClock(tmp_path / "clock")
    clock.move_to(noon(1))
    with closing(Database.open(postgres_url)) as database:
        plant(database)
    with Sandbox(tmp_path / "sandbox", clock, "shh", "http://127.0.0.1:9") as sandbox:
        sandbox.ensure_member(CSM, "Carla")
        for name in ("customer-health", "bellwether-ops"):
            sandbox.ensure_channel(name)

        def digests() -> list[str]:
            return roots(sandbox.messages("#customer-health"))

        def operators() -> list[str]:
            return roots(sandbox.messages("#bellwether-ops"))

        def alerts() -> list[str]:
            return roots(sandbox.messages("@", CSM))

        clock.move_to(noon(0))
        with replicas(2, sandbox, postgres_url, tmp_path):
            until(lambda: any("baseline" in told for told in operators()))
            assert (digests(), alerts()) == ([], [])

            # When three due times pass.
            for number in range(1, DUE_TIMES + 1):
                clock.move_to(noon(number + 1))
                until(lambda wanted=number: len(digests()) >= wanted)  # type: ignore[misc]
                until(lambda wanted=number: len(alerts()) >= wanted)  # type: ignore[misc]
            time.sleep(20)

        # Then each had one digest and one alert.
        assert len(digests()) == DUE_TIMES
        fallen = Counter(line.split(":")[0] for line in alerts())
        assert fallen == {f"C{number}": 1 for number in range(1, DUE_TIMES + 1)}
