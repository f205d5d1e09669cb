"""Raw figures as whole numbers: what a factor shows of a customer, in columns and back.

A cell says by its last three bits what it is, so that a column of cells can be read by itself:
a whole number, hundredths shown as text, a day, a word of the factor's vocabulary, None, or that
the figure is not there at all.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np

from scoring.columns.numbers import Aside, Flags, Ints, Ratios
from scoring.readings import Raw

WHOLE, HUNDREDTHS, DAY, WORD, NONE, ABSENT = range(6)
KINDS: Final = 8
# Larger figures than this are not kept in cells.
MOST: Final = 2**58

# A figure that is the same for every customer is itself, any other a column of cells.
Cells = Mapping[str, Raw | Ints]


def whole_cells(values: Ints) -> Ints:
    """Return whole numbers as cells."""
    return values.astype(np.int64) * KINDS + WHOLE


def day_cells(days: Ints) -> Ints:
    """Return days, given as ordinals, as cells; 0 is no day."""
    return np.where(days > 0, days.astype(np.int64) * KINDS + DAY, NONE)


def word_cells(places: Ints) -> Ints:
    """Return places in a vocabulary as cells."""
    return places.astype(np.int64) * KINDS + WORD


def number_cells(values: Ratios, aside: Aside) -> Ints:
    """Return numbers as cells, the way `readings.number` shows them; given in lowest terms."""
    aside.put(np.abs(values.over) >= MOST // 256)
    size = np.where(aside.rows, 0, np.abs(values.over))
    cents = (200 * size + values.under) // (2 * values.under)
    # What rounds to nothing from below is shown as "-0", which hundredths cannot say.
    aside.put((cents == 0) & (values.over < 0))
    shown = np.where(values.over < 0, -cents, cents) * KINDS + HUNDREDTHS
    return np.where(values.under == 1, np.where(values.over < 0, -size, size) * KINDS, shown)


def none_where(rows: Flags, cells: Ints) -> Ints:
    """Return the cells, with None on these rows."""
    return np.where(rows, NONE, cells)


def absent_where(rows: Flags, cells: Ints) -> Ints:
    """Return the cells, with nothing at all on these rows."""
    return np.where(rows, ABSENT, cells)


def written(raw: Raw, words: Mapping[str, int]) -> int | None:
    """Return a raw figure as a cell; None for one that no cell can hold."""
    if raw is None:
        return NONE
    if isinstance(raw, int):
        return raw * KINDS + WHOLE if abs(raw) < MOST else None
    if raw in words:
        return words[raw] * KINDS + WORD
    found = _as_day(raw) or _as_hundredths(raw)
    return found if found is not None and read(found, ()) == raw else None


def read(cell: int, words: Sequence[str]) -> Raw:
    """Return the raw figure of a cell."""
    payload, kind = divmod(cell, KINDS)
    match kind:
        case 0:
            return payload
        case 1:
            return str(Decimal(payload).scaleb(-2).normalize())
        case 2:
            return date.fromordinal(payload).isoformat()
        case 3:
            return words[payload]
        case _:
            return None


def raw_of(cells: Cells, words: Sequence[str], row: int) -> dict[str, Raw]:
    """Return the raw figures of one row, in their order."""
    found: dict[str, Raw] = {}
    for name, kept in cells.items():
        if not isinstance(kept, np.ndarray):
            found[name] = kept
        elif (cell := int(kept[row])) != ABSENT:
            found[name] = read(cell, words)
    return found


def _as_day(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() * KINDS + DAY
    except ValueError:
        return None


def _as_hundredths(text: str) -> int | None:
    try:
        hundredths = Decimal(text).scaleb(2)
        exact = hundredths == hundredths.to_integral_value() and abs(hundredths) < MOST
    except InvalidOperation:
        return None
    return int(hundredths) * KINDS + HUNDREDTHS if exact else None
