"""Work counted, not timed: PostgreSQL's blocks touched, and the steps of SQLite's virtual machine.

Both are the same on every machine, busy or at rest.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, event

STEP: Final = 50
BUFFERS: Final = re.compile(r"Buffers: (?:\w+ )?(?:hit=(\d+))?(?: read=(\d+))?")


@contextmanager
def counting(tx: Connection) -> Iterator[list[int]]:
    """Count what a transaction costs: on PostgreSQL, the statements that read the roll-ups."""
    counted: list[int] = []
    driver: Any = tx.connection.dbapi_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_progress_handler(lambda: counted.append(STEP), STEP)
        yield counted
        driver.set_progress_handler(None, 0)
        return

    def explain(_c: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        if "activity_day" in statement:
            # What is copied out goes past SQLAlchemy's cursors.
            cursor = cursor or tx.connection.cursor()
            statement = statement.removeprefix("COPY (").partition(") TO STDOUT")[0]
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
            counted.append(_blocks("\n".join(row[0] for row in cursor.fetchall())))

    event.listen(tx, "before_cursor_execute", explain)
    yield counted
    event.remove(tx, "before_cursor_execute", explain)


def _blocks(plan: str) -> int:
    found = BUFFERS.search(plan)
    if found is None:
        raise SystemExit(f"PostgreSQL did not tell its blocks: {plan}")
    return sum(int(number or 0) for number in found.groups())
