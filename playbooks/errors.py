"""What can be wrong with a playbook, said so that its author can mend it.

PlaybookError
└── PlaybookInvalid   one file, every fault in it
"""

from collections.abc import Sequence

from scoring.errors import Fault


class PlaybookError(Exception):
    """The root of what this package raises."""


class PlaybookInvalid(PlaybookError):  # noqa: N818 - it reads as the sentence it says
    """A playbook file does not say something the engine can do; all its faults are listed."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{file}: {fault}" for fault in self.faults))
