"""docs/rules.md is true: its tests exist, run on the databases it says, and leave no rule out."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "rules.md"
RULES = range(1, 30)
# The fixtures that are parametrised on both databases; all others get it from them.
BOTH = {"database_url", "empty_url", "copies"}


class Row(NamedTuple):
    """One line of the page."""

    rule: int
    databases: str
    tests: list[str]


class Module(NamedTuple):
    """What a test file or conftest defines: functions, and where imported names come from."""

    functions: dict[str, ast.FunctionDef]
    imported: dict[str, Path]


def rows() -> list[Row]:
    lines = re.findall(
        r"^\| (\d+) \| .+ \| (both|—) \| (.+) \|$",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return [Row(int(rule), where, re.findall(r"`([^`]+)`", named)) for rule, where, named in lines]


@cache
def module(path: Path) -> Module:
    if not path.exists():
        return Module({}, {})
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    imported = {
        alias.name: TESTS.parent / f"{one.module.replace('.', '/')}.py"
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and one.module and one.module.startswith("tests.")
        for alias in one.names
    }
    return Module(functions, imported)


def asked(path: Path, function: ast.FunctionDef) -> set[str]:
    """Return the fixtures a function asks for, also by decorator."""
    marked = [
        argument.value
        for one in function.decorator_list
        if isinstance(one, ast.Call) and "usefixtures" in ast.unparse(one.func)
        for argument in one.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    wanted = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
    found = wanted | set(marked)
    return found | {deeper for name in found for deeper in reached(path, name)}


@cache
def reached(path: Path, name: str) -> frozenset[str]:
    """Return the fixtures behind a fixture, looked up as pytest does: file, folder, top."""
    for place in (path, path.parent / "conftest.py", TESTS / "conftest.py"):
        known = module(place)
        if name in known.functions:
            return frozenset(asked(place, known.functions[name]) - {name})
        if name in known.imported:
            return reached(known.imported[name], name)
    return frozenset()


def runs_on_both(path: Path, function: ast.FunctionDef) -> bool:
    decorators = " ".join(ast.unparse(one) for one in function.decorator_list)
    if "on_one_database" in decorators:
        return False
    return bool(BOTH & asked(path, function))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_test_that_runs_on_both_databases(rule: int) -> None:
    held = [row for row in rows() if row.rule == rule]

    assert all(row.tests for row in held)
    assert "both" in {row.databases for row in held}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.rule}-{row.tests[0][-40:]}")
def test_every_test_the_page_names_exists_and_runs_on_what_it_says(row: Row) -> None:
    for named in row.tests:
        file, _, name = named.partition("::")
        function = module(TESTS / file).functions.get(name)

        assert function is not None, f"{named} is not there"
        if row.databases == "both":
            assert runs_on_both(TESTS / file, function), f"{named} does not run on both databases"


def test_the_page_has_no_line_that_is_not_read() -> None:
    lines = PAGE.read_text(encoding="utf-8").count("::test_")

    assert sum(len(row.tests) for row in rows()) == lines
