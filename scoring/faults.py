"""pydantic's findings as faults an author can act on: line, found, allowed, nearest word."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scoring.document import Document, Path, place
from scoring.errors import Fault

ALLOWED: Mapping[str, str] = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number under {lt}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_too_short": "some text",
    "string_too_long": "at most {max_length} characters",
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "decimal_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
}
SHAPES = {
    "plain": "a single value",
    "list": "a list",
    "mapping": "a mapping of names to values",
}
LONGEST_QUOTE = 60


def faults(error: ValidationError, document: Document, root: type[BaseModel]) -> tuple[Fault, ...]:
    """Return every finding with its line, in the order of the lines, none twice."""
    found = {
        _fault(details, document, root): None
        for details in error.errors(include_url=False, include_context=True)
        if not _follows(details)
    }
    return tuple(sorted(found, key=lambda fault: fault.line))


def _follows(details: ErrorDetails) -> bool:
    """Tell a list said to be too short only because what stands in it is wrong itself."""
    least = details.get("ctx", {}).get("min_length", 0)
    written = details["input"]
    return details["type"] == "too_short" and isinstance(written, list) and len(written) >= least


def _fault(details: ErrorDetails, document: Document, root: type[BaseModel]) -> Fault:
    loc, context = details["loc"], details.get("ctx", {})
    path = _written(loc, document)
    line = document.line(path)
    match details["type"]:
        case "missing":
            return Fault(line, place(path), f"no '{loc[-1]}'", "it has to be given")
        case "extra_forbidden":
            return misspelt(line, path, loc[-1], sorted(_words_at(root, loc[:-1])))
        case "literal_error":
            words = str(context["expected"]).replace(" or ", ",").split(",")
            return misspelt(line, path, details["input"], words)
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_kind(details, document, path)
        case _:
            return Fault(line, place(path), _quoted(details["input"]), _allowed(details))


def _wrong_kind(details: ErrorDetails, document: Document, path: Path) -> Fault:
    """Say which kinds there are; where members differ by shape, which shapes."""
    context = details["ctx"]
    discriminator = str(context["discriminator"]).strip("'")
    line = document.line(path)
    if details["type"] == "union_tag_not_found":
        return Fault(line, place(path), f"no '{discriminator}'", "it has to be given")
    tags = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
    if discriminator.endswith("()"):
        allowed = ", or ".join(SHAPES[tag] for tag in tags)
        return Fault(line, place(path), _quoted(details["input"]), allowed)
    where = (*path, discriminator)
    return misspelt(document.line(where), where, context["tag"], tags)


def misspelt(line: int, path: Path, found: object, words: Sequence[str]) -> Fault:
    """Return the fault of a word that is none of those allowed there, with the nearest one."""
    known = [word.strip(" '") for word in words]
    near = get_close_matches(str(found).lower(), known, n=1, cutoff=0.6)
    return Fault(line, place(path), _quoted(found), ", ".join(known), near[0] if near else None)


def _allowed(details: ErrorDetails) -> str:
    """Return what would have been right; our own validators say it in their message."""
    if details["type"] == "value_error":
        return details["msg"].removeprefix("Value error, ")
    template = ALLOWED.get(details["type"])
    return template.format(**details.get("ctx", {})) if template else details["msg"]


def _quoted(value: object) -> str:
    match value:
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return f"a list of {len(value)}"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"'{value[:LONGEST_QUOTE]}…'" if len(value) > LONGEST_QUOTE else f"'{value}'"
        case _:
            return str(value)


def _written(loc: Sequence[str | int], document: Document) -> Path:
    """Drop the steps pydantic adds for the members of a union: they stand nowhere in the file."""
    path: Path = ()
    for step in loc:
        if (*path, step) in document.lines:
            path = (*path, step)
    return path


def _words_at(root: type[BaseModel], loc: Sequence[str | int]) -> set[str]:
    """Return the words a mapping at this place may hold."""
    classes = [root]
    for step in loc:
        classes = _inside(classes, step)
    return {field.alias or name for model in classes for name, field in model.model_fields.items()}


def _inside(classes: Sequence[type[BaseModel]], step: str | int) -> list[type[BaseModel]]:
    """Go one step down: into a field, past a list index, or to the member of a union."""
    if isinstance(step, int):
        return list(classes)
    if step in SHAPES:
        return list(classes)
    members = [model for model in classes if step in _tags(model)]
    if members and len(classes) > 1:
        return members  # Of a union a member is named first, also where it is called as a field is.
    fields = [model.model_fields[step] for model in classes if step in model.model_fields]
    return [inner for field in fields for inner in _classes(field.annotation)] or members


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - an annotation is any object
    if isinstance(annotation, type) and get_origin(annotation) is None:
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    inner = (
        get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    )
    for argument in inner:
        yield from _classes(argument)


def _tags(model: type[BaseModel]) -> set[str]:
    kind = model.model_fields.get("kind")
    return {model.__name__, *(get_args(kind.annotation) if kind else ())}
