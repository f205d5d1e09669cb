"""The house's walls: every import contract holds, and fails when somebody breaks it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = CONFIG["tool"]["importlinter"]["root_packages"]
CONTRACTS: list[dict[str, Any]] = CONFIG["tool"]["importlinter"]["contracts"]

# One planted import per wall: the contract's first words, whose room, what it must not import.
VIOLATIONS = [
    ("The house", "scoring", "import storage"),
    ("The house", "playbooks", "import service"),
    ("The house", "storage", "import templates"),
    ("The house", "bot", "import web"),
    ("The house", "delivery", "import sandbox"),
    ("The house", "service", "import bellwether"),
    ("The sandbox knows nothing", "sandbox", "import service.words"),
    ("The core is pure", "scoring", "import time"),
    ("The core is pure", "playbooks", "import pathlib"),
    ("Only storage speaks SQL", "service", "import sqlalchemy"),
    ("Only storage speaks SQL", "bellwether", "import alembic"),
    ("Only bot speaks Slack", "web", "import slack_sdk"),
    ("Only templates speaks Jinja", "bot", "import fastapi"),
    ("Only templates speaks Jinja", "service", "import jinja2"),
    ("Only templates speaks Jinja", "storage", "import apscheduler"),
]


def linted(house: Path) -> tuple[int, str]:
    """Run the import linter on a house; answer its exit code and what it printed on one line."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "COLUMNS": "400", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Copy the house, so that it may be broken."""
    for package in PACKAGES:
        keep = shutil.ignore_patterns("__pycache__", "*.css", "*.html", "*.txt", "*.js", "*.svg")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=keep)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_holds() -> None:
    code, printed = linted(ROOT)

    assert code == 0, printed
    assert f"{len(CONTRACTS)} kept, 0 broken" in printed


@pytest.mark.parametrize(("contract", "room", "planted"), VIOLATIONS)
def test_a_planted_import_breaks_its_contract(
    house: Path, contract: str, room: str, planted: str
) -> None:
    (house / room / "planted.py").write_text(f'"""Planted."""\n\n{planted}\n', encoding="utf-8")

    code, printed = linted(house)

    assert code != 0
    broken = [one for one in CONTRACTS if f"{one['name']} BROKEN" in printed]
    assert any(one["name"].startswith(contract) for one in broken), printed


def test_every_contract_has_a_violation_that_was_tried() -> None:
    for contract in CONTRACTS:
        assert any(contract["name"].startswith(tried) for tried, _, _ in VIOLATIONS)


def test_every_package_is_in_the_wheel_and_in_every_list() -> None:
    wheel = CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert set(wheel) == set(PACKAGES) == set(CONFIG["tool"]["mypy"]["packages"])
    assert all((ROOT / package / "py.typed").exists() for package in PACKAGES)
    assert f"PACKAGES := {' '.join(PACKAGES)}" in makefile


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_is_long_and_every_module_says_what_lives_there(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()

        assert len(lines) <= 400, path
        assert lines, path
        assert lines[0].startswith('"""'), path


def test_locked_requirements_hold_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")

        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)
