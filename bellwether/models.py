"""The models of a house: those that ship, the operator's own, and who is scored by which."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bellwether.errors import (
    BellwetherError,
    NoSuchModel,
    SeveralFaulty,
    TwiceTheModel,
    UnknownPick,
    UnknownRegion,
    Unreadable,
)
from bellwether.settings import Settings
from scoring.errors import ModelInvalid
from scoring.load import parse, shipped, shipped_names, shipped_text
from scoring.model import HealthModel
from scoring.resolver import Resolver, parse_resolver, unknown_picks
from service.holidays import is_region, nearest_region

ENDINGS = (".yaml", ".yml")
SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model at hand, the text it was read from, and its file ("shipped" for ours)."""

    model: HealthModel
    text: str
    where: str


def shelf(settings: Settings) -> tuple[Shelved, ...]:
    """Return every model at hand, by name and version; an operator's name hides the shipped one.

    Raises TwiceTheModel, and what `read_all` raises.
    """
    own = read_all(model_files(settings.models))
    seen: dict[str, str] = {}
    for one in own:
        if (other := seen.setdefault(one.model.identity, one.where)) != one.where:
            raise TwiceTheModel(one.model.identity, other, one.where)
    names = {one.model.name for one in own}
    ours = [Shelved(shipped(n), shipped_text(n), SHIPPED) for n in shipped_names()]
    kept = [one for one in ours if one.model.name not in names]
    return tuple(sorted([*kept, *own], key=lambda one: (one.model.name, one.model.version)))


def read(path: Path) -> Shelved:
    """Read one model file. Raises ModelInvalid, UnknownRegion or Unreadable."""
    text = text_of(path)
    model = parse(text, str(path))
    if model.holidays is not None and not is_region(model.holidays):
        raise UnknownRegion(str(path), model.holidays, nearest_region(model.holidays))
    return Shelved(model, text, str(path))


def read_all(paths: Sequence[Path]) -> list[Shelved]:
    """Read model files to the last, so that all their faults are told at once.

    Raises what `read` raises, or SeveralFaulty when more than one cannot be read.
    """
    found: list[Shelved] = []
    wrong: list[BellwetherError | ModelInvalid] = []
    for path in paths:
        try:
            found.append(read(path))
        except (BellwetherError, ModelInvalid) as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise SeveralFaulty([str(error) for error in wrong])
    return found


def picked(settings: Settings, known: Sequence[Shelved]) -> Shelved:
    """Return the model BELLWETHER_MODEL names: the newest version of a name, or a file.

    Raises NoSuchModel, ModelInvalid or Unreadable.
    """
    found = by_name(known, settings.model)
    if found is not None:
        return found
    path = Path(settings.model)
    if not path.is_file():
        raise NoSuchModel(settings.model, nearest(known, settings.model))
    return read(path)


def by_name(known: Sequence[Shelved], name: str) -> Shelved | None:
    """Return the newest version of a model, or the very one `name@version` names."""
    fitting = [one for one in known if name in {one.model.name, one.model.identity}]
    return max(fitting, key=lambda one: one.model.version, default=None)


def nearest(known: Sequence[Shelved], name: str) -> str | None:
    """Return the name at hand that a misspelt one comes nearest to, or None."""
    near = get_close_matches(name, [one.model.name for one in known], n=1)
    return near[0] if near else None


def resolver_of(settings: Settings, models: Sequence[HealthModel]) -> Resolver | None:
    """Return who is scored by which model, or None where one model scores all.

    Raises ModelInvalid or Unreadable, and UnknownPick for a model that is not at hand.
    """
    if settings.resolver is None:
        return None
    where, text = str(settings.resolver), text_of(settings.resolver)
    resolver = parse_resolver(text, where)
    unknown = unknown_picks(text, resolver, [model.name for model in models])
    if unknown:
        raise UnknownPick(where, unknown)
    return resolver


def model_files(folder: Path | None) -> list[Path]:
    """Return the YAML files of a folder, sorted. Raises Unreadable."""
    if folder is None:
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    except OSError as error:
        raise Unreadable(str(folder), error.strerror or str(error)) from error


def text_of(path: Path) -> str:
    """Return a file's text. Raises Unreadable."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise Unreadable(str(path), str(error)) from error
