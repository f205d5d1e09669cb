"""The documentation is true: commands exist, settings are the code's, links lead somewhere."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from bellwether.settings_table import TABLE, markdown

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BELLWETHER = Path(sys.executable).with_name("bellwether")


@cache
def helped(*words: str) -> str:
    done = subprocess.run(
        [BELLWETHER, *words, "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands_in(text: str) -> set[tuple[str, ...]]:
    """Find `bellwether COMMAND` wherever a page shows code."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, flags=re.DOTALL)
    found = re.findall(r"\bbellwether ((?:keys )?[a-z][a-z-]+)\b", "\n".join(code))
    return {tuple(words.split()) for words in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_a_page_shows_exists(page: Path) -> None:
    shown = commands_in(page.read_text(encoding="utf-8"))

    for words in shown:
        assert helped(*words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_a_page_shows_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    code = re.findall(r"```.*?```|`[^`\n]+`", page.read_text(encoding="utf-8"), flags=re.DOTALL)

    for target in re.findall(r"\bmake ([a-z-]+)\b", "\n".join(code)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_table_of_settings_is_the_code_s() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert markdown() in page


def test_every_variable_a_page_or_the_compose_file_names_is_a_setting() -> None:
    known = {setting.variable for setting in TABLE}
    known |= {"BELLWETHER_DEMO_CUSTOMERS", "BELLWETHER_DEMO_DAYS", "BELLWETHER_DEMO_SEED"}
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    texts.append((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

    for text in texts:
        assert set(re.findall(r"\bBELLWETHER_[A-Z_]*[A-Z]", text)) <= known


def test_help_lists_every_command_of_the_issue_and_teaches_each() -> None:
    listed = helped()

    for command in (
        "demo", "serve", "seed", "import", "rescore", "run-due", "health", "digest", "check",
        "keys", "pause", "resume", "migrate",
    ):  # fmt: skip
        assert re.search(rf"│ {command} ", listed), command
        assert helped(command)


def test_make_help_lists_what_make_can_do() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    for target in ("demo", "test", "check", "lint", "format", "clean"):
        assert re.search(rf"^  {target} ", done.stdout, flags=re.MULTILINE)


def test_shipped_yaml_reads_as_yaml() -> None:
    for path in (*ROOT.glob("scoring/models/*.yaml"), *ROOT.glob("playbooks/library/*.yaml")):
        assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict), path
