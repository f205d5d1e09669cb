"""One measurement in a process of its own: `python -m benchmarks.measure WHAT URL`, JSON out."""

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Engine, delete, event, select, text

from benchmarks.baseline import score_each
from benchmarks.world import NOW, PATIENT, TODAY, house
from service.answer import card
from service.find import Found, find
from service.plans import plan_on
from service.ports import House
from service.rescore import rescore
from storage import copying, tables, tables_acts
from storage.activity import NewEvent, append_events
from storage.customers import active_ids
from storage.database import Database

Figures = dict[str, Any]
# The first of every so many customers are scored the ORM way; it would take hours for all.
SAMPLE: Final = 60
IMPORTED: Final = 20_000
CHUNK: Final = 5_000
CARDS: Final = 200
WRITTEN = (
    tables_acts.delivery, tables_acts.message, tables_acts.step, tables_acts.play,
    tables_acts.decision, tables_acts.transition, tables.snapshot, tables.current,
)  # fmt: skip


def daily_job(house: House) -> Figures:
    """Score and decide a day whose eve is scored; what comes of it, and how many statements."""
    with house.database.transaction() as tx:
        for table in WRITTEN:
            tx.execute(delete(table))
        tx.execute(delete(tables_acts.switch))
    rescore(house, TODAY - timedelta(days=1), now=NOW - timedelta(days=1), decide=True)
    with _counted() as statements:
        seconds, report = _timed(lambda: rescore(house, TODAY, now=NOW, decide=True))
    with house.database.reading() as tx:
        rows = tx.execute(
            select(tables.snapshot.c.customer_id, tables.snapshot.c.score)
            .where(tables.snapshot.c.as_of == TODAY)
            .order_by(tables.snapshot.c.customer_id)
        ).all()
    return {
        "seconds": seconds,
        "customers": report.scored,
        "started": report.started,
        "transitions": report.transitions,
        "statements": len(statements),
        "checksum": _checksum(rows[:: _step(len(rows))][:SAMPLE]),
    }


def orm(house: House) -> Figures:
    """Score a sample one by one through an ORM; seconds are for all customers at that pace."""
    with house.database.transaction() as tx:
        ids = active_ids(tx)
        chosen = ids[:: _step(len(ids))][:SAMPLE]
        plan = plan_on(tx, house, house.model, TODAY)
        with _counted() as statements:
            seconds, scores = _timed(lambda: score_each(tx, plan, chosen))
    return {
        "seconds": seconds * len(ids) / len(chosen),
        "customers": len(chosen),
        "statements": len(statements),
        "checksum": _checksum(zip(chosen, [one.value for one in scores], strict=True)),
    }


def count_events(house: House) -> Figures:
    """Count the raw events."""
    with house.database.reading() as tx:
        seconds, events = _timed(lambda: tx.execute(text("SELECT count(*) FROM event")).scalar())
    return {"seconds": seconds, "events": events}


def bulk_import(house: House) -> Figures:
    """Append events, idempotent, roll-ups kept; as many as a minute of a busy day."""
    seconds, _ = _timed(lambda: _import(house.database))
    return {"seconds": seconds, "events": IMPORTED}


def inserted_import(house: House) -> Figures:
    """Do as `bulk_import`, with multi-row INSERT in place of the staging table."""
    copying.WORTH_COPYING = sys.maxsize  # type: ignore[misc] # What this measurement is about.
    return bulk_import(house)


def bare_import(house: House) -> Figures:
    """Put the same rows into a bare table: no key, no roll-up, nothing refused."""
    with house.database.transaction() as tx:
        tx.execute(text("DROP TABLE IF EXISTS bare"))
        tx.execute(text("CREATE TABLE bare (feed_id INTEGER, event_id TEXT, customer_id INTEGER, "
                        "kind_id INTEGER, feature_id INTEGER, occurred_at TEXT, received_at TEXT, "
                        'value BIGINT, "user" TEXT, stamp TEXT)'))  # fmt: skip
    rows = [
        (1, one.event_id, one.customer_id, 1, 0, one.occurred_at.isoformat(), NOW.isoformat(),
         1_000_000, None, one.digest) for one in _new_events(house.database)
    ]  # fmt: skip
    with house.database.transaction() as tx:
        seconds, _ = _timed(lambda: _bare(tx, rows))
    return {"seconds": seconds, "events": len(rows)}


def cards(house: House) -> Figures:
    """Find a customer by a mistyped name and answer its card, many times."""
    times = []
    for number in range(CARDS):
        name = f"custmoer-{number * 7 % 1000}"
        seconds, _ = _timed(lambda name=name: _card(house, name))  # type: ignore[misc]
        times.append(seconds)
    times.sort()
    return {"seconds": times[CARDS // 2], "p99": times[CARDS * 99 // 100]}


def _card(house: House, name: str) -> None:
    match find(house, name):
        case Found(customer=customer):
            card(house, customer.key, now=NOW)
        case other:
            card(
                house, other.choices[0].key if hasattr(other, "choices") else "customer-1", now=NOW
            )


def _import(database: Database) -> None:
    events = _new_events(database)
    for first in range(0, len(events), CHUNK):
        with database.transaction() as tx:
            append_events(tx, events[first : first + CHUNK], NOW)


def _new_events(database: Database) -> list[NewEvent]:
    """Answer events with ids of this moment, over all customers and ten days."""
    with database.reading() as tx:
        ids = active_ids(tx)
    mark = time.time_ns()
    return [
        NewEvent(
            customer_id=ids[number * 31 % len(ids)], feed="bench", event_id=f"{mark}-{number}",
            kind=("login", "api_call")[number % 2], feature=None,
            occurred_at=NOW - timedelta(days=number % 10, seconds=number % 3600),
            value=Decimal(1), user=None, properties=None, digest=str(number),
        )
        for number in range(IMPORTED)
    ]  # fmt: skip


def _bare(tx: Any, rows: list[tuple[Any, ...]]) -> None:  # noqa: ANN401 - the opaque transaction
    cursor = tx.connection.cursor()
    if tx.dialect.name == "postgresql":
        import io  # noqa: PLC0415 - only here

        lines = "\n".join("\t".join("\\N" if v is None else str(v) for v in row) for row in rows)
        cursor.copy_expert("COPY bare FROM STDIN", io.StringIO(lines + "\n"))
    else:
        cursor.executemany(f"INSERT INTO bare VALUES ({','.join('?' * 10)})", rows)  # noqa: S608 - question marks


def _step(total: int) -> int:
    return max(1, total // SAMPLE)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


@contextmanager
def _counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def _checksum(scores: Iterable[Any]) -> str:
    text_of = ";".join(f"{one}={value:.2f}" for one, value in scores)
    return hashlib.sha256(text_of.encode()).hexdigest()[:16]


MEASUREMENTS: Final = {
    "job": daily_job, "orm": orm, "count": count_events, "import": bulk_import,
    "import-insert": inserted_import, "import-bare": bare_import, "card": cards,
}  # fmt: skip


def main() -> None:
    """Measure once and print the figures."""
    what, url = sys.argv[1:]
    with closing(Database.open(url, PATIENT)) as database:
        figures = MEASUREMENTS[what](replace(house(database)))
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
