"""The published schema is the language's own, and accepts what the language accepts."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from playbooks.load import SHIPPED
from playbooks.manual import json_schema
from tests.classic import FOLDER, NAMES

PUBLISHED = Path(__file__).parent.parent / "docs" / "schemas" / "playbook.schema.json"
TEXTS = {
    name: files("playbooks").joinpath("library", f"{name}.yaml").read_text("utf-8")
    for name in SHIPPED
} | {f"small {name}": (FOLDER / f"{name}.yaml").read_text("utf-8") for name in NAMES}


def faults(text: str) -> list[str]:
    return [one.message for one in Draft202012Validator(json_schema()).iter_errors(load(text))]


def load(text: str) -> object:
    return yaml.safe_load(text)


def test_the_published_schema_is_the_languages_own() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == json_schema()


@pytest.mark.parametrize("name", TEXTS)
def test_the_schema_accepts_every_shipped_playbook(name: str) -> None:
    assert faults(TEXTS[name]) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("kind: escalate", "kind: escalade"),
        ("within_business_hours: 4", "within_business_hours: never"),
        ("answer: price", "answr: price"),
        ("kind: enters_band", "kind: enters"),
    ],
)
def test_the_schema_refuses_what_the_language_refuses(good: str, bad: str) -> None:
    assert faults(TEXTS["churn-risk"].replace(good, bad, 1)) != []
