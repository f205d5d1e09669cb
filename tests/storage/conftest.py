"""Counting statements: what a test may hold against code that asks once per row."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from storage.database import Database

Counter = Callable[[Database], AbstractContextManager[list[str]]]


@contextmanager
def _statements(_database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # A staging table is part of the INSERT that follows, where that has many rows to copy.
        if not statement.startswith("CREATE TEMPORARY TABLE"):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture
def statements() -> Counter:
    """Return a context manager that lists the statements issued inside it."""
    return _statements
