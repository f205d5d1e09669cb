"""What comes in, measured: files imported beside bare tables, cards asked for, the program started.

A file holds the same rows for every way; only their ids are new each time.
"""

import csv
import io
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg2
from sqlalchemy import text

from bellwether.columns import columns
from bellwether.files import Rejects, opened
from bellwether.importing import Plan, What, fields_for, import_table
from benchmarks.http_load import PROGRAM, load, serving
from benchmarks.world import NOW
from service.answer import card
from service.find import Found, Nothing, find
from service.ports import House
from storage.customers import active_ids
from storage.database import Database

Figures = dict[str, Any]
ROWS: Final = 100_000
EVENTS_A_DAY: Final = 5  # Of a customer.
# Of so many customers, from the first to the last; a prime, so that all are asked in turn.
NAMES: Final = 997
CARDS: Final = 200
CARDS_LONG: Final = 2_000
LOADED: Final = 2.0
LOADED_LONG: Final = 20.0
HEADER: Final = ("id", "customer", "type", "occurredAt", "feature", "value", "user")
BARE: Final = (
    "CREATE TABLE bare (id TEXT, customer TEXT, type TEXT, occurred_at {time}, feature TEXT, "
    'value NUMERIC, "user" TEXT)'
)

EVENTS: Final = (
    "CREATE TABLE bare (feed_id INTEGER, event_id TEXT, customer_id BIGINT, kind_id INTEGER, "
    "feature_id INTEGER, occurred_at {time}, received_at {time}, value NUMERIC, "
    '"user" TEXT, properties TEXT)'
)


def imported(house: House) -> Figures:
    """Import a file as `bellwether import events` does: checked, idempotent, roll-ups kept."""
    with _file(house.database) as path:
        read = columns(fields_for(What.events), (), (), None)
        plan = Plan(What.events, read, "bench", create_customers=False, rehearse=False)
        began = time.perf_counter()
        with opened(path) as table:
            rejects = Rejects(path.with_suffix(".rejects"), table.columns)
            done = import_table(
                house, table, plan, now=NOW, rejects=rejects, progress=lambda _: None
            )
        seconds = time.perf_counter() - began
    if done.counts != {"accepted": ROWS}:
        raise SystemExit(f"the import came to {done.counts}; nothing to report")
    return {"seconds": seconds, "events": ROWS}


def bare(house: House) -> Figures:
    """Read the same file row by row and put it into a table without key, roll-up or check."""
    with _bare_table(house.database), _file(house.database) as path:
        began = time.perf_counter()
        with path.open(newline="") as file, house.database.transaction() as tx:
            rows = csv.reader(file)
            next(rows)
            _put(tx, rows)
        return {"seconds": time.perf_counter() - began, "events": ROWS}


def copied(house: House) -> Figures:
    """Hand the same file to PostgreSQL's own COPY, as it is: nothing reads a row but the server."""
    with _bare_table(house.database), _file(house.database) as path:
        began = time.perf_counter()
        with path.open() as file, house.database.transaction() as tx:
            if house.database.dialect != "postgresql":
                return {"seconds": 0, "events": ROWS}
            options = "(FORMAT csv, HEADER)"
            tx.connection.cursor().copy_expert(f"COPY bare FROM STDIN {options}", file)
        return {"seconds": time.perf_counter() - began, "events": ROWS}


def told(house: House) -> Figures:
    """Give the same rows as Python objects to COPY, into a bare table with the columns of `event`.

    The objects are there before the clock starts: no file is read, nothing is checked.
    """
    with _bare_table(house.database, EVENTS), _file(house.database) as path:
        with path.open(newline="") as file:
            rows = [_object(number, row) for number, row in enumerate(list(csv.reader(file))[1:])]
        began = time.perf_counter()
        with house.database.transaction() as tx:
            _put(tx, ([None if cell is None else str(cell) for cell in row] for row in rows), 10)
        return {"seconds": time.perf_counter() - began, "events": ROWS}


def _object(number: int, row: list[str]) -> tuple[Any, ...]:
    at = datetime.fromisoformat(row[3])
    kind = 1 + number % 4
    return 1, row[0], number, kind, kind % 2, at, NOW, Decimal(row[5] or 1), row[6], None


def _put(tx: Any, rows: Iterable[list[Any]], width: int = 7) -> None:  # noqa: ANN401 - the opaque transaction
    cursor = tx.connection.cursor()
    if tx.dialect.name == "postgresql":
        lines = "\n".join("\t".join([cell or "\\N" for cell in row]) for row in rows)
        cursor.copy_expert("COPY bare FROM STDIN", io.StringIO(lines + "\n"))
    else:
        marks = ", ".join("?" * width)
        cursor.executemany(f"INSERT INTO bare VALUES ({marks})", rows)  # noqa: S608 - marks alone


@contextmanager
def _bare_table(database: Database, made: str = BARE) -> Iterator[None]:
    at = "TIMESTAMPTZ" if database.dialect == "postgresql" else "TEXT"
    with database.transaction() as tx:
        tx.execute(text("DROP TABLE IF EXISTS bare"))
        tx.execute(text(made.format(time=at)))
    yield


@contextmanager
def _file(database: Database) -> Iterator[Path]:
    """Write events over all customers, by the time, some with a feature or a value.

    They are as dense as those of the base: the more customers, the fewer days they make.
    """
    with database.reading() as tx:
        customers = len(active_ids(tx))
    folder = Path(tempfile.mkdtemp(prefix="bellwether-bench-"))
    with (folder / "events.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *_rows(customers)])
    yield folder / "events.csv"
    shutil.rmtree(folder, ignore_errors=True)


def _rows(customers: int) -> Iterator[tuple[str, ...]]:
    span = timedelta(days=ROWS / customers / EVENTS_A_DAY)
    mark, began = time.time_ns(), NOW - span
    kinds = ("login", "api_call", "login", "feature_use")
    for number in range(ROWS):
        at = began + number * span / ROWS
        yield (
            f"{mark}-{number:07d}",
            f"customer-{number * 31 % customers}",
            kinds[number % 4],
            at.isoformat(timespec="seconds"),
            "export" if number % 4 == 3 else "",  # noqa: PLR2004 - the kind that has a feature
            str(1 + number % 7) if number % 4 == 1 else "",
            f"user-{number % 997}",
        )


def cards(house: House, asked: int = CARDS) -> Figures:
    """Find customers by names typed wrongly, in part and right, and answer their cards."""
    with house.database.reading() as tx:
        step = max(1, len(active_ids(tx)) // NAMES)
        every = text("SELECT name FROM customer WHERE id % :step = 0 ORDER BY id LIMIT :most")
        names = [str(row[0]) for row in tx.execute(every, {"step": step, "most": NAMES})]
    times = sorted(_asked(house, _mistyped(names, number)) for number in range(asked))
    return {"seconds": times[asked // 2], "p99": times[asked * 99 // 100], "events": asked}


def _mistyped(names: list[str], number: int) -> str:
    name = names[number * 7 % len(names)]
    match number % 3:
        case 0:
            return name[1] + name[0] + name[2:]
        case 1:
            return name[:3] + name[4:]
        case _:
            return name


def _asked(house: House, words: str) -> float:
    began = time.perf_counter()
    match find(house, words):
        case Found(customer=customer):
            card(house, customer.key, now=NOW)
        case Nothing():
            pass
        case several:
            card(house, several.choices[0].key, now=NOW)
    return time.perf_counter() - began


def helped(_url: str) -> Figures:
    """Start the program for `--help`, as a person does."""
    began = time.perf_counter()
    subprocess.run([PROGRAM, "--help"], check=True, capture_output=True)
    return {"seconds": time.perf_counter() - began}


def loaded(url: str, seconds: float = LOADED) -> Figures:
    """Send 2,000 events a second in batches of 500 to a real server, for some seconds."""
    with _empty(url) as own:
        return load(own, seconds, rate=2_000)


def flooded(url: str, seconds: float = LOADED) -> Figures:
    """Send as many as it takes, and kill the server in the middle."""
    with _empty(url) as own:
        return load(own, seconds, kills=1)


def ready(url: str) -> Figures:
    """Start the server on an empty database of this kind, until it says that it is ready."""
    with _empty(url) as own, serving(own) as server:
        return {"seconds": server.seconds}


@contextmanager
def _empty(url: str) -> Iterator[str]:
    """Make an empty database beside the given one, its tables laid."""
    with tempfile.TemporaryDirectory(prefix="bellwether-bench-") as folder:
        own = f"sqlite:///{folder}/empty.db"
        if not url.startswith("sqlite"):
            own = url.replace("/postgres?", "/empty?")
            with closing(psycopg2.connect(url)) as connection:
                connection.autocommit = True
                connection.cursor().execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
                connection.cursor().execute("CREATE DATABASE empty")
        with closing(Database.open(own)) as database:
            database.migrate()
        yield own
