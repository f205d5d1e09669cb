"""What the records of many customers have in common, kept once and known by its digest.

A record made in columns is a frame, the same for a whole run, and a few dozen bytes of its own.
Frames are never changed or forgotten, so that what a process learned of them stays true, whichever
database it learned it from.
"""

from collections.abc import Callable, Iterable, Mapping
from struct import error as StructError  # noqa: N812 - it is an exception's name
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, Row, Select, Table, select

from storage.bulk import add_new
from storage.columns import Document, metadata
from storage.errors import UnknownFrame, UnreadableRecord

# The first byte of a record made in columns; as many of the digest's bytes follow.
MARK: Final = b"\x02"
DIGEST: Final = 8

frame = Table(
    "frame",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("body", Document, nullable=False),
)

_known: Final[dict[bytes, Callable[[bytes], dict[str, Any]]]] = {}


def framed(digest: bytes, packed: bytes) -> bytes:
    """Return a record, packed by scoring in columns, as it is stored: with its frame's digest."""
    return MARK + digest[:DIGEST] + packed[len(MARK) :]


def keep_frame(tx: Connection, digest: bytes, body: Mapping[str, Any]) -> None:
    """Store a frame unless it is there; what we write we can read."""
    _meet(body)
    add_new(tx, frame, [{"digest": digest[:DIGEST], "body": dict(body)}], frame.c.digest)


def meet(tx: Connection, body: Mapping[str, Any], stored: Iterable[bytes]) -> None:
    """Learn to read records of this frame, which may not be stored yet, and these stored ones."""
    _meet(body)
    begin, end = len(MARK), len(MARK) + DIGEST
    if any(one[begin:end] not in _known for one in stored if one.startswith(MARK)):
        _learn(tx)


def _meet(body: Mapping[str, Any]) -> None:
    from scoring.columns.packed import Reader  # noqa: PLC0415 - as said below

    key = _key(body)
    if key not in _known:
        _known[key] = Reader(body).record


def _key(body: Mapping[str, Any]) -> bytes:
    from scoring.columns.packed import frame_key  # noqa: PLC0415 - as said below

    return frame_key(body)[:DIGEST]


def unframed(stored: bytes) -> dict[str, Any]:
    """Return the record; raises UnknownFrame, and UnreadableRecord for other bytes."""
    begin = len(MARK) + DIGEST
    read = _known.get(stored[len(MARK) : begin])
    if read is None:
        raise UnknownFrame
    try:
        return read(MARK + stored[begin:])
    except (StructError, LookupError, ValueError):
        raise UnreadableRecord from None


def opened(tx: Connection, statement: Select[*tuple[Any, ...]]) -> list[Row[Any]]:
    """Run a statement that reads records, learning the frames they need."""
    try:
        return list(tx.execute(statement).all())
    except UnknownFrame:
        _learn(tx)
    try:
        return list(tx.execute(statement).all())
    except UnknownFrame:
        raise UnreadableRecord from None


def _learn(tx: Connection) -> None:
    # Only who reads such a record needs NumPy.
    from scoring.columns.packed import Reader  # noqa: PLC0415 - as said above

    for row in tx.execute(select(frame)):
        _known.setdefault(bytes(row.digest), Reader(row.body).record)
