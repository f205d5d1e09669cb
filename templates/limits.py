"""What one rendering may cost: a budget of steps and characters, spent as the template runs.

Jinja's sandbox guards attributes, not effort: `'a' * 10**10` or a loop in a loop in a loop would
take the process with it. So every pass of a loop, every call and every text a template makes is
paid for here, before it is made.
"""
# ruff: noqa: N818  # As in errors.py.

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Our longest mail takes about 300 steps and 20,000 characters.
STEPS = 50_000
CHARACTERS = 1_000_000
SECONDS = 2.0


class LimitMet(Exception):
    """A template asked for more than a message can be worth."""

    def __init__(self, what: str) -> None:
        super().__init__(f"it {what}")


class Budget:
    """The steps, characters and seconds that are left to one rendering."""

    __slots__ = ("_characters", "_deadline", "_steps")

    def __init__(self) -> None:
        self._steps = STEPS
        self._characters = CHARACTERS
        self._deadline = time.monotonic() + SECONDS

    def step(self) -> None:
        """Pay for one pass of a loop or one call."""
        self._steps -= 1
        if self._steps < 0:
            raise LimitMet(f"takes more than {STEPS:,} steps")
        if time.monotonic() > self._deadline:
            raise LimitMet(f"takes longer than {SECONDS:g} seconds")

    def write(self, characters: int) -> None:
        """Pay for a text of so many characters, before it is made."""
        self._characters -= characters
        if self._characters < 0:
            raise LimitMet(f"makes more than {CHARACTERS:,} characters of text")


_current: ContextVar[Budget] = ContextVar("budget")


@contextmanager
def metered() -> Iterator[None]:
    """Render within: everything a template does inside is paid from one new budget."""
    token = _current.set(Budget())
    try:
        yield
    finally:
        _current.reset(token)


def budget() -> Budget:
    """Answer the budget of the rendering that is going on."""
    return _current.get()
