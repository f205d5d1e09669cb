"""Mail that came back, from where a mail server puts it: a Maildir folder or an mbox file.

Of a Maildir, what was read moves from `new` to `cur`, as its readers do. An mbox is somebody
else's file and stays as it is: it is read again when it changed, and known reports change nothing.
"""

import logging
import mailbox
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from bellwether.errors import Unreadable
from service.bounces import Taken, take
from service.ports import House
from service.returned import LONGEST, read_mail
from storage import switches

logger = logging.getLogger(__name__)

# A look, so that the tick it is part of goes on; the rest is read at the next.
AT_ONCE: Final = 500
_SEEN: Final = ":2,S"


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
        return _from_file(house, path, now)
    except OSError as fault:
        raise Unreadable(str(path), fault.strerror or type(fault).__name__) from None


def _look(house: House, path: Path, now: datetime) -> Taken:
    if path.is_dir():
        return _from_maildir(house, path, now, most=AT_ONCE)
    if not path.exists():
        return Taken()
    mark = _mark(path)
    with house.database.reading() as tx:
        known = switches.switch(tx, _name(path))
    if known is not None and known.value == mark:
        return Taken()
    taken = _from_file(house, path, now)
    with house.database.transaction() as tx:
        switches.set_switch(tx, _name(path), mark, "bounces", now)
    return taken


def _name(path: Path) -> str:
    return f"bounces/{path.absolute()}"


def _mark(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size}/{found.st_mtime_ns}"


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


def _from_file(house: House, path: Path, now: datetime) -> Taken:
    taken = Taken()
    for raw in _mails(path):
        taken += take(house, read_mail(raw), now=now)
    return taken


def _mails(path: Path) -> Iterator[bytes]:
    """Yield the mails of an mbox; a file that does not begin as one is a single mail."""
    with path.open("rb") as file:
        first = file.read(5)
    if first != b"From ":
        yield _bytes(path)
        return
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            yield box.get_bytes(key)
    finally:
        box.close()


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST + 1)
