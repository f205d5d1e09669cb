"""What can be wrong with a model, told so that its author can mend it.

ScoringError
├── ModelInvalid    a model file says something a model cannot say; holds every fault found
└── UnknownModel    no model of this name ships with Bellwether
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file: where, what was found, what is allowed, and the nearest word.

    `line` counts from 1; `where` is the place in words, such as "factors[1].measure.kind".
    """

    line: int
    where: str
    found: str
    allowed: str
    nearest: str | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: {self.where}: " if self.where else f"line {self.line}: "
        hint = f" (did you mean '{self.nearest}'?)" if self.nearest else ""
        return f"{place}found {self.found}, allowed: {self.allowed}{hint}"


class ScoringError(Exception):
    """Anything `scoring` refuses."""


class ModelInvalid(ScoringError):  # noqa: N818 - it reads as the sentence it says
    """A model file has faults; all of them are listed, in the order of their lines."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        lines = "\n".join(f"{file}: {fault}" for fault in self.faults)
        super().__init__(lines)


class UnknownModel(ScoringError):  # noqa: N818 - as ModelInvalid
    """No model of this name ships."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"No health model '{name}' ships; there are: {', '.join(known)}.")


class NoModel(ScoringError):  # noqa: N818 - as ModelInvalid
    """No model is valid on a day, not even the resolver's default."""

    def __init__(self, name: str, day: date) -> None:
        self.name = name
        self.day = day
        super().__init__(f"No version of the default model '{name}' is valid on {day}.")
