"""Every statement of the daily job could run on every machine of a distributed PostgreSQL alone.

The machines themselves are played by two servers in `test_two_servers`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from playbooks.load import shipped as playbooks
from scoring.load import shipped
from service.ports import House
from storage.database import Database
from tests.service.daily import CROSSING, customers, days, run, work
from tests.service.pushdown import faults


@contextmanager
def asked() -> Iterator[list[str]]:
    """Write down every statement with its values in place."""
    seen: list[str] = []

    def note(connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        with connection.connection.cursor() as cursor:
            seen.append(cursor.mogrify(statement, values or None).decode())

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = Database.open(postgres_url)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "model",
    [
        "saas-five-factor",
        pytest.param("adaptive", marks=pytest.mark.slow),
        pytest.param("six-signal", marks=pytest.mark.slow),
    ],
)
def test_the_job_joins_and_groups_large_tables_by_the_customer_alone(
    falling: House, model: str
) -> None:
    # Given quiet customers, one that falls, one nobody has seen before, and a past to compare with.
    house = replace(falling, model=shipped(model), playbooks=playbooks())
    for back in (9, 8, 1):
        run(house, CROSSING - timedelta(days=back))
    customers(house, "newcomer")
    work(house, "newcomer", days(CROSSING - timedelta(days=3), CROSSING))

    edited = replace(house, model=house.model.model_copy(update={"version": 99}))

    # When a day is scored, corrected, and corrected by another version; and one by hand first.
    with asked() as statements:
        run(house, CROSSING)
        run(house, CROSSING, decide=False, replace=True)
        run(edited, CROSSING, decide=False, replace=True)
        run(edited, CROSSING - timedelta(days=4))
        run(edited, CROSSING + timedelta(days=1), decide=False)
        run(edited, CROSSING + timedelta(days=1))

    assert len(statements) > 50
    assert any(one.startswith("INSERT INTO snapshot_revision") for one in statements)
    assert {(one[:200], *found) for one in statements if (found := faults(one))} == set()


# What cannot run on every machine alone, and why.
REFUSED = {
    "SELECT s.score FROM snapshot s JOIN transition t ON t.as_of = s.as_of": "are not all joined",
    "SELECT s.band, count(*) FROM snapshot s GROUP BY s.band": "groups without customer_id",
    "SELECT p.id FROM play p JOIN event e ON e.customer_id = p.customer_id": "mixes large tables",
    "SELECT row_number() OVER (PARTITION BY e.kind_id) FROM event e": "a window without",
    """SELECT c.id, s.as_of FROM customer c JOIN LATERAL (
         SELECT i.as_of FROM snapshot i WHERE i.customer_id = c.id LIMIT 1) s ON true""": (
        "a LIMIT for each row of a reference table"
    ),
    "SELECT s.band FROM customer c LEFT JOIN current_score s ON s.customer_id = c.id": (
        "a reference table on the outer side"
    ),
    "INSERT INTO current_score (customer_id, band) SELECT s.version, s.band FROM snapshot s": (
        "are not all joined"
    ),
    "SELECT t.customer_id FROM transition t UNION SELECT d.customer_id + 0 FROM decision d": (
        "an arm of a union hides customer_id"
    ),
}
ALLOWED = (
    "SELECT s.score FROM snapshot s JOIN transition t ON t.customer_id = s.customer_id",
    """SELECT a.customer_id, sum(a.n) FROM (
         SELECT e.customer_id AS customer_id, count(*) AS n FROM event e
         GROUP BY e.customer_id, e.kind_id) a GROUP BY a.customer_id""",
    """SELECT c.name FROM customer c JOIN snapshot s ON s.customer_id = c.id
       JOIN decision d ON d.customer_id = c.id""",
    "SELECT s.score FROM snapshot s WHERE s.customer_id IN (SELECT d.customer_id FROM decision d)",
    """UPDATE current_score SET score = s.score FROM snapshot s
       WHERE current_score.customer_id = s.customer_id""",
    "INSERT INTO current_score (customer_id, band) SELECT s.customer_id, s.band FROM snapshot s",
    "SELECT count(*) FROM transition t WHERE t.as_of = '2026-01-01'",
    "SELECT p.id FROM play p JOIN step s ON s.play_id = p.id",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_what_could_not_run_on_every_machine_alone_is_found(statement: str) -> None:
    assert REFUSED[statement] in " ".join(faults(statement))


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_could_is_let_pass(statement: str) -> None:
    assert faults(statement) == []
