"""Column types that hold the same values, and refuse the same values, on both databases."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Integer, MetaData, Numeric, Text
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

from storage.errors import NaiveTime, UnfitJson, UnfitNumber, UnfitText

# Constraints get names by rule, so that a migration can find them and an error can translate them.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only when the key's type is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
Document = JSON(none_as_null=True)
_STRICT = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def fit_text(value: str) -> str:
    """Return the text as it is, or refuse what PostgreSQL could not hold."""
    if "\x00" in value:
        raise UnfitText("a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise UnfitText("half of a surrogate pair") from None
    return value


def fit_texts(values: Sequence[str]) -> Sequence[str]:
    """Return the texts as they are, or refuse the first that `fit_text` refuses.

    They are looked at joined, which takes a hundredth of the time.
    """
    joined = "".join(values)
    if "\x00" in joined or not _encodable(joined):
        return list(map(fit_text, values))
    return values


def _encodable(joined: str) -> bool:
    if joined.isascii():
        return True
    try:
        joined.encode()
    except UnicodeEncodeError:
        return False
    return True


def dump_json(value: object) -> str:
    """Return strict JSON: no NaN, no infinity, no NUL, no lone surrogate."""
    try:
        text = _STRICT.encode(value)
        text.encode()
    except UnicodeEncodeError:
        raise UnfitJson("it contains half of a surrogate pair") from None
    except (TypeError, ValueError) as error:
        raise UnfitJson(str(error)) from None
    if "\\u0000" in text and _holds_nul(value):
        raise UnfitJson("it contains a NUL character")
    return text


def _holds_nul(value: object) -> bool:
    match value:
        case str():
            return "\x00" in value
        case dict():
            return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
        case list() | tuple():
            return any(_holds_nul(item) for item in value)
        case _:
            return False


class Words(TypeDecorator[str]):
    """Text of any length; NUL and lone surrogates are refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse what one of the databases could not hold."""
        return None if value is None else fit_text(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware instant, kept and returned in UTC; naive times are refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use timestamptz where there is one."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn the time to UTC; SQLite's column has no room for the zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise NaiveTime(value)
        instant = value.astimezone(UTC)
        return instant if dialect.name == "postgresql" else instant.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as above
        """Return the time aware, whatever zone the connection was in."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Day(TypeDecorator[date]):
    """A calendar day; SQLite keeps its ordinal, since an integer key costs a quarter of text."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use a date where there is one."""
        return dialect.type_descriptor(Date() if dialect.name == "postgresql" else Integer())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | int | None:
        """Turn the day into what the database keeps."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.toordinal()

    def process_result_value(self, value: date | int | None, dialect: Dialect) -> date | None:  # noqa: ARG002 - as above
        """Turn what the database keeps into a day."""
        return date.fromordinal(value) if isinstance(value, int) else value


class Exact(TypeDecorator[Decimal]):
    """A decimal with a fixed number of places, exact on both databases.

    PostgreSQL keeps a NUMERIC, SQLite a scaled integer. With `packed` both keep the integer: large
    tables are summed by it, and summing integers is the faster half.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, places: int, digits: int = 18, *, packed: bool = False) -> None:
        super().__init__(digits, places)
        self.places = places
        self.digits = digits
        self.packed = packed

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use NUMERIC where it is exact."""
        if self._scaled(dialect):
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.digits, self.places))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Refuse what does not fit exactly."""
        if value is None:
            return None
        exact = self._fit(Decimal(value))
        return int(exact.scaleb(self.places)) if self._scaled(dialect) else exact

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Return the decimal with all its places."""
        if value is None:
            return None
        return Decimal(value).scaleb(-self.places) if self._scaled(dialect) else Decimal(value)

    def _scaled(self, dialect: Dialect) -> bool:
        return self.packed or dialect.name != "postgresql"

    def _fit(self, value: Decimal) -> Decimal:
        if not value.is_finite():
            raise UnfitNumber("it is not finite")
        if value and value.adjusted() >= self.digits - self.places:
            raise UnfitNumber(f"it has more than {self.digits - self.places} digits")
        exact = value.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_EVEN)
        if exact != value:
            raise UnfitNumber(f"it has more than {self.places} decimal places")
        return exact
