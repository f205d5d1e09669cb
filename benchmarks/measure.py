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
from random import SystemRandom
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine, Select, event, func, select, text

from benchmarks import doors
from benchmarks.baseline import score_each
from benchmarks.counting import counting
from benchmarks.eve import put_back
from benchmarks.processor import Spent
from benchmarks.world import NOW, PATIENT, TODAY, house, many_playbooks
from service.plans import plan_on
from service.ports import House
from service.rescore import rescore
from storage import tables
from storage.answer_columns import answer_columns
from storage.customers import active_ids
from storage.database import Database

Figures = dict[str, Any]
# Takes the house, or for what is measured from outside the database's address.
Way = Callable[[Any], Figures]
# As many customers' scores are compared with those of the ORM way.
SAMPLE: Final = 60
# As many are timed that way; for all of a large base it would take hours.
TIMED: Final = 100
# Days lived through before the one that is measured, where more than one.
EVENINGS: Final = {"week": 7}
# Work that is counted is that for so many customers.
COUNTED: Final = 1_000


def daily_job(house: House, name: str = "shipped") -> Figures:
    """Score and decide a day whose eve is scored; what comes of it, and how many statements."""
    evening(house, name)
    with Spent(house.database) as spent, _counted() as statements:
        seconds, report = _timed(lambda: rescore(house, TODAY, now=NOW, decide=True))
    with house.database.reading() as tx:
        rows = tx.execute(
            select(tables.snapshot.c.customer_id, tables.snapshot.c.score)
            .where(tables.snapshot.c.as_of == TODAY)
            .order_by(tables.snapshot.c.customer_id)
        ).all()
    return {
        "seconds": seconds,
        "own_seconds": spent.own,
        "server_seconds": spent.server,
        "customers": report.scored,
        "started": report.started,
        "transitions": report.transitions,
        "statements": len(statements),
        "checksum": _checksum(rows[:: _step(len(rows))][:SAMPLE]),
    }


def job_with_playbooks(house: House) -> Figures:
    """Do the daily job with a playbook of each kind that looks at a customer's past."""
    return daily_job(replace(house, playbooks=many_playbooks(house)), "books")


def job_after_a_week(house: House) -> Figures:
    """Do the daily job of a base that has been scored and decided on for a week."""
    return daily_job(house, "week")


def evening(house: House, name: str = "shipped") -> Figures:
    """Let the base stand as on the eve of the day that is measured."""

    def live() -> None:
        for back in range(EVENINGS.get(name, 1), 0, -1):
            ago = timedelta(days=back)
            rescore(house, TODAY - ago, now=NOW - ago, decide=True)

    seconds, _ = _timed(lambda: put_back(house.database, name, live))
    return {"seconds": seconds}


def evening_of_a_week(house: House) -> Figures:
    """Let it stand as after a week: on the second day ever, all that is to begin begins at once."""
    return evening(house, "week")


def evening_with_playbooks(house: House) -> Figures:
    """Let it stand so for the job with a playbook of each kind."""
    return evening(replace(house, playbooks=many_playbooks(house)), "books")


def work(house: House) -> Figures:
    """Count what reading the figures of some customers costs: blocks, or SQLite's steps.

    PostgreSQL counts a block anew for each row it comes back to it for; so that a block counts
    once, rows are fetched by bitmap, whatever the planner thinks of either size.
    """
    with house.database.transaction() as tx:
        if house.database.dialect == "postgresql":
            tx.execute(text("SET LOCAL enable_indexscan = off"))
        plan = plan_on(tx, house, house.model, TODAY)
        some = np.array(active_ids(tx)[:COUNTED])
        with counting(tx) as counted:
            answer_columns(tx, some, plan.figures)
    return {"counted": sum(counted), "customers": len(some)}


def cards(house: House, asked: int = doors.CARDS) -> Figures:
    """Ask for cards of customers who all have a score; the eve is lived where nobody has one."""
    newest = select(func.count()).select_from(tables.current)
    scored = _scalar(house.database, newest)
    if not scored:
        evening(house)
    return doors.cards(house, asked) | {"scored": scored or _scalar(house.database, newest)}


def _scalar(database: Database, asked: Select[int]) -> int:
    with database.reading() as tx:
        return tx.execute(asked).scalar() or 0


def orm(house: House) -> Figures:
    """Score a sample one by one through an ORM; seconds are for all customers at that pace.

    Those who are timed are drawn anew in each run: a loop over everybody comes to each customer
    once, and finds nobody's rows at hand because the run before has just read them. Those whose
    scores are compared are the same in each run.
    """
    with house.database.transaction() as tx:
        ids = active_ids(tx)
        plan = plan_on(tx, house, house.model, TODAY)
        drawn = sorted(SystemRandom().sample(ids, min(TIMED, len(ids))))
        with Spent(house.database) as spent, _counted() as statements:
            seconds, _ = _timed(lambda: score_each(tx, plan, drawn))
        chosen = ids[:: _step(len(ids))][:SAMPLE]
        scores = score_each(tx, plan, chosen)
    times = len(ids) / len(drawn)
    return {
        "seconds": seconds * times,
        "own_seconds": spent.own * times,
        "server_seconds": spent.server * times,
        "customers": len(drawn),
        "statements": len(statements),
        "checksum": _checksum(zip(chosen, [one.value for one in scores], strict=True)),
    }


def count_events(house: House) -> Figures:
    """Count the raw events."""
    with Spent(house.database) as spent, house.database.reading() as tx:
        seconds, events = _timed(lambda: tx.execute(text("SELECT count(*) FROM event")).scalar())
    return {
        "seconds": seconds,
        "own_seconds": spent.own,
        "server_seconds": spent.server,
        "events": events,
    }


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


MEASUREMENTS: Final[dict[str, Way]] = {
    "job": daily_job, "job-week": job_after_a_week, "job-books": job_with_playbooks,
    "orm": orm, "count": count_events,
    "import": doors.imported, "import-bare": doors.bare, "import-told": doors.told,
    "import-copy": doors.copied,
    "card": cards, "work": work,
}  # fmt: skip
# What is measured from outside, in processes of its own.
OUTSIDE: Final[dict[str, Way]] = {
    "help": doors.helped, "ready": doors.ready, "http": doors.loaded, "http-all": doors.flooded,
}  # fmt: skip
# What comes before: it is no figure of the report.
BEFORE: Final[dict[str, Way]] = {
    "eve": evening, "eve-week": evening_of_a_week, "eve-books": evening_with_playbooks,
}  # fmt: skip
# What is asked for more often, or loaded longer, where there is time.
LONGER: Final[dict[str, Way]] = {
    "card": lambda house: cards(house, doors.CARDS_LONG),
    "http": lambda url: doors.loaded(url, doors.LOADED_LONG),
    "http-all": lambda url: doors.flooded(url, doors.LOADED_LONG),
}


def measured(what: str, url: str, *, long: bool = False) -> Figures:
    """Measure one way once, in this process."""
    way = (MEASUREMENTS | BEFORE | OUTSIDE)[what]
    if long:
        way = LONGER.get(what, way)
    if what in OUTSIDE:
        return way(url)
    with closing(Database.open(url, PATIENT)) as database:
        figures = way(house(database))
    return figures | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def long_measured(what: str, url: str) -> Figures:
    """Measure one way once, asking more often where it can be asked more often."""
    return measured(what, url, long=True)


def main() -> None:
    """Measure once and print the figures."""
    what, url = sys.argv[1:]
    print(json.dumps(measured(what, url)))


if __name__ == "__main__":
    main()
