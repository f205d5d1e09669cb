"""Act in the very moment in which something is about to be written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def at_first(table: str, act: Callable[[], None]) -> Iterator[None]:
    """Act as soon as rows are about to go into the table."""
    begun: list[str] = []

    def look(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith((f"INSERT INTO {table} ", f"COPY {table} (")) and not begun:
            begun.append(statement)
            act()

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert begun
