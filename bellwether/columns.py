"""From a stranger's columns to our fields: what is mapped, what is constant, what is ignored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, BaseModel
from pydantic.alias_generators import to_camel

from bellwether.errors import WrongUse
from bellwether.files import Row

OWNER = "customer"
# How files call the customer a row belongs to, when nothing is mapped.
_OWNERS = ("customer", "customerId", "customer_id", "account", "accountId", "account_id")
_TIMES = frozenset({"occurred_at", "opened_at", "closed_at", "answered_at"})
# What a rejects file adds to every row.
INTERNAL = frozenset({"_line", "_reason"})


@dataclass(frozen=True, slots=True)
class Fields:
    """What an item may hold: every spelling of every field, and which fields are needed."""

    spellings: Mapping[str, str]
    needed: frozenset[str]

    def named(self, word: str) -> str:
        """Return the field a person means by `word`. Raises WrongUse with what is allowed."""
        if word in self.spellings:
            return self.spellings[word]
        allowed = sorted({to_camel(field) for field in self.spellings.values()})
        near = get_close_matches(word, self.spellings, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise WrongUse(f"There is no field {word!r}; fields are {', '.join(allowed)}.{hint}")


def fields_of(draft: type[BaseModel], *, owned: bool) -> Fields:
    """Return the fields of a draft; `owned` ones belong to a customer named beside them."""
    spellings: dict[str, str] = {}
    for name, field in draft.model_fields.items():
        alias = field.validation_alias
        words = [str(one) for one in alias.choices] if isinstance(alias, AliasChoices) else []
        spellings.update(dict.fromkeys([name, to_camel(name), *words], name))
    needed = {name for name, field in draft.model_fields.items() if field.is_required()}
    if owned:
        spellings.update(dict.fromkeys(_OWNERS, OWNER))
        needed.add(OWNER)
    return Fields(spellings, frozenset(needed))


class Columns:
    """How a row becomes an item.

    `mapped` is column → fields, as a person asked; fields named there or in `constants` are
    filled by nothing else; `zone` is where naive times were written, None when they are refused.
    """

    def __init__(
        self,
        fields: Fields,
        mapped: Mapping[str, tuple[str, ...]],
        constants: Mapping[str, str],
        zone: ZoneInfo | None,
    ) -> None:
        self._fields = fields
        self._mapped = mapped
        self.constants = constants
        self._zone = zone
        self._taken = {one for named in mapped.values() for one in named} | set(constants)
        self._known: dict[str, tuple[str, ...]] = {}

    def item(self, row: Row) -> dict[str, object]:
        """Return the row in our words; empty cells are left out."""
        item: dict[str, object] = dict(self.constants)
        for column, value in row.items():
            if value not in (None, ""):
                for field in self.reads(column):
                    item[field] = self._value(field, value)
        return item

    def reads(self, column: str) -> tuple[str, ...]:
        """Return the fields a column fills."""
        if column not in self._known:
            own = self._fields.spellings.get(column)
            free = () if own is None or own in self._taken else (own,)
            self._known[column] = self._mapped.get(column, ()) + free
        return self._known[column]

    def layout(self, names: Iterable[str]) -> Mapping[str, str] | None:
        """Return which column fills each field; None where two do, or one and a constant."""
        found: dict[str, str] = {}
        for name in names:
            for field in self.reads(name):
                if field in found or field in self.constants:
                    return None
                found[field] = name
        return found

    def values(self, field: str, cells: Sequence[object]) -> Sequence[object]:
        """Return the cells of a column as its field takes them."""
        if self._zone is None or field not in _TIMES:
            return cells
        return [self._value(field, cell) for cell in cells]

    def ignored(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that nothing reads."""
        return tuple(one for one in columns if one not in INTERNAL and not self.reads(one))

    def check(self, columns: Sequence[str]) -> None:
        """Raise WrongUse when a mapped column is absent or a needed field is filled by none."""
        for column in self._mapped:
            if column not in columns:
                raise WrongUse(
                    f"The file has no column {column!r}; its columns are {', '.join(columns)}."
                )
        filled = {field for column in columns for field in self.reads(column)}
        lacking = sorted(self._fields.needed - filled - self.constants.keys())
        if lacking:
            field = to_camel(lacking[0])
            raise WrongUse(
                f"No column gives the field {field!r}; the file has {', '.join(columns)}. "
                f"Say which one with --map {field}=COLUMN, or the same for all with "
                f"--set {field}=VALUE."
            )

    def _value(self, field: str, value: object) -> object:
        if self._zone is None or field not in _TIMES or not isinstance(value, str):
            return value
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return value  # the draft refuses it, with a better sentence than we have here
        return value if moment.tzinfo else moment.replace(tzinfo=self._zone).isoformat()


def columns(
    fields: Fields, maps: Sequence[str], sets: Sequence[str], zone: ZoneInfo | None
) -> Columns:
    """Read `--map field=column` and `--set field=value`. Raises WrongUse."""
    mapped: dict[str, tuple[str, ...]] = {}
    for word in maps:
        field, column = _pair(word, "--map", "field=column")
        mapped[column] = (*mapped.get(column, ()), fields.named(field))
    constants = dict(_pair(word, "--set", "field=value") for word in sets)
    return Columns(fields, mapped, {fields.named(k): v for k, v in constants.items()}, zone)


def _pair(word: str, option: str, form: str) -> tuple[str, str]:
    left, sign, right = word.partition("=")
    if not (sign and left.strip() and right.strip()):
        raise WrongUse(f"{option} {word!r} is not of the form {form}.")
    return left.strip(), right.strip()
