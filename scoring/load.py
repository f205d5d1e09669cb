"""A model file's text as a model, or everything that is wrong with it at once."""

from functools import cache
from importlib import resources

from pydantic import ValidationError

from scoring.document import read
from scoring.errors import ModelInvalid, UnknownModel
from scoring.faults import faults
from scoring.model import HealthModel

DEFAULT = "saas-five-factor"


def parse(text: str, where: str) -> HealthModel:
    """Return the model the YAML text describes; `where` names the file in errors.

    Raises `ModelInvalid` with every fault of the file, each with its line.
    """
    document = read(text)
    if document.faults:
        raise ModelInvalid(where, document.faults)
    try:
        return HealthModel.model_validate(document.data)
    except ValidationError as error:
        raise ModelInvalid(where, faults(error, document, HealthModel)) from None


def shipped_names() -> tuple[str, ...]:
    """Return the names of the models that come with Bellwether."""
    files = resources.files("scoring").joinpath("models").iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if _is_model(file.name)))


@cache
def shipped(name: str = DEFAULT) -> HealthModel:
    """Return a model that comes with Bellwether; raises `UnknownModel` for any other name."""
    if name not in shipped_names():
        raise UnknownModel(name, shipped_names())
    return parse(shipped_text(name), f"scoring/models/{name}.yaml")


def shipped_text(name: str) -> str:
    """Return the file of a model that comes with Bellwether, as it was written."""
    return resources.files("scoring").joinpath("models", f"{name}.yaml").read_text("utf-8")


def _is_model(name: str) -> bool:
    return name.endswith(".yaml")
