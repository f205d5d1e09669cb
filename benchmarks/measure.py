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
from typing import Any, Final

from sqlalchemy import Engine, delete, event, select, text

from benchmarks import doors
from benchmarks.baseline import score_each
from benchmarks.world import NOW, PATIENT, TODAY, house, many_playbooks
from service.plans import plan_on
from service.ports import House
from service.rescore import rescore
from storage import tables, tables_acts
from storage.customers import active_ids
from storage.database import Database

Figures = dict[str, Any]
# The first of every so many customers are scored the ORM way; it would take hours for all.
SAMPLE: Final = 60
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
    _settle(house.database)
    busy = time.process_time()
    with _counted() as statements:
        seconds, report = _timed(lambda: rescore(house, TODAY, now=NOW, decide=True))
    busy = time.process_time() - busy
    with house.database.reading() as tx:
        rows = tx.execute(
            select(tables.snapshot.c.customer_id, tables.snapshot.c.score)
            .where(tables.snapshot.c.as_of == TODAY)
            .order_by(tables.snapshot.c.customer_id)
        ).all()
    return {
        "seconds": seconds,
        "own_seconds": busy,
        "customers": report.scored,
        "started": report.started,
        "transitions": report.transitions,
        "statements": len(statements),
        "checksum": _checksum(rows[:: _step(len(rows))][:SAMPLE]),
    }


def job_with_playbooks(house: House) -> Figures:
    """Do the daily job with a playbook of each kind that looks at a customer's past."""
    return daily_job(replace(house, playbooks=many_playbooks(house)))


def _settle(database: Database) -> None:
    """Let PostgreSQL clear away what the run before left; in life it does so by night."""
    if database.dialect == "postgresql":
        with database.transaction() as tx:
            engine = tx.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("VACUUM (ANALYZE) snapshot, current_score, transition, play"))


def orm(house: House) -> Figures:
    """Score a sample one by one through an ORM; seconds are for all customers at that pace."""
    with house.database.transaction() as tx:
        ids = active_ids(tx)
        chosen = ids[:: _step(len(ids))][:SAMPLE]
        plan = plan_on(tx, house, house.model, TODAY)
        busy = time.process_time()
        with _counted() as statements:
            seconds, scores = _timed(lambda: score_each(tx, plan, chosen))
        busy = time.process_time() - busy
    return {
        "seconds": seconds * len(ids) / len(chosen),
        "own_seconds": busy * len(ids) / len(chosen),
        "customers": len(chosen),
        "statements": len(statements),
        "checksum": _checksum(zip(chosen, [one.value for one in scores], strict=True)),
    }


def count_events(house: House) -> Figures:
    """Count the raw events."""
    busy = time.process_time()
    with house.database.reading() as tx:
        seconds, events = _timed(lambda: tx.execute(text("SELECT count(*) FROM event")).scalar())
    busy = time.process_time() - busy
    return {"seconds": seconds, "own_seconds": busy, "events": events}


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
    "job": daily_job, "job-books": job_with_playbooks, "orm": orm, "count": count_events,
    "import": doors.imported, "import-bare": doors.bare, "import-copy": doors.copied,
    "card": doors.cards,
}  # fmt: skip
# What is measured from outside, in processes of its own.
OUTSIDE: Final = {
    "help": doors.helped, "ready": doors.ready, "http": doors.loaded, "http-all": doors.flooded,
}  # fmt: skip


def main() -> None:
    """Measure once and print the figures."""
    what, url = sys.argv[1:]
    if what in OUTSIDE:
        print(json.dumps(OUTSIDE[what](url)))
        return
    with closing(Database.open(url, PATIENT)) as database:
        figures = MEASUREMENTS[what](replace(house(database)))
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
