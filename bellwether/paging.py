"""From a page of a file to a sheet of events: rows become columns, in our words."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final

from bellwether.columns import INTERNAL, OWNER, Columns
from bellwether.files import Page, Row
from service.sheets import Sheet

# So many rows are the first sheet, and one transaction; each further one is twice as large, up to
# the most: so that a commit costs little and each of a day's counts is written once for many
# events, and yet whoever else writes gets a turn within the second.
ROWS: Final = 10_000
MOST_ROWS: Final = 30_000
_NOTHING: Final = (None, "")


def row_id(item: Mapping[str, object], row: Row) -> str:
    """Return an id for a row that gives none: made of the whole row, and of how it was read.

    Columns nobody reads tell two events apart as well as those that are mapped do; so only rows
    that are alike in everything are one event. What a rejects file adds to a row does not count.
    """
    cells = {name: value for name, value in row.items() if name not in INTERNAL}
    return _id(json.dumps([item, cells], sort_keys=True, separators=(",", ":")))


def _id(text: str) -> str:
    return "row:" + hashlib.sha256(text.encode()).hexdigest()[:40]


def split(item: dict[str, object]) -> tuple[str, dict[str, object]]:
    """Split the owner off; what is no text is refused by the door, as an empty one is."""
    owner = item.pop(OWNER, "")
    return owner if isinstance(owner, str) else str(owner), item


@dataclass
class SheetOf:
    """A page on its way to become a sheet; `places` are those of its readable rows."""

    page: Page
    columns: Columns

    @cached_property
    def places(self) -> Sequence[int]:
        """Return where the readable rows stand on the page."""
        whole = range(len(self.page.numbers))
        return [at for at in whole if at not in self.page.faults] if self.page.faults else whole

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return the columns of the readable rows."""
        if self.page.columns:
            return self.page.columns if self.places else ()
        found = (name for place in self.places for name in self.page.cells[place])
        return tuple(dict.fromkeys(found))

    def sheet(self) -> Sheet:
        """Return the readable rows as columns, each with an id."""
        layout = self.columns.layout(dict.fromkeys(self.names))
        size = len(self.places)
        if layout is None:  # Nobody can say without looking at a row what it means.
            return Sheet(size, {}, self._item)
        cells = {
            field: self.columns.values(field, self._cells[name]) for field, name in layout.items()
        }
        cells |= {field: [value] * size for field, value in self.columns.constants.items()}
        given = cells.get("id")
        if given is None:
            cells["id"] = self._ids(cells)
        elif not all(given):
            cells["id"] = [
                self._given(at) if one in _NOTHING else one for at, one in enumerate(given)
            ]
        return Sheet(size, cells, self._item)

    @cached_property
    def _cells(self) -> Mapping[str, Sequence[Any]]:
        rows = self.page.cells
        if self.page.faults:
            rows = [rows[place] for place in self.places]
        if self.page.columns:
            return dict(zip(self.page.columns, zip(*rows, strict=True), strict=True))
        return {name: [row.get(name) for row in rows] for name in self.names}

    def _item(self, at: int) -> tuple[str, Mapping[str, object]]:
        """Write a readable row out in full."""
        row = self.page.row(self.places[at])
        item = self.columns.item(row)
        item.setdefault("id", row_id(item, row))
        return split(item)

    def _given(self, at: int) -> object:
        return self._item(at)[1]["id"]

    def _ids(self, cells: Mapping[str, Sequence[Any]]) -> Sequence[str]:
        """Return what `row_id` returns for each row; of texts it is spelled by the column."""
        if not self.page.columns:
            return [str(self._given(at)) for at in range(len(self.places))]
        named = sorted(
            (name, column) for name, column in self._cells.items() if name not in INTERNAL
        )
        return [
            _id(f"[{{{item}}},{{{row}}}]")
            for item, row in zip(
                _spelled(sorted(cells.items()), blanks=False),
                _spelled(named, blanks=True),
                strict=True,
            )
        ]


def _spelled(columns: Sequence[tuple[str, Sequence[str]]], *, blanks: bool) -> Iterator[str]:
    """Spell the members of an object a row, as JSON does; empty cells only where asked."""
    members = [_members(name, column, blanks=blanks) for name, column in columns]
    return map(_joined, zip(*members, strict=True))


def _members(name: str, column: Sequence[str], *, blanks: bool) -> list[str]:
    begin = f"{quoted(name)}:"
    if blanks or all(column):
        return [begin + quoted(cell) for cell in column]
    return [begin + quoted(cell) if cell else "" for cell in column]


def _joined(members: tuple[str, ...]) -> str:
    return ",".join(filter(None, members))
