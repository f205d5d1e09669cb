"""Reports in files: a Maildir is emptied, an mbox left alone, and both are read once."""

import json
from pathlib import Path

import pytest

from bellwether.errors import SettingsInvalid, Unreadable
from bellwether.returned import look, read
from bellwether.settings import Settings
from service.bounces import Taken
from service.ports import House
from tests.bellwether.conftest import Run
from tests.builders import NOON
from tests.service.reports import bounce, complaint

AWAY = b"From: anna@acme.example\r\nSubject: I am away\r\n\r\nUntil Monday.\r\n"


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """Return a Maildir with two reports and a mail that is none."""
    folder = tmp_path / "Maildir"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, raw in enumerate([bounce(), AWAY, complaint()]):
        (folder / "new" / f"170000{number}.M1.host").write_bytes(raw)
    return folder


def mbox(path: Path, *mails: bytes) -> Path:
    parts = [b"From MAILER-DAEMON Fri Nov 20 10:00:00 2026\n" + raw + b"\n" for raw in mails]
    path.write_bytes(b"".join(part.replace(b"\r\n", b"\n") for part in parts))
    return path


def test_a_maildir_is_read_and_what_was_read_moves_on(house: House, maildir: Path) -> None:
    first = look(house, maildir, now=NOON)
    again = look(house, maildir, now=NOON)

    assert first == Taken(unmatched=2)
    assert again == Taken()
    assert list((maildir / "new").iterdir()) == []
    assert {each.name[-4:] for each in (maildir / "cur").iterdir()} == {":2,S"}


def test_an_mbox_is_read_on_when_it_grows_and_stays_as_it_is(house: House, tmp_path: Path) -> None:
    path = mbox(tmp_path / "mbox", bounce(), AWAY)
    before = path.read_bytes()

    first, again = look(house, path, now=NOON), look(house, path, now=NOON)
    with path.open("ab") as file:
        file.write(mbox(tmp_path / "more", complaint(), bounce(), bounce()).read_bytes())
    later = look(house, path, now=NOON)

    # Of the first two mails only the last is looked at again, and it is no report.
    assert (first, again, later) == (Taken(unmatched=1), Taken(), Taken(unmatched=3))
    assert path.read_bytes().startswith(before)


def test_an_mbox_that_was_begun_anew_is_read_from_its_beginning(
    house: House, tmp_path: Path
) -> None:
    path = mbox(tmp_path / "mbox", AWAY, AWAY, AWAY, AWAY)
    look(house, path, now=NOON)

    mbox(path, bounce())

    assert look(house, path, now=NOON) == Taken(unmatched=1)


def test_a_report_half_written_is_read_when_it_is_whole(house: House, tmp_path: Path) -> None:
    whole = mbox(tmp_path / "mbox", AWAY, bounce()).read_bytes()
    path = tmp_path / "growing"
    path.write_bytes(whole[:-300])
    half = look(house, path, now=NOON)
    with path.open("ab") as file:
        file.write(whole[-300:])

    assert half.hard == 0
    assert look(house, path, now=NOON) == Taken(unmatched=1)


def test_a_place_that_is_not_there_yet_is_no_trouble(house: House, tmp_path: Path) -> None:
    assert look(house, tmp_path / "mbox", now=NOON) == Taken()


def test_a_folder_that_is_no_maildir_is_for_the_log_and_stops_nothing(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").mkdir()

    assert look(house, tmp_path / "folder", now=NOON) == Taken()
    assert "could not be read" in caplog.text
    with pytest.raises(Unreadable):
        read(house, tmp_path / "folder", now=NOON)


def test_the_command_reads_folders_boxes_and_single_mails(run: Run, maildir: Path) -> None:
    (maildir.parent / "one.eml").write_bytes(bounce())
    mbox(maildir.parent / "box", bounce(), complaint())

    told = [json.loads(run("bounces", "read", name, "--json").out)["unmatched"]
            for name in ("Maildir", "one.eml", "box")]  # fmt: skip

    assert told == [2, 1, 2]
    assert "no mail of ours" in run("bounces", "read", "one.eml").out
    assert run("bounces", "read", "nowhere").code == 1


def test_a_folder_that_is_no_maildir_stops_the_start(maildir: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    there = Settings.read({"BELLWETHER_BOUNCES": str(maildir)})
    to_come = Settings.read({"BELLWETHER_BOUNCES": str(tmp_path / "mbox")})

    assert (there.bounces, to_come.bounces) == (maildir, tmp_path / "mbox")
    with pytest.raises(SettingsInvalid, match="BELLWETHER_BOUNCES"):
        Settings.read({"BELLWETHER_BOUNCES": str(tmp_path / "folder")})
