"""What is different between two models, in sentences for the one who changed a file."""

from collections.abc import Iterator, Mapping
from typing import Any

from scoring.model import HealthModel

# What names a part of a list, so that parts are paired by name and not by their place.
NAMED = "name"


def differences(before: HealthModel, after: HealthModel) -> tuple[str, ...]:
    """Return every difference, such as "factors.logins.weight: 25 becomes 30", in file order."""
    return tuple(_compared("", _plain(before), _plain(after)))


def _plain(model: HealthModel) -> Any:  # noqa: ANN401 - nested data as it stands in a file
    return model.model_dump(mode="json")


def _compared(where: str, before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    if before == after:
        return
    match _keyed(before), _keyed(after):
        case (dict() as was, dict() as now):
            for name in dict.fromkeys([*was, *now]):
                yield from _one(f"{where}.{name}" if where else str(name), name, was, now)
            if list(was) != list(now) and sorted(was) == sorted(now):
                yield f"{where}: another order"
        case _:
            yield f"{where}: {_short(before)} becomes {_short(after)}"


def _one(
    where: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[str]:
    if name not in after:
        yield f"{where}: removed"
    elif name not in before:
        yield f"{where}: added, {_short(after[name])}"
    else:
        yield from _compared(where, before[name], after[name])


def _keyed(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a list of named parts as a mapping by name; all else as it is."""
    if isinstance(value, list) and value and all(_is_named(part) for part in value):
        return {str(part[NAMED]): part for part in value}
    return value


def _is_named(part: object) -> bool:
    return isinstance(part, Mapping) and NAMED in part


def _short(value: Any) -> str:  # noqa: ANN401 - as above
    """Return a value as one would write it in the file, in one line."""
    match value:
        case Mapping():
            inner = ", ".join(f"{k}: {_short(v)}" for k, v in value.items() if v not in (None, []))
            return f"{{{inner}}}"
        case list():
            return f"[{', '.join(_short(one) for one in value)}]"
        case None:
            return "nothing"
        case _:
            return str(value)
