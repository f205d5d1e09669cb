"""Python's sweep for garbage in cycles, kept out of the way of work that leaves hardly any."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Objects made between two sweeps; Python's own number sweeps a dozen times a batch.
SELDOM: Final = 100_000


@contextmanager
def seldom_swept() -> Iterator[None]:
    """Sweep seldom within the block: to look through all that a batch makes costs a twentieth."""
    before = gc.get_threshold()
    gc.set_threshold(max(SELDOM, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
