"""Rows as PostgreSQL's COPY reads them in binary, made of columns.

Numbers are laid side by side by NumPy; a server takes them as they are, and for us they cost less
than spelling a single one of them.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final

import numpy as np

# PostgreSQL counts from the first day of 2000: this ordinal, so many microseconds after 1970.
DAY_NONE: Final = date(2000, 1, 1).toordinal()
INSTANT_NONE: Final = 946_684_800_000_000
_NULL: Final = b"\xff\xff\xff\xff"
_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL: Final = b"\xff\xff"

# A column of numbers: NumPy's type of a cell, and the cells, or the one that is in every row.
Numbers = tuple[str, Any]


def binary(numbers: Sequence[Numbers], texts: Sequence[bytes], *words: Sequence[bytes]) -> bytes:
    """Return the rows: first the numbers, then one column of `encoded`, then those of `worded`."""
    table = _table(numbers, len(texts), 1 + len(words), ("length", ">i4"))
    table["length"] = np.fromiter(map(len, texts), np.int32, len(texts))
    begun = table.view(f"V{table.itemsize}").tolist()
    return b"".join([_HEAD, *chain.from_iterable(zip(begun, texts, *words, strict=True)), _TAIL])


def bare(numbers: Sequence[Numbers], size: int) -> bytes:
    """Return rows that hold nothing but numbers."""
    return b"".join([_HEAD, _table(numbers, size, 0).tobytes(), _TAIL])


def encoded(texts: Sequence[str]) -> list[bytes]:
    """Encode texts, none of which holds a NUL."""
    return "\0".join(texts).encode().split(b"\0") if texts else []


def worded(words: Sequence[str | None]) -> list[bytes]:
    """Encode words that repeat, each with its length before it; None is NULL."""
    known: dict[str | None, bytes] = {word: _worded(word) for word in set(words)}
    return [known[word] for word in words]


def _worded(word: str | None) -> bytes:
    if word is None:
        return _NULL
    text = word.encode()
    return len(text).to_bytes(4) + text


def _table(
    numbers: Sequence[Numbers], size: int, more: int, *last: tuple[str, str]
) -> np.ndarray[Any, Any]:
    cells: Iterable[tuple[str, str]] = chain.from_iterable(
        ((f"size{place}", ">i4"), (f"cell{place}", kind)) for place, (kind, _) in enumerate(numbers)
    )
    table = np.empty(size, np.dtype([("columns", ">i2"), *cells, *last]))
    table["columns"] = len(numbers) + more
    for place, (kind, values) in enumerate(numbers):
        table[f"size{place}"] = np.dtype(kind).itemsize
        table[f"cell{place}"] = values
    return table
