"""A house built as the product builds it, and the command line as a person uses it."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bellwether import house as building
from bellwether.cli import main
from bellwether.settings import Settings
from service.ports import House


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed and how it left."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings.read(
        {
            "DATABASE_URL": database_url,
            "BELLWETHER_HOME": str(tmp_path / "home"),
            "BELLWETHER_TIMEZONE": "Europe/Berlin",
            "BELLWETHER_MAIL": "approval",
        }
    )


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    with building.opened(settings) as opened:
        yield opened


@pytest.fixture
def run(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Return `bellwether` as a function, in a folder and on a database of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def bellwether(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["bellwether", *words])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capsys.readouterr()
        return Said(int(left.value.code or 0), printed.out, printed.err)

    yield bellwether
    root.handlers[:] = handlers
    root.setLevel(level)
