"""The journal: shared by processes, whole after a crash."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.journal import Entry, Journal

WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from sandbox.state import Message
from sandbox.workspace import Workspace

class Standing:
    def now(self):
        return datetime(2026, 11, 20, tzinfo=UTC)

workspace = Workspace(Path(sys.argv[1]), Standing())
for number in range(40):
    with workspace.writing():
        message = Message("C1", workspace.fresh_ts(), "U1", sys.argv[2] + str(number))
        workspace.record("message", message)
"""


def followed(path: Path) -> tuple[Journal, list[Entry]]:
    entries: list[Entry] = []
    return Journal(path, entries.append, entries.clear), entries


def test_four_processes_write_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in "abcd"
    ]
    codes = [writer.wait(60) for writer in writers]

    journal, entries = followed(tmp_path / "slack.jsonl")
    with journal.reading():
        stamps = [str(each["ts"]) for each in entries]
        texts = {str(each["text"]) for each in entries}

    assert codes == [0] * 4
    assert len(texts) == 160
    assert stamps == sorted(set(stamps))


def test_a_line_torn_by_a_killed_writer_is_not_read_and_then_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b'{"n":1}\n{"n":2,"te')
    journal, entries = followed(path)

    with journal.reading():
        before = list(entries)
    with journal.writing():
        journal.append({"n": 3})

    assert before == [{"n": 1}]
    assert entries == [{"n": 1}, {"n": 3}]
    assert path.read_bytes() == b'{"n":1}\n{"n":3}\n'


def test_a_journal_that_was_put_away_starts_over(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal, entries = followed(path)
    with journal.writing():
        journal.append({"n": 1})

    path.rename(tmp_path / "old")
    with journal.writing():
        journal.append({"n": 2})

    assert entries == [{"n": 2}]


def test_text_of_every_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    journal, _entries = followed(tmp_path / "journal")
    hostile = 'line\u2028separator \x00 \ud83d "quotes" 🐑\n'
    with journal.writing():
        journal.append({"text": hostile})

    other, read = followed(tmp_path / "journal")
    with other.reading():
        assert read == [{"text": hostile}]


def test_writing_without_the_lock_is_a_mistake(tmp_path: Path) -> None:
    journal, _entries = followed(tmp_path / "journal")

    with pytest.raises(RuntimeError):
        journal.append({})
