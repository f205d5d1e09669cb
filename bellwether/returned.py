"""Mail that came back, from where a mail server puts it: a Maildir folder or an mbox file.

Of a Maildir, what was read moves from `new` to `cur`, as its readers do. An mbox is somebody
else's file and stays as it is: when it has grown it is read on from its last mail.
"""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, Self

from bellwether.errors import Unreadable
from service.bounces import Taken, take
from service.ports import House
from service.returned import LONGEST, read_mail
from storage import switches

logger = logging.getLogger(__name__)

# A look, so that the tick it is part of goes on; the rest is read at the next.
AT_ONCE: Final = 500
_SEEN: Final = ":2,S"
_SEPARATOR: Final = b"From "


def look(house: House, path: Path, *, now: datetime) -> Taken:
    """Read what is new there; a place that is not there, or cannot be read, is for the log."""
    try:
        taken = _look(house, path, now)
    except (OSError, Unreadable) as fault:
        logger.warning("mail that came back could not be read: %s", type(fault).__name__)
        return Taken()
    if taken != Taken():
        logger.info("mail came back: %s", taken)
    return taken


def read(house: House, path: Path, *, now: datetime) -> Taken:
    """Read all that is there, a single mail too. Raises Unreadable."""
    try:
        if path.is_dir():
            return _from_maildir(house, path, now, most=None)
        return _from_file(house, path, now)[0]
    except OSError as fault:
        raise Unreadable(str(path), fault.strerror or type(fault).__name__) from None


def _look(house: House, path: Path, now: datetime) -> Taken:
    if path.is_dir():
        return _from_maildir(house, path, now, most=AT_ONCE)
    if not path.exists():
        return Taken()
    with house.database.reading() as tx:
        known = switches.switch(tx, _name(path))
    was = _Mark.read(known.value) if known is not None else None
    found = path.stat()
    if was is not None and was.same(found):
        return Taken()
    begin = was.last if was is not None and was.grown(found) and _begins(path, was.last) else 0
    taken, last = _from_file(house, path, now, begin)
    mark = _Mark(found.st_ino, found.st_size, found.st_mtime_ns, last)
    with house.database.transaction() as tx:
        switches.set_switch(tx, _name(path), mark.written, "bounces", now)
    return taken


@dataclass(frozen=True, slots=True)
class _Mark:
    """How an mbox looked when it was read, and where the last mail in it begins.

    That one is read again when the file has grown: its end may not have been written yet.
    """

    inode: int
    size: int
    changed: int
    last: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what `written` wrote."""
        parts = text.split("/")
        return cls(*map(int, parts)) if len(parts) == len(cls.__slots__) else None

    @property
    def written(self) -> str:
        """Return the mark as text."""
        return f"{self.inode}/{self.size}/{self.changed}/{self.last}"

    def same(self, found: os.stat_result) -> bool:
        """Tell whether nobody touched the file since."""
        now = (found.st_ino, found.st_size, found.st_mtime_ns)
        return now == (self.inode, self.size, self.changed)

    def grown(self, found: os.stat_result) -> bool:
        """Tell whether it is the same file with more in it, rather than one begun anew."""
        return found.st_ino == self.inode and found.st_size > self.size


def _name(path: Path) -> str:
    return f"bounces/{path.absolute()}"


def _begins(path: Path, at: int) -> bool:
    """Tell whether a mail begins there; else the file was begun anew since."""
    with path.open("rb") as file:
        file.seek(at)
        return file.read(len(_SEPARATOR)) == _SEPARATOR


def _from_maildir(house: House, path: Path, now: datetime, *, most: int | None) -> Taken:
    fresh, seen = path / "new", path / "cur"
    if not fresh.is_dir():
        raise Unreadable(str(path), "it is a folder, but no Maildir: it has no folder named new")
    seen.mkdir(exist_ok=True)
    taken = Taken()
    for file in islice(sorted(each for each in fresh.iterdir() if each.is_file()), most):
        try:
            taken += take(house, read_mail(_bytes(file)), now=now)
            file.rename(seen / f"{file.name.partition(':')[0]}{_SEEN}")
        except FileNotFoundError:
            # Another process was faster; what it took in is known, so nothing counts twice.
            continue
    return taken


def _from_file(house: House, path: Path, now: datetime, begin: int = 0) -> tuple[Taken, int]:
    """Take in the mails from a place on; answer also where the last of them begins."""
    taken, last = Taken(), begin
    for at, raw in _mails(path, begin):
        taken, last = taken + take(house, read_mail(raw), now=now), at
    return taken, last


def _mails(path: Path, begin: int) -> Iterator[tuple[int, bytes]]:
    """Yield the mails of an mbox with their places; a file that is none is a single mail."""
    with path.open("rb") as file:
        if file.read(len(_SEPARATOR)) != _SEPARATOR:
            yield 0, _bytes(path)
            return
        file.seek(begin)
        at, lines, length, blank = begin, list[bytes](), 0, True
        for line in file:
            if blank and line.startswith(_SEPARATOR) and lines:
                yield at, b"".join(lines[1:])
                at, lines, length = at + length, [], 0
            # What is longer than a report may be is not kept, only counted.
            if length <= LONGEST:
                lines.append(_unquoted(line))
            length += len(line)
            blank = line in {b"\n", b"\r\n"}
        if lines:
            yield at, b"".join(lines[1:])


def _unquoted(line: bytes) -> bytes:
    """Take off the mark that keeps a line of a mail from looking like the next mail's first."""
    return line[1:] if line.startswith(b">From ") else line


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST + 1)
