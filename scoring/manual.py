"""The model language as its own manual: every kind with its docstring, and the JSON Schema.

Docs, `--help` and editors read this, so that nothing about the language is written twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from scoring.measures import Measure
from scoring.model import HealthModel
from scoring.scales import Cost, Scale
from scoring.written import Written

Group = Literal["measure", "scale", "cost"]


@dataclass(frozen=True, slots=True)
class KindManual:
    """One kind of the language: its word, what it means, and the words it takes."""

    group: Group
    kind: str
    text: str
    required: tuple[str, ...]
    optional: tuple[str, ...]


def manual() -> tuple[KindManual, ...]:
    """Return every kind a model file can name, in the order of the language."""
    return (
        *(_manual("measure", kind) for kind in _members(Measure)),
        *(_manual("scale", kind) for kind in _members(Scale)),
        *(_manual("cost", kind) for kind in _members(Cost)),
    )


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a model file, for editors that complete and check YAML."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **HealthModel.model_json_schema(),
    }


def _members(union: object) -> tuple[type[Written], ...]:
    """Return the classes of a union that a discriminator was put on."""
    inner = get_args(union)[0] if get_origin(union) is Annotated else union
    return get_args(inner)


def _manual(group: Group, kind: type[Written]) -> KindManual:
    fields = {name: field for name, field in kind.model_fields.items() if name != "kind"}
    (word,) = get_args(kind.model_fields["kind"].annotation)
    return KindManual(
        group=group,
        kind=word,
        text=cleandoc(kind.__doc__ or ""),
        required=tuple(name for name, field in fields.items() if field.is_required()),
        optional=tuple(name for name, field in fields.items() if not field.is_required()),
    )


HEADINGS: Final[Mapping[Group, str]] = {
    "measure": "What can be measured",
    "scale": "How a number becomes 0-100",
    "cost": "What penalties cost",
}


def markdown() -> str:
    """Return the manual as it stands in docs/models.md: every kind with its words, by group."""
    entries = manual()
    return "\n".join(
        f"## {heading}\n\n" + "\n".join(_entry(one) for one in entries if one.group == group)
        for group, heading in HEADINGS.items()
    )


def _entry(one: KindManual) -> str:
    words = [f"`{name}`" for name in one.required]
    words += [f"`{name}` (may be left out)" for name in one.optional]
    says = f"Says {', '.join(words)}." if words else "Says nothing more."
    return f"### `{one.kind}`\n\n{one.text}\n\n{says}\n"
