"""Resamples of customers, the same for the same seed, on every machine.

No generator of the platform is used: the bits are the SHAKE-128 stream of the seed and the number
of the resample, read as 32-bit words, little end first. A word modulo the number of customers is
the customer drawn; the bias that brings is below one in 40,000 with 100,000 customers.
"""

import hashlib
from collections.abc import Iterator

import numpy as np

# A customer drawn this often in one resample would not fit a byte; by chance nobody ever is.
MOST_OFTEN = 255


def resamples(size: int, times: int, seed: int) -> Iterator[bytes]:
    """Yield `times` resamples of `size` customers: how often each was drawn, by its place."""
    for number in range(times):
        stream = hashlib.shake_128(f"bellwether/{seed}/{number}".encode()).digest(4 * size)
        drawn = np.frombuffer(stream, dtype="<u4") % size if size else np.zeros(0, dtype=np.int64)
        counts = np.bincount(drawn.astype(np.int64), minlength=size)
        yield np.minimum(counts, MOST_OFTEN).astype(np.uint8).tobytes()
