"""Records of one frame are read by what the frame says; other bytes are refused."""

import pytest
from sqlalchemy import text

from scoring.columns.packed import frame_key
from storage.database import Database
from storage.errors import UnreadableRecord
from storage.frames import framed, keep_frame
from storage.snapshots import Snapshot, add_snapshots, snapshots_on
from tests.builders import MODEL, customers, day
from tests.builders import snapshot as a_snapshot

FRAME = {
    "model": MODEL, "version": 1, "places": 2, "bands": ["healthy", "unknown"],
    "numbers": [2, 2, 1, 1], "factors": [],
}  # fmt: skip
KEY = frame_key(FRAME)
# The day 739,940, then 72.50 points at a coverage of 100, in the first band.
NUMBERS = b"\x02" + (739_940).to_bytes(4, "little") + b"\x52\x1c" + b"\x10\x27" + b"\x00\x00"


def read_back(database: Database, record: bytes, *, known: bool) -> Snapshot:
    """Put these bytes in the place of a snapshot's record, and read it."""
    (acme,) = customers(database, "acme")
    with database.transaction() as tx:
        add_snapshots(tx, [a_snapshot(acme)])
        tx.execute(text("UPDATE snapshot SET record = :record"), {"record": record})
        if known:
            keep_frame(tx, KEY, FRAME)
            keep_frame(tx, KEY, FRAME)
    with database.reading() as tx:
        return snapshots_on(tx, [acme], MODEL, [day(0)])[acme, day(0)]


def test_a_record_is_read_with_the_frame_stored_beside_it(database: Database) -> None:
    found = read_back(database, framed(KEY, NUMBERS), known=True)

    assert found.record is not None
    assert (found.record["value"], found.record["coverage"]) == ("72.50", "100.00")
    assert (found.record["band"], found.record["as_of"]) == ("healthy", "2026-11-20")


def test_a_record_whose_frame_is_nowhere_is_refused_with_the_way_out(database: Database) -> None:
    with pytest.raises(UnreadableRecord, match="Update Bellwether"):
        read_back(database, b"\x02of nobody's frame", known=False)


def test_other_bytes_under_a_known_frame_are_refused(database: Database) -> None:
    with pytest.raises(UnreadableRecord):
        read_back(database, framed(KEY, b"\x02abc"), known=True)
