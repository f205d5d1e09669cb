"""Records of scores are kept small, come back to the letter, and old ones stay readable."""

import hashlib
import json
import re
from contextlib import closing
from datetime import date

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from scoring.record import to_record
from storage.columns import dump_json
from storage.database import Database
from storage.errors import UnfitJson, UnreadableRecord
from storage.packing import DICTIONARY, pack, unpack
from storage.snapshots import snapshots_on
from tests.scoring.worlds import World, scored

ODD = {"name": "Ünïcødé 漢字 \u202e", "numbers": [1, "0.1", None, True], "deep": {"a": {"b": []}}}

SNAPSHOT = (
    "INSERT INTO snapshot (customer_id, model_id, as_of, version, score, band, coverage, trend, "
    "computed_at, record) "
    "VALUES (7, 1, :day, 1, 50, 'at-risk', 100, 'stable', '2026-01-02 06:00:00', :record)"
)
REVISION = (
    "INSERT INTO snapshot_revision (customer_id, model_id, as_of, revision, version, score, band, "
    "coverage, trend, computed_at, record) "
    "VALUES (7, 1, :day, 1, 1, 50, 'at-risk', 100, 'stable', '2026-01-02 06:00:00', :record)"
)


def test_a_record_comes_back_to_the_letter() -> None:
    assert unpack(pack(ODD)) == ODD


def test_a_record_of_the_default_model_takes_a_tenth_of_its_json() -> None:
    record = to_record(scored(World().logins(13).features(3).opened(4).api_calls(81, 103)))

    assert len(pack(record)) < len(dump_json(record)) / 10
    assert unpack(pack(record)) == record


def test_what_json_cannot_hold_is_refused_before_it_is_kept() -> None:
    with pytest.raises(UnfitJson):
        pack({"value": float("nan")})


def test_plain_json_as_it_was_kept_at_first_is_still_read() -> None:
    assert unpack(json.dumps(ODD).encode()) == ODD


@pytest.mark.parametrize("strange", [b"", b"\x02abc", b"\x01\xff\xff\xff", b"nonsense"])
def test_what_nobody_packed_is_refused_with_the_way_out(strange: bytes) -> None:
    with pytest.raises(UnreadableRecord, match="Update Bellwether"):
        unpack(strange)


def test_the_dictionary_never_changes_since_old_records_need_it() -> None:
    found = hashlib.sha256(DICTIONARY).hexdigest()

    assert found == "1a35e0ed3e584727ac5087175b8ab41e4aa530adb10f34f764ec809f58ef1149"


def test_snapshots_of_before_are_packed_or_read_as_they_are(empty_url: str) -> None:
    # Given a database of the days when records were plain JSON, with one in it.
    url = re.sub(r"^postgres(ql)?:", "postgresql+psycopg2:", empty_url)
    engine = create_engine(url)
    with engine.connect() as connection, connection.begin():
        configuration = Config()
        configuration.set_main_option("script_location", "storage:migrations")
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0004")
        model, day = "INSERT INTO model (id, name) VALUES (1, 'test')", date(2026, 1, 1)
        connection.execute(text(model))
        on = day if connection.dialect.name == "postgresql" else day.toordinal()
        for statement in (SNAPSHOT, REVISION):
            connection.execute(text(statement), {"day": on, "record": json.dumps(ODD)})
    engine.dispose()

    # When it is brought up to date.
    with closing(Database.open(empty_url)) as database:
        database.migrate()
        with database.reading() as tx:
            found = snapshots_on(tx, [7], "test", [day])

    # Then the record is what it was.
    assert found[7, day].record == ODD
