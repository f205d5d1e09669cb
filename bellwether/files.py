"""Files of rows: CSV or JSON Lines, gzipped or not, read line by line with their line numbers."""

import csv
import gzip
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from bellwether.errors import Unreadable

# The columns that a file of rejects has beside those it came with.
ADDED: Final = ("_line", "_reason")
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
# A cell may hold a long ticket subject, never a megabyte.
_LONGEST_CELL = 1_000_000
_DELIMITERS = ",;\t|"
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
class Table:
    """An open file: its columns (none for JSON Lines, whose rows name their own) and its rows."""

    path: Path
    columns: tuple[str, ...]
    lines: Iterator[Line]
    size: int


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
    except (gzip.BadGzipFile, EOFError) as error:
        raise Unreadable(str(path), "it is not a whole gzip file") from error
    except OSError as error:
        raise Unreadable(str(path), error.strerror or str(error)) from error


def is_json(path: Path) -> bool:
    """Say whether the name promises JSON Lines rather than CSV."""
    return path.name.removesuffix(".gz").lower().endswith(_JSON_ENDINGS)


def _table(path: Path, text: IO[str], size: int, tell: Callable[[], int]) -> Table:
    if is_json(path):
        return Table(path, (), _json_lines(text, tell), size)
    header = text.readline()
    if not header.strip():
        raise Unreadable(str(path), "it is empty; the first line must name the columns")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = tuple(name.strip() for name in next(csv.reader([header], delimiter=delimiter)))
    if set(ADDED) <= set(columns):
        columns = tuple(map(_revived, columns))
    return Table(path, columns, _csv_lines(text, columns, delimiter, tell), size)


def _json_lines(text: IO[str], tell: Callable[[], int]) -> Iterator[Line]:
    for number, line in enumerate(text, start=1):
        if line.strip():
            row, fault = _object(line)
            yield Line(number, row, fault, tell())


def _object(line: str) -> tuple[Row, str | None]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {"text": line.strip()}, "this line is not JSON"
    if not isinstance(found, dict):
        return {"text": line.strip()}, "this line is JSON but not an object"
    return found, None


def _csv_lines(
    text: IO[str], columns: tuple[str, ...], delimiter: str, tell: Callable[[], int]
) -> Iterator[Line]:
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text, delimiter=delimiter)
    mended = set(ADDED) <= set(columns)
    while True:
        number = reader.line_num + 2  # the header is line 1, and rows start after the last one
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(number, {}, f"this line is not CSV: {error}", tell())
            continue
        if cells:
            given = map(_revived, cells) if mended else cells
            row: dict[str, Any] = dict(zip(columns, given, strict=False))
            yield Line(number, row, _width(cells, columns), tell())


def _width(cells: list[str], columns: tuple[str, ...]) -> str | None:
    if len(cells) == len(columns):
        return None
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
