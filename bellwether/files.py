"""Files of rows: CSV or JSON Lines, gzipped or not, read line by line with their line numbers."""

import csv
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Protocol

from bellwether.errors import Unreadable

# The columns that a file of rejects has beside those it came with.
ADDED: Final = ("_line", "_reason")
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
# A cell may hold a long ticket subject, never a megabyte.
_LONGEST_CELL = 1_000_000
_DELIMITERS = ",;\t|"
# So many rows are read ahead of whoever takes them one by one.
PAGE: Final = 1_000
# A page ends after so many characters, too: several are in hand at once, each several times over.
MOST_TEXT: Final = 8_000_000
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: where it stood, and its cells or what is wrong with it.

    `read` is how many bytes of the file (compressed, if it is) were read by then.
    """

    number: int
    row: Row
    fault: str | None
    read: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows that follow each other: where each stood, and its cells or its object.

    `faults` says what is wrong with those that cannot be read, by their place on the page.
    """

    columns: tuple[str, ...]
    numbers: list[int]
    cells: list[Any]
    faults: dict[int, str]
    read: int

    def row(self, place: int) -> Row:
        """Return one row by the names of its columns."""
        cells = self.cells[place]
        return cells if isinstance(cells, dict) else dict(zip(self.columns, cells, strict=False))

    def line(self, place: int) -> Line:
        """Return one row with all that is known of it."""
        return Line(self.numbers[place], self.row(place), self.faults.get(place), self.read)


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: its columns (none for JSON Lines, whose rows name their own) and its rows."""

    path: Path
    columns: tuple[str, ...]
    reading: Callable[[Iterator[int]], Iterator[Page]]
    size: int

    def pages(self, rows: int, most: int = 0) -> Iterator[Page]:
        """Return the rows by the page: of so many each, or twice as many each time up to `most`."""
        return self.reading(_sizes(rows, max(rows, most)))

    @property
    def lines(self) -> Iterator[Line]:
        """Return the rows one by one."""
        return (page.line(place) for page in self.pages(PAGE) for place in range(len(page.numbers)))


@contextmanager
def opened(path: Path) -> Iterator[Table]:
    """Open a file of rows. Raises Unreadable when it is missing, empty or not what it says."""
    try:
        with path.open("rb") as raw:
            size = os.fstat(raw.fileno()).st_size
            plain = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            # What is not UTF-8 becomes lone surrogates, which are refused with the line.
            text = io.TextIOWrapper(
                plain, encoding="utf-8-sig", errors="surrogateescape", newline=""
            )
            yield _table(path, text, size, raw.tell)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Unreadable(str(path), "it is not a whole gzip file") from error
    except OSError as error:
        raise Unreadable(str(path), error.strerror or str(error)) from error


def is_json(path: Path) -> bool:
    """Say whether the name promises JSON Lines rather than CSV."""
    return path.name.removesuffix(".gz").lower().endswith(_JSON_ENDINGS)


def _table(path: Path, text: IO[str], size: int, tell: Callable[[], int]) -> Table:
    if is_json(path):
        return Table(path, (), lambda sizes: _json_pages(text, tell, sizes), size)
    header = text.readline()
    if not header.strip():
        raise Unreadable(str(path), "it is empty; the first line must name the columns")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = tuple(name.strip() for name in next(csv.reader([header], delimiter=delimiter)))
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter)
    if not set(ADDED) <= set(columns):
        return Table(path, columns, lambda sizes: _csv_pages(reader, columns, tell, sizes), size)
    columns = tuple(map(_revived, columns))
    return Table(path, columns, lambda sizes: _mended(reader, columns, tell, sizes), size)


def _sizes(rows: int, most: int) -> Iterator[int]:
    while True:
        yield rows
        rows = min(2 * rows, most)


def _json_pages(text: IO[str], tell: Callable[[], int], sizes: Iterator[int]) -> Iterator[Page]:
    numbered = ((number, line) for number, line in enumerate(text, 1) if line.strip())
    while some := list(_few(numbered, next(sizes))):
        page = Page((), [number for number, _ in some], [], {}, tell())
        for place, (_, line) in enumerate(some):
            row, fault = _object(line)
            page.cells.append(row)
            if fault:
                page.faults[place] = fault
        yield page


def _few(numbered: Iterator[tuple[int, str]], rows: int) -> Iterator[tuple[int, str]]:
    size = 0
    for number, line in islice(numbered, rows):
        yield number, line
        size += len(line)
        if size >= MOST_TEXT:
            return


def _object(line: str) -> tuple[Row, str | None]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {"text": line.strip()}, "this line is not JSON"
    if not isinstance(found, dict):
        return {"text": line.strip()}, "this line is JSON but not an object"
    return found, None


class _Reader(Iterator[list[str]], Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int: ...


def _csv_pages(
    reader: _Reader, columns: tuple[str, ...], tell: Callable[[], int], sizes: Iterator[int]
) -> Iterator[Page]:
    more = True
    while more:
        kept, numbers, fault = _taken(reader, next(sizes))
        more = bool(kept)
        page = Page(columns, numbers, kept, {}, tell())
        if fault is not None:
            page.faults[len(kept) - 1] = f"this line is not CSV: {fault}"
        _judge_widths(page)
        if page.numbers:
            yield page


def _taken(reader: _Reader, rows: int) -> tuple[list[list[str]], list[int], csv.Error | None]:
    """Take rows until they are enough, or one cannot be read, with the line each begins on."""
    kept, size = list[list[str]](), 0
    # The header is line 1, and a row begins on the line after the last one's end.
    numbers = [reader.line_num + 2]
    try:
        for cells in islice(reader, rows):
            kept.append(cells)
            numbers.append(reader.line_num + 2)
            size += sum(map(len, cells))
            if size >= MOST_TEXT:
                break
    except csv.Error as error:
        return [*kept, []], numbers, error
    return kept, numbers[:-1], None


def _judge_widths(page: Page) -> None:
    """Drop empty lines, and tell the rows of another width than the header's."""
    width = len(page.columns)
    if set(map(len, page.cells)) <= {width}:
        return
    odd = [at for at, cells in enumerate(page.cells) if len(cells) != width]
    empty = {at for at in odd if not page.cells[at] and at not in page.faults}
    known = [at for at in range(len(page.cells)) if at not in empty]
    faults = {at: _width(page.cells[at], page.columns) for at in odd} | page.faults
    page.faults.clear()
    page.faults.update({place: faults[at] for place, at in enumerate(known) if at in faults})
    page.cells[:] = [page.cells[at] for at in known]
    page.numbers[:] = [page.numbers[at] for at in known]


def _mended(
    reader: _Reader, columns: tuple[str, ...], tell: Callable[[], int], sizes: Iterator[int]
) -> Iterator[Page]:
    for page in _csv_pages(reader, columns, tell, sizes):
        yield replace(page, cells=[list(map(_revived, cells)) for cells in page.cells])


def _width(cells: list[str], columns: tuple[str, ...]) -> str:
    return f"this line has {len(cells)} cells where the header names {len(columns)} columns"


def _inert(cell: str) -> str:
    """Quote what a spreadsheet would run as a formula when the file is opened (rule 25)."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _revived(cell: str) -> str:
    """Undo `_inert`, so that a mended row says what it always said."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


class Rejects:
    """A file of what was refused, in the form it came in plus the line and the reason.

    It is made when the first row is refused, so that a clean import leaves nothing behind. Mend
    the rows and import the file itself: the two added columns are not read.
    """

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path = path
        self.count = 0
        self._columns = columns
        self._file: IO[str] | None = None

    def add(self, line: Line, reason: str) -> None:
        """Write one refused row."""
        self.count += 1
        file = self._file or self._open()
        if self._columns:
            cells = [str(line.row.get(name, "")) for name in self._columns]
            csv.writer(file).writerow([*map(_inert, cells), line.number, _inert(reason)])
        else:
            row = {**line.row, "_line": line.number, "_reason": reason}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file:
            self._file.close()

    def _open(self) -> IO[str]:
        try:
            self._file = self.path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
        except OSError as error:
            raise Unreadable(str(self.path), error.strerror or str(error)) from error
        if self._columns:
            csv.writer(self._file).writerow([*map(_inert, self._columns), *ADDED])
        return self._file
