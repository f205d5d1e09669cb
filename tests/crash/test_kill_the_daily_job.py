"""Rules 1, 2 and 9: the daily job is killed at random moments, and nothing is lost or doubled.

Each day one customer falls from healthy to at-risk. The job of that day is started as a process
of its own and killed with SIGKILL somewhere between its first statement and its last message;
then it is run to its end. What stands in the database and in the (sandbox's) Slack afterwards
must be exactly what a job nobody disturbed would have left.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bellwether.clock import SystemClock
from sandbox.server import Sandbox
from sandbox.state import Message
from storage.activity import append_events
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.records import TicketFields, upsert_tickets
from tests.builders import new_event

KILLS = 8
# A job that is quicker than it was last time escapes; there are days to spare for that.
DAYS = 20
# More than one batch of the daily job, so that kills fall between transactions too.
FILLERS = 500
DAY_0 = date(2026, 5, 1)
# After so long the leases of a killed process have run out, and its work is taken over.
LAPSE = timedelta(minutes=10)
CSM = "carla@ours.example"


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


def noon(number: int) -> datetime:
    return datetime(day(number).year, day(number).month, day(number).day, 12, tzinfo=UTC)


def plant(database: Database) -> None:
    """Plant customers who live well; number n opens ten tickets on day n, and so falls that day."""
    names = [f"f{number:04}" for number in range(FILLERS)]
    falling = [f"c{number:02}" for number in range(DAYS + 1)]
    fields = [
        CustomerFields(
            key=key,
            name=key,
            created_on=day(-400),
            csm_email=CSM,
            csm_name="Carla",
            contact_email=f"{key}@theirs.example",
        )
        for key in (*falling, *names)
    ]
    with database.transaction() as tx:
        ids = {one.key: one.id for one in upsert_customers(tx, fields, noon(-60))}
        logins = [
            new_event(ids[key], occurred_at=noon(number), feature=f"feature-{number % 5}")
            for key in falling
            for number in range(-40, DAYS + 2)
        ]
        calls = [
            new_event(ids[key], "api_call", occurred_at=noon(number))
            for key in falling[:5]
            for number in range(-70, DAYS + 2)
        ]
        append_events(tx, [*logins, *calls], noon(DAYS + 3))
        upsert_tickets(tx, [raised(ids["f0000"], "old", -50)])
        storms = [
            raised(ids[key], f"{key}-{count}", number)
            for number, key in enumerate(falling)
            if number
            for count in range(10)
        ]
        upsert_tickets(tx, storms)


def raised(customer_id: int, ticket_id: str, number: int) -> TicketFields:
    return TicketFields(customer_id, ticket_id, noon(number), None, None, None)


def command(number: int, later: timedelta) -> list[str]:
    """Return the command that does what is due at noon of the next day, or so much later."""
    moment = (noon(number + 1) + later).isoformat()
    bellwether = "from bellwether.cli import main; main()"
    return [sys.executable, "-c", bellwether, "run-due", "--now", moment, "--json"]


def environment(database_url: str, home: Path) -> Mapping[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "BELLWETHER_HOME": str(home),
        "BELLWETHER_TIMEZONE": "UTC",
        "BELLWETHER_LOG_LEVEL": "error",
        # How many days it takes is chance; the last may be a Sunday, when alerts wait.
        "BELLWETHER_WEEKENDS": "work",
        "BELLWETHER_SECRET": "a secret of the tests, and a long one",
    }


def run(number: int, around: Mapping[str, str]) -> float:
    """Run a day's jobs to their end; return the seconds it took."""
    began = time.monotonic()
    done = subprocess.run(
        command(number, LAPSE), env=around, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - began


def run_and_kill(number: int, around: Mapping[str, str], after: float) -> bool:
    """Run a day's jobs and kill them after so many seconds; say whether they were still running."""
    process = subprocess.Popen(
        command(number, timedelta(0)),
        env=around,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


@pytest.mark.slow
def test_kills_at_random_moments_lose_nothing_and_double_nothing(
    database_url: str, tmp_path: Path
) -> None:
    # Given a past, a baseline, and the time an undisturbed job takes.
    dice = random.Random(42)  # noqa: S311 - kill moments need to be repeatable, not unguessable
    around = environment(database_url, tmp_path)
    with closing(Database.open(database_url)) as database:
        plant(database)
    run(0, around)
    usual = run(1, around)

    # When the job is killed on each of the following days, and then run to its end.
    killed, number = 0, 1
    while killed < KILLS:
        number += 1
        assert number <= DAYS, f"only {killed} jobs were still running when killed"
        killed += run_and_kill(number, around, dice.uniform(0.4, 1.0) * usual)
        usual = run(number, around)

    # Then every customer has one score a day, and every fall one play and one alert that left.
    with closing(Database.open(database_url)) as database, database.reading() as tx:
        snapshots = tx.execute(
            text("SELECT as_of, count(*) FROM snapshot GROUP BY as_of ORDER BY as_of")
        ).all()
        plays = tx.execute(text(FALLS)).all()
        keys = tx.execute(text("SELECT key, count(*) FROM message GROUP BY 1")).all()
        alerts = {key: state for key, state in tx.execute(text(ALERTS))}  # noqa: C416 - rows are no pairs to mypy
    everyone = FILLERS + DAYS + 1
    assert [count for _, count in snapshots] == [everyone] * (number + 1)
    assert [count for _, count in plays] == [1] * number
    assert all(count == 1 for _, count in keys)
    assert Counter(alerts.values()) == {"sent": number}

    # And Slack holds each message once.
    with Sandbox(tmp_path / "sandbox", SystemClock(), "x", "http://127.0.0.1:9") as sandbox:
        told = Counter(_key(each) for each in sandbox.messages("@", CSM))
    assert {key: told[key] for key in alerts} == dict.fromkeys(alerts, 1)


# Other shipped playbooks have plays of their own; this story is about falls.
FALLS = "SELECT customer_id, count(*) FROM play WHERE playbook = 'new-at-risk' GROUP BY 1"
ALERTS = (
    "SELECT key, state FROM message WHERE verb = 'post' AND channel = 'slack' "
    "AND key IN (SELECT root_key FROM play WHERE playbook = 'new-at-risk')"
)


def _key(message: Message) -> str:
    payload = (message.metadata or {}).get("event_payload") or {}
    return str(payload.get("key"))
