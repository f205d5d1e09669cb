"""YAML text as plain data that still knows its lines. Numbers stay exact, nothing is executed.

Only what a person needs to write is read: mappings, lists, text, whole and decimal numbers, true
and false. Anchors are refused (a few lines of them can swell to gigabytes), so are duplicate
keys (the last would win silently) and nesting no file has.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import yaml

from scoring.errors import Fault

Data = dict[str, "Data"] | list["Data"] | str | int | Decimal | bool | None
Path = tuple[str | int, ...]

LARGEST_TEXT: Final = 256_000
DEEPEST_NESTING: Final = 20
WHOLE: Final = re.compile(r"[-+]?[0-9]{1,30}")
DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]{1,30}")
WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None}


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, the line of every place in it, and what kept it from being read."""

    data: Data
    lines: dict[Path, int]
    faults: tuple[Fault, ...] = ()

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of a place, or of the nearest place around it that is written."""
        steps = tuple(path)
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)


def read(text: str) -> Document:
    """Read one YAML document; what cannot be read is in `faults`, and then `data` is partial."""
    if len(text) > LARGEST_TEXT:
        found = f"{len(text):,} characters"
        return _unreadable(Fault(1, "", found, f"at most {LARGEST_TEXT:,} characters"))
    try:
        refused = _refused(text)
        if refused:
            return _unreadable(refused)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return _unreadable(_syntax(error))
    if node is None:
        return _unreadable(Fault(1, "", "an empty file", "a mapping of names to values"))
    reader = _Reader()
    data = reader.value(node, ())
    return Document(data, reader.lines, tuple(reader.faults))


class _Reader:
    """Walks the nodes once, keeping the line of each place and the keys that stand twice."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, path: Path) -> Data:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Data]:
        data: dict[str, Data] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in data:
                found = f"'{key}' a second time"
                self.faults.append(Fault(line, place(path), found, "each word once"))
            self.lines[(*path, key)] = line
            data[key] = self.value(value_node, (*path, key))
        return data


def place(path: Sequence[str | int]) -> str:
    """Return a path as people write it: factors[1].measure.kind."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".")


def _scalar(node: yaml.Node) -> Data:
    """Read a scalar; whatever is quoted is text, and so is what only YAML 1.1 takes for more."""
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text
    if WHOLE.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text):
        return Decimal(text)
    return WORDS.get(text, text) if text else None


def _refused(text: str) -> Fault | None:
    """Look at the parse events, which costs no recursion, before anything is built."""
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "anchor", None) is not None:
            return Fault(line, "", "an anchor or alias", "the values written out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST_NESTING:
            found = f"more than {DEEPEST_NESTING} levels of nesting"
            return Fault(line, "", found, f"at most {DEEPEST_NESTING}")
        if documents > 1:
            return Fault(line, "", "a second document after '---'", "one document a file")
    return None


def _syntax(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Fault(mark.line + 1 if mark else 1, "", f"no YAML ({problem})", "well-formed YAML")


def _unreadable(fault: Fault) -> Document:
    return Document(None, {}, (fault,))
