"""What strangers write: the field types every draft is made of, and how refusals are worded."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from service.errors import DraftInvalid, Problem

# Before this no customer of ours was active; a clock at 1970 is a clock that was never set.
FIRST_YEAR: Final = 1971
LAST_YEAR: Final = 2199
# Numbers beyond this are mistakes (a timestamp in a value field), and would not fit the column.
LARGEST: Final = Decimal(10) ** 12
SMALLEST_STEP: Final = Decimal("0.000001")
# Properties are kept for reading, never for scoring; a page of JSON is plenty.
PROPERTIES_BYTES: Final = 16_384
PROPERTIES_DEPTH: Final = 8
# What PostgreSQL's bigint and every JSON reader can hold.
LARGEST_INTEGER: Final = 2**63
# What an integer column holds.
LARGEST_COUNT: Final = 2**31 - 1
# A longer question is a pasted page, not a name.
LONGEST_QUESTION: Final = 500
SHOWN: Final = 60


def refuse(code: str, sentence: str) -> PydanticCustomError:
    """Build a refusal; braces would be read as placeholders, so the sentence must hold none."""
    return PydanticCustomError(code, sentence)


def clean(text: str) -> str:
    """Answer `text`, or refuse what a database or JSON reader would choke on (rule 21)."""
    if "\0" in text:
        raise refuse("nul", "text must not contain the NUL character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise refuse(
                "surrogate", "text must be valid Unicode, without lone surrogates"
            ) from None
    return text


def _single_line(text: str) -> str:
    """Refuse control characters in what travels in addresses, headers and log lines."""
    if not text.isprintable() and any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text):  # noqa: PLR2004 - the C0 and C1 ranges of Unicode
        raise refuse("control", "must not contain control characters")
    return text


def _blank_is_nothing(value: object) -> object:
    """Read an empty cell as an absent one: CSV has no other way to say so."""
    return None if isinstance(value, str) and not value.strip() else value


def _number_is_text(value: object) -> object:
    """Read an id written as a JSON number as its digits; `true` is no id."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_INTEGER:
        return str(value)
    return value


def _no_boolean(value: object) -> object:
    """Refuse `true` as a number: Python would read it as 1."""
    if isinstance(value, bool):
        raise refuse("boolean", "must be a number, not a boolean")
    return value


def _bounded(number: Decimal) -> Decimal:
    """Answer `number` to six decimals, or refuse what no column could hold."""
    if abs(number) >= LARGEST:
        raise refuse("too_large", "must be smaller than 1,000,000,000,000")
    return number.quantize(SMALLEST_STEP).normalize() + 0


def _cents(number: Decimal) -> Decimal:
    """Round to what a column of money holds."""
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _not_negative(number: Decimal) -> Decimal:
    if number < 0:
        raise refuse("negative", "must be 0 or more")
    return number


def _parsed(value: object) -> object:
    """Read ISO 8601. A bare number is refused: nobody can know its unit or epoch."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.strip().upper())
    except ValueError:
        raise refuse("time", "must be an ISO 8601 time such as 2026-05-01T12:00:00Z") from None


def _in_range(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refuse("year", f"the year must be between {FIRST_YEAR} and {LAST_YEAR}")


def _zone(info: ValidationInfo) -> tzinfo | None:
    zone = info.context.get("zone") if isinstance(info.context, dict) else None
    return zone if isinstance(zone, tzinfo) else None


def _instant(value: object, info: ValidationInfo) -> object:
    """Read an instant as aware UTC; a naive one only where the context names its zone."""
    moment = _parsed(value)
    if not isinstance(moment, datetime):
        raise refuse("time", "must be an ISO 8601 time such as 2026-05-01T12:00:00Z")
    _in_range(moment.year)
    if moment.tzinfo is None:
        zone = _zone(info)
        if zone is None:
            raise refuse("naive", "needs an offset from UTC, such as 2026-05-01T12:00:00Z")
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _day(value: object) -> object:
    """Read a calendar day; of a time with an offset, the day in UTC."""
    moment = _parsed(value)
    if isinstance(moment, datetime):
        _in_range(moment.year)
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
    if not isinstance(moment, date):
        raise refuse("day", "must be a day such as 2026-05-01")
    _in_range(moment.year)
    return moment


def _walk(value: object, depth: int) -> None:
    """Refuse whatever two databases would store differently, anywhere inside."""
    if depth > PROPERTIES_DEPTH:
        raise refuse("depth", f"must not nest deeper than {PROPERTIES_DEPTH} levels")
    match value:
        case str():
            clean(value)
        case Mapping():
            for key, inner in value.items():
                _walk(key, depth + 1)
                _walk(inner, depth + 1)
        case list() | tuple():
            for inner in value:
                _walk(inner, depth + 1)
        case float() if value - value != 0:
            raise refuse("not_finite", "numbers must be finite (no NaN, no infinity)")
        case int() if abs(value) >= LARGEST_INTEGER:
            raise refuse("too_large", "whole numbers must fit 64 bits")
        case None | bool() | int() | float():
            pass
        case _:
            raise refuse("json", "must hold JSON values only")


def _properties(value: dict[str, object]) -> dict[str, object]:
    """Answer `value` when it is small, shallow, finite JSON."""
    _walk(value, 0)
    if len(json.dumps(value, ensure_ascii=False).encode()) > PROPERTIES_BYTES:
        raise refuse("size", f"must not exceed {PROPERTIES_BYTES} bytes of JSON")
    return value


Clean = AfterValidator(clean)
Line = AfterValidator(_single_line)
Blank = BeforeValidator(_blank_is_nothing)

Text = Annotated[str, Field(min_length=1, max_length=10_000), Clean]
Name = Annotated[str, Field(min_length=1, max_length=500), Clean]
Label = Annotated[str, Field(min_length=1, max_length=100), Clean, Line]
Identifier = Annotated[
    str, BeforeValidator(_number_is_text), Field(min_length=1, max_length=200), Clean, Line
]
Amount = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    AfterValidator(_bounded),
    AfterValidator(_not_negative),
]
Money = Annotated[Amount, AfterValidator(_cents)]
Count = Annotated[int, BeforeValidator(_no_boolean), Field(ge=0, le=LARGEST_COUNT)]
Rating = Annotated[int, BeforeValidator(_no_boolean), Field(ge=1, le=5)]
Currency = Annotated[str, AfterValidator(str.upper), Field(pattern=r"^[A-Za-z]{3}$")]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
Properties = Annotated[dict[str, object], AfterValidator(_properties)]


class Draft(BaseModel):
    """What a person or a machine wrote, in camelCase or snake_case; unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


D = TypeVar("D", bound=Draft)


def read(kind: type[D], body: object, what: str, *, zone: tzinfo | None = None) -> D:
    """Answer `body` as a draft of `kind`, or raise DraftInvalid naming every broken field.

    `zone` is where naive times were written; None refuses them, as machines must say.
    """
    try:
        return kind.model_validate(body, context={"zone": zone})
    except ValidationError as error:
        raise DraftInvalid(what, problems(error, kind)) from None


_KEY: Final = TypeAdapter(Identifier, config=ConfigDict(str_strip_whitespace=True))


def clean_key(key: object) -> str:
    """Answer a customer's key as written by a stranger, or raise DraftInvalid."""
    try:
        return _KEY.validate_python(key)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        problem = Problem("customer", shown(detail["input"]), detail["msg"])
        raise DraftInvalid("customer key", (problem,)) from None


def askable(words: str) -> str:
    """Drop what no name can hold: a question is answered, not refused."""
    return words.replace("\0", "").encode(errors="ignore").decode().strip()[:LONGEST_QUESTION]


def problems(error: ValidationError, kind: type[BaseModel]) -> tuple[Problem, ...]:
    """Answer what is wrong, field by field, in words for whoever wrote it."""
    known = ", ".join(field.alias or name for name, field in kind.model_fields.items())
    return tuple(_problem(detail, known) for detail in error.errors(include_url=False))


def _problem(detail: ErrorDetails, known: str) -> Problem:
    field = _encodable(".".join(str(part) for part in detail["loc"])) or "(the whole item)"
    match detail["type"]:
        case "missing":
            return Problem(field, "nothing", "this field is needed")
        case "extra_forbidden":
            return Problem(field, "an unknown field", f"known fields are {known}")
        case _:
            return Problem(field, shown(detail["input"]), detail["msg"])


def _encodable(name: str) -> str:
    """Answer a stranger's name of a field so that every answer and log can carry it."""
    return name[: 2 * SHOWN].encode(errors="backslashreplace").decode()


def shown(value: object) -> str:
    """Answer a short, printable form of what was found; containers only by their nature."""
    if isinstance(value, str):
        return repr(value[:SHOWN]) + ("…" if len(value) > SHOWN else "")
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
        return "a very large number"
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)[:SHOWN]


def printable(key: object) -> str:
    """Answer a refused key so that it can be shown in a report."""
    fits = isinstance(key, str) and key.isprintable() and len(key) <= SHOWN
    return str(key) if fits else shown(key)
