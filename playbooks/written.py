"""What all the words of a playbook have in common: read strictly, never changed."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Written(BaseModel):
    """Something a person wrote: unknown words are refused, known ones are kept as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def as_several(value: object) -> object:
    """Take one text or number where a list of them may stand."""
    return (value,) if isinstance(value, str | int) else value


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
"""A name in a playbook: lower case, digits, dashes, underscores."""

Several = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
    BeforeValidator(as_several, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
"""One text, or a list of them; at least one."""
