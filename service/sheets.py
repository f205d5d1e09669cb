"""Rows of events read a column at a time: the same rules as `EventDraft`, for thousands at once.

Most rows of a file are alike and in order. Whatever repeats, as keys, types and values do, is read
once by the rules themselves and remembered; ids and times are looked at joined. A row of which any
cell is in doubt is not judged here: it is read with care, alone, and answered as ever.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType
from typing import Annotated, Any, Final, NamedTuple

from pydantic import ConfigDict, TypeAdapter, ValidationError

from service.written import (
    FIRST_YEAR,
    LAST_YEAR,
    Amount,
    Blank,
    Identifier,
    Instant,
    Label,
    Properties,
)
from storage.instants import isoformats

OWNER: Final = "customer"
_STRIPPED: Final = ConfigDict(str_strip_whitespace=True)
# So many different words of one field are remembered; a file with more of them has other troubles.
_MOST: Final = 200_000
_LONGEST_ID: Final = 200


DOUBT: Final = object()  # Stands where a cell needs to be read with care.


@dataclass(frozen=True, slots=True)
class Sheet:
    """Some rows as columns; a cell is text, or as JSON gave it, or "" or None for nothing.

    `item` writes a row out as (customer's key, fields), for reading it with care.
    """

    size: int
    cells: Mapping[str, Sequence[Any]]
    item: Callable[[int], tuple[str, Mapping[str, object]]]


class Plain(NamedTuple):
    """The columns of those rows that need no care; `content` is what a digest is made of."""

    places: Sequence[int]
    keys: Sequence[str]
    ids: Sequence[str]
    kinds: Sequence[str]
    features: Sequence[str | None]
    moments: Sequence[datetime]
    values: Sequence[Decimal]
    users: Sequence[str | None]
    properties: Sequence[dict[str, Any] | None]
    content: Sequence[str]


class Reader:
    """Reads sheets, and remembers words between them."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._keys = _Words(Identifier)
        self._kinds = _Words(Label)
        self._features = _Words(Annotated[Label | None, Blank])
        self._users = _Words(Annotated[Identifier | None, Blank])
        self._values = _Words(Annotated[Amount | None, Blank], str, int, float)
        self._spelled = _Spelled()

    def read(self, sheet: Sheet) -> tuple[Plain, list[int]]:
        """Return what could be read, and the places of the rows that need care."""
        nothing = [None] * sheet.size
        cell = sheet.cells.get
        columns = [
            self._keys.read(cell(OWNER, nothing)),
            _identifiers(cell("id", nothing)),
            self._kinds.read(cell("type", nothing)),
            self._features.read(cell("feature", nothing)),
            _moments(cell("occurred_at", nothing)),
            self._values.read(_numbers(cell("value", nothing))),
            self._users.read(cell("user", nothing)),
            _properties(cell("properties", nothing)),
        ]
        doubtful = sorted({place for column in columns for place in _places(column)})
        places: Sequence[int] = range(sheet.size)
        if doubtful:
            places = sorted(set(places).difference(doubtful))
            columns = [_picked(column, places) for column in columns]
        return self._plain(places, columns), doubtful

    def _plain(self, places: Sequence[int], columns: Sequence[Sequence[Any]]) -> Plain:
        keys, ids, kinds, features, moments, values, users, properties = columns
        spelled = self._spelled
        content = [
            f",{kind},{moment},{feature},{value},{user},{more}]"
            for kind, moment, feature, value, user, more in zip(
                spelled.texts(kinds),
                _instants(moments),
                spelled.texts(features),
                _numerals(values),
                spelled.texts(users),
                ["null" if one is None else _json(one) for one in properties],
                strict=True,
            )
        ]
        return Plain(
            places, keys, ids, kinds, features, [at or self._now for at in moments],
            [_ONE if value is None else value for value in values], users, properties, content,
        )  # fmt: skip


_ONE: Final = Decimal(1)


class _Words(dict[Any, Any]):
    """What each written word means by its rule; DOUBT where the rule refuses it."""

    def __init__(self, rule: Any, *kinds: type) -> None:  # noqa: ANN401 - an annotated type
        super().__init__()
        self._rule: TypeAdapter[Any] = TypeAdapter(rule, config=_STRIPPED)
        self._kinds = kinds or (str,)

    def read(self, cells: Sequence[Any]) -> Sequence[Any]:
        """Return what the cells mean."""
        if len(self) > _MOST:
            self.clear()
        try:
            return [self[cell] for cell in cells]
        except TypeError:  # A list or an object, as JSON may hold.
            return [self[cell] if isinstance(cell, self._kinds) else DOUBT for cell in cells]

    def __missing__(self, cell: Any) -> Any:  # noqa: ANN401 - whatever was written
        self[cell] = meant = self._meant(cell)
        return meant

    def _meant(self, cell: Any) -> Any:  # noqa: ANN401 - as above
        if cell is not None and not isinstance(cell, self._kinds):
            return DOUBT
        try:
            return self._rule.validate_python(cell)
        except ValidationError:
            return DOUBT


class _Spelled(dict[str, str]):
    """Words as JSON spells them, each spelled once."""

    def texts(self, words: Sequence[str | None]) -> list[str]:
        """Spell words, or nothing."""
        if len(self) > _MOST:
            self.clear()
        return ["null" if word is None else self[word] for word in words]

    def __missing__(self, word: str) -> str:
        self[word] = spelled = _json(word)
        return spelled


def _numerals(values: Sequence[Decimal | None]) -> list[str]:
    spelled = {value: "null" if value is None else f'"{value}"' for value in set(values)}
    return [spelled[value] for value in values]


def _instants(moments: Sequence[datetime | None]) -> list[str]:
    if None in moments:
        return ["null" if at is None else f'"{at.isoformat()}"' for at in moments]
    return isoformats([at for at in moments if at is not None], '"')


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _numbers(cells: Sequence[Any]) -> Sequence[Any]:
    """Keep booleans apart from the numbers they equal."""
    if bool in set(map(type, cells)):
        return [DOUBT if isinstance(cell, bool) else cell for cell in cells]
    return cells


def _identifiers(cells: Sequence[Any]) -> Sequence[Any]:
    """Read ids, which hardly ever repeat: all together, or where that fails each by itself."""
    # What is printable holds no control character, no half of a surrogate pair, and no white
    # space but the plain one, about which others think otherwise than Python.
    if set(map(type, cells)) == {str} and "".join(cells).isprintable():
        ids = list(map(str.strip, cells))
        sizes = set(map(len, ids))
        if min(sizes) and max(sizes) <= _LONGEST_ID:
            return ids
    return _Words(Identifier).read(cells)


def _moments(cells: Sequence[Any]) -> Sequence[Any]:
    """Read instants as UTC, None where there is none."""
    if not cells:
        return cells
    try:
        moments = list(map(datetime.fromisoformat, map(str.upper, map(str.strip, cells))))
    except (ValueError, TypeError):
        return [_moment(cell) for cell in cells]
    zones = {moment.tzinfo for moment in moments}
    years = {moment.year for moment in moments}
    if None in zones or min(years) < FIRST_YEAR or max(years) > LAST_YEAR:
        return [_moment(cell) for cell in cells]
    return moments if zones == {UTC} else [moment.astimezone(UTC) for moment in moments]


_INSTANT: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[Instant | None, Blank])


def _moment(cell: Any) -> Any:  # noqa: ANN401 - whatever was written
    if cell is not None and not isinstance(cell, str):
        return DOUBT
    try:
        return _INSTANT.validate_python(cell)
    except ValidationError:
        return DOUBT


_PROPERTIES: Final[TypeAdapter[Any]] = TypeAdapter(
    Annotated[Properties | None, Blank], config=_STRIPPED
)


def _properties(cells: Sequence[Any]) -> Sequence[Any]:
    """Read properties, which most rows have none of."""
    return cells if set(map(type, cells)) == {NoneType} else list(map(_document, cells))


def _document(cell: Any) -> Any:  # noqa: ANN401 - whatever was written
    try:
        return _PROPERTIES.validate_python(cell)
    except ValidationError:
        return DOUBT


def _places(column: Sequence[Any]) -> Iterable[int]:
    """Return where a column is in doubt."""
    if DOUBT not in column:
        return ()
    return [place for place, cell in enumerate(column) if cell is DOUBT]


def _picked(column: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    return [column[place] for place in places]
