"""Records of scores in a few dozen bytes each, read with a frame that many of them share.

What is the model's (names, titles, what a figure counts) stands once in the frame; what is the
customer's is whole numbers in as few bytes as the widest of a column needs. Bytes and frame are
all it takes to read a record, whatever becomes of the model, of the code that measured, and of
the lists of statuses and policies. A frame and the layout it names never change once written.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.columns.cells import ABSENT, Cells, read
from scoring.columns.numbers import Index
from scoring.columns.worths import POLICIES, STATUSES
from scoring.readings import Raw

# The first byte of a record; records of other layouts begin with other bytes.
LAYOUT: Final = 2
MARK: Final = bytes([LAYOUT])
# Bytes to a letter of `struct`, all of them signed and the lowest byte first.
LETTERS: Final = {1: "b", 2: "h", 4: "i", 8: "q"}
# Columns are at least so wide, so that two blocks seldom need two frames.
NUMBERS_LEAST: Final = (2, 2, 1, 1)
FACTOR_LEAST: Final = (4, 1, 2, 2)
NOUN_LEAST: Final = 1
CELL_LEAST: Final = 2
# How a status and a policy share a byte.
SHARED: Final = 16


@dataclass(frozen=True, slots=True)
class Part:
    """A factor's columns: value, status, policy, contribution and weight, and the raw figures."""

    name: str
    title: str
    weight: str
    numbers: tuple[NDArray[Any], ...]
    raw: Cells
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What is to be packed: value, coverage, band and raw band, and the factors."""

    model: str
    version: int
    places: int
    bands: tuple[str, ...]
    as_of: date
    numbers: tuple[NDArray[Any], ...]
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Packed:
    """Records, each with the same frame; None where a record does not fit the layout."""

    frame: dict[str, Any]
    rows: list[bytes | None]


def packed(layout: Layout, rows: Index, unfit: Collection[int]) -> Packed:
    """Return the records of these rows; those of `unfit` do not fit."""
    columns = [layout.numbers, *(_columns(part) for part in layout.parts)]
    least = [NUMBERS_LEAST, *(_least(part) for part in layout.parts)]
    taken = [[column[rows] for column in group] for group in columns]
    widths = [
        [_width(column, few) for column, few in zip(group, leasts, strict=True)]
        for group, leasts in zip(taken, least, strict=True)
    ]
    blob = _bytes(layout.as_of, taken, widths)
    length = len(blob) // len(rows) if len(rows) else 1
    cut = (blob[begin : begin + length] for begin in range(0, len(blob), length))
    kept: list[bytes | None] = [
        None if row in unfit else each for row, each in zip(rows.tolist(), cut, strict=True)
    ]
    return Packed(_frame(layout, widths), kept)


def frame_key(frame: Mapping[str, Any]) -> bytes:
    """Return what a frame is known by: frames that say the same have the same key."""
    text = json.dumps(frame, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode()).digest()


def unpack(record: bytes, frame: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record, as `record.to_record` gives it; for many of a frame, use `Reader`."""
    return Reader(frame).record(record)


class Reader:
    """Reads the records of one frame."""

    def __init__(self, frame: Mapping[str, Any]) -> None:
        widths = [*frame["numbers"]]
        for factor in frame["factors"]:
            widths += [*factor["numbers"], *(cell[1] for cell in factor["raw"] if cell[1])]
        self._frame = frame
        self._struct = Struct("<Bi" + "".join(LETTERS[width] for width in widths))

    def record(self, packed: bytes) -> dict[str, Any]:
        """Return one record; raises struct.error for bytes of another frame."""
        numbers = iter(self._struct.unpack(packed)[1:])
        frame, places = self._frame, self._frame["places"]
        day, value, coverage, band, raw_band = (next(numbers) for _ in range(5))
        return {
            "model": frame["model"],
            "version": frame["version"],
            "as_of": date.fromordinal(day).isoformat(),
            "value": _text(value, 2, places),
            "coverage": _text(coverage, 2, 2),
            "band": frame["bands"][band],
            "raw_band": frame["bands"][raw_band],
            "factors": [self._factor(each, numbers) for each in frame["factors"]],
        }

    def _factor(self, factor: Mapping[str, Any], numbers: Iterator[int]) -> dict[str, Any]:
        value, how, contribution, weight = (next(numbers) for _ in range(4))
        policy, status = divmod(how, SHARED)
        return {
            "name": factor["name"],
            "title": factor["title"],
            "status": self._frame["statuses"][status],
            "policy": self._frame["policies"][policy],
            "raw": dict(_raw(factor, numbers)),
            "value": _text(value, 6, 6),
            "weight": factor["weight"],
            "effective_weight": _text(weight, 2, 2),
            "contribution": _text(contribution, 2, self._frame["places"]),
        }


def _raw(factor: Mapping[str, Any], numbers: Iterator[int]) -> Iterator[tuple[str, Raw]]:
    for name, width, *same in factor["raw"]:
        if not width:
            yield name, same[0]
        elif (cell := next(numbers)) != ABSENT:
            yield name, read(cell, factor["words"])


def _text(number: int, kept: int, places: int) -> str:
    """Return a number of `kept` decimals with `places` of them, which lose nothing."""
    return str(Decimal(number // 10 ** (kept - places)).scaleb(-places))


def _columns(part: Part) -> tuple[NDArray[Any], ...]:
    value, status, policy, contribution, weight = part.numbers
    how = status.astype(np.int64) + policy.astype(np.int64) * SHARED
    return (value, how, contribution, weight, *(cells for _, cells in _cells(part)))


def _least(part: Part) -> tuple[int, ...]:
    cells = [NOUN_LEAST if name == "noun" else CELL_LEAST for name, _ in _cells(part)]
    return (*FACTOR_LEAST, *cells)


def _cells(part: Part) -> list[tuple[str, NDArray[Any]]]:
    return [(name, kept) for name, kept in part.raw.items() if isinstance(kept, np.ndarray)]


def _width(column: NDArray[Any], least: int) -> int:
    """Return the bytes a column needs."""
    lowest, highest = int(column.min(initial=0)), int(column.max(initial=0))
    most = max(highest, -lowest - 1)
    return next(width for width in LETTERS if width >= least and most < 2 ** (8 * width - 1))


def _bytes(
    as_of: date, groups: Sequence[Sequence[NDArray[Any]]], widths: Sequence[Sequence[int]]
) -> bytes:
    """Lay the columns side by side."""
    fields = [("mark", "u1"), ("day", "<i4")]
    columns = [column for group in groups for column in group]
    flat = [width for group in widths for width in group]
    fields += [(f"c{place}", f"<i{width}") for place, width in enumerate(flat)]
    table = np.empty(len(columns[0]), dtype=np.dtype(fields))
    table["mark"], table["day"] = LAYOUT, as_of.toordinal()
    for place, column in enumerate(columns):
        table[f"c{place}"] = column
    return table.tobytes()


def _frame(layout: Layout, widths: Sequence[Sequence[int]]) -> dict[str, Any]:
    return {
        "layout": LAYOUT,
        "model": layout.model,
        "version": layout.version,
        "places": layout.places,
        "bands": list(layout.bands),
        "statuses": list(STATUSES),
        "policies": list(POLICIES),
        "numbers": list(widths[0]),
        "factors": [
            {
                "name": part.name,
                "title": part.title,
                "weight": part.weight,
                "words": list(part.words),
                "numbers": list(own[: len(FACTOR_LEAST)]),
                "raw": _figures(part, own[len(FACTOR_LEAST) :]),
            }
            for part, own in zip(layout.parts, widths[1:], strict=True)
        ],
    }


def _figures(part: Part, widths: Sequence[int]) -> list[list[Any]]:
    """Return each raw figure's name and width; width 0 is followed by what it always is."""
    rest = iter(widths)
    return [
        [name, next(rest)] if isinstance(kept, np.ndarray) else [name, 0, kept]
        for name, kept in part.raw.items()
    ]
