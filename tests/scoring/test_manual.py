"""The language explains itself: each kind's docstring is its manual, and editors get a schema."""

from importlib import resources

import pytest
from jsonschema import Draft202012Validator

from scoring.document import read
from scoring.load import shipped_names
from scoring.manual import json_schema, manual


def text_of(name: str) -> str:
    return resources.files("scoring").joinpath("models", f"{name}.yaml").read_text("utf-8")


def test_every_kind_has_a_manual_of_its_own() -> None:
    entries = manual()

    assert {entry.group for entry in entries} == {"measure", "scale", "cost"}
    assert len({(entry.group, entry.kind) for entry in entries}) == len(entries)
    assert len({entry.text for entry in entries}) == len(entries)
    assert all(entry.text.endswith(".") for entry in entries)


def test_a_manual_names_the_words_its_kind_takes() -> None:
    (entry,) = [entry for entry in manual() if entry.kind == "change"]

    assert entry.required == ("of",)
    assert entry.optional == ("against",)
    assert "From nothing to something is 1" in entry.text


def test_the_schema_is_a_schema() -> None:
    schema = json_schema()

    Draft202012Validator.check_schema(schema)
    assert schema["title"] == "HealthModel"


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_model_fits_the_published_schema(name: str) -> None:
    document = read(text_of(name))

    problems = list(Draft202012Validator(json_schema()).iter_errors(document.data))

    assert problems == []


def test_the_schema_finds_what_the_loader_would_refuse() -> None:
    document = read(text_of("saas-five-factor").replace("kind: up_to", "kind: upto"))

    problems = list(Draft202012Validator(json_schema()).iter_errors(document.data))

    assert problems
