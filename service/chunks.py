"""Streams cut into transactions: a file of any length in little memory, one commit a chunk."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final, TypeVar

from storage.database import Database, Transaction

T = TypeVar("T")

# Large enough that a commit costs little, small enough that other writers of SQLite get a turn.
CHUNK: Final = 5_000


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Yield `items` in lists of at most `size`, reading no further ahead than one list."""
    stream = iter(items)
    while chunk := list(islice(stream, size)):
        yield chunk


class _Rehearsed(Exception):  # noqa: N818 - never seen outside; it only ends the transaction
    """Raised to undo what a rehearsal wrote."""


def _undo() -> None:
    raise _Rehearsed


@contextmanager
def writing(database: Database, *, rehearse: bool = False) -> Iterator[Transaction]:
    """Give a write transaction; a rehearsal does everything for real, then takes it all back."""
    try:
        with database.transaction() as tx:
            yield tx
            if rehearse:
                _undo()
    except _Rehearsed:
        return
