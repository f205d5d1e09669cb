"""The manual knows every word of the language."""

from pathlib import Path

import pytest

from playbooks import conditions, steps, triggers
from playbooks.load import parse
from playbooks.playbook import Guards
from playbooks.written import Written

PAGE = (Path(__file__).parents[2] / "docs" / "playbooks.md").read_text(encoding="utf-8")
KINDS = [
    written
    for room in (conditions, steps, triggers)
    for written in vars(room).values()
    if isinstance(written, type) and issubclass(written, Written) and "kind" in written.model_fields
]


@pytest.mark.parametrize("written", KINDS, ids=lambda written: written.__name__)
def test_every_kind_is_in_the_manual_and_has_a_manual_of_its_own(written: type[Written]) -> None:
    (word,) = written.model_fields["kind"].annotation.__args__  # type: ignore[union-attr] # a Literal

    assert f"`{word}`" in PAGE
    assert written.__doc__


def test_every_guard_is_in_the_manual() -> None:
    assert all(f"`{guard}`" in PAGE for guard in Guards.model_fields)


def test_the_example_of_the_manual_is_a_playbook() -> None:
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]

    assert parse(example, "docs/playbooks.md").identity == "fast-drop@1"
