"""What all parts of a model file share: frozen, nothing unknown accepted, numbers kept exact."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    WithJsonSchema,
)


class Written(BaseModel):
    """Something a person wrote: frozen, and a word it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


FEED: Final = re.compile(r"events(?::.+)?|features|tickets|invoices|surveys:.+")
REGION: Final = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


def shape(value: object) -> str:
    """Tell what was written, where a place may hold several: the choice is by shape alone."""
    if isinstance(value, Mapping | BaseModel):
        return "mapping"
    return "list" if isinstance(value, list | tuple) else "plain"


def _plain(value: object) -> object:
    """Refuse what only looks like a number: text, and true or false, which Python counts."""
    if isinstance(value, bool | str | float):
        raise ValueError("a number without quotes")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("lower-case words joined by - or _, beginning with a letter")
    return value


def _feed(value: str) -> str:
    if not FEED.fullmatch(value):
        raise ValueError("events, events:<kind>, features, tickets, invoices or surveys:<name>")
    return value


def _region(value: str) -> str:
    if not REGION.fullmatch(value):
        raise ValueError("a country such as DE, or a part of one such as DE-BY")
    return value


# Says of a union that its members differ by shape; each is tagged with the shape it takes.
BY_SHAPE: Final = Discriminator(shape)

Number = Annotated[Decimal, BeforeValidator(_plain), WithJsonSchema({"type": "number"})]
Whole = Annotated[int, BeforeValidator(_plain)]
Positive = Annotated[Number, Field(gt=0, le=10**9)]
Score = Annotated[Number, Field(ge=0, le=100)]
# Ten years: no window a person means is longer, and a typing slip is.
Days = Annotated[Whole, Field(ge=1, le=3660)]
Name = Annotated[str, Field(max_length=60), AfterValidator(_name)]
Feed = Annotated[str, Field(max_length=220), AfterValidator(_feed)]
Title = Annotated[str, Field(min_length=1, max_length=120)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], Field(min_length=1, max_length=100)]
Region = Annotated[str, AfterValidator(_region)]
