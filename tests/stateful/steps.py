"""How long the machines run: a few hundred steps in `make test`, 100,000 in `make chaos`.

A few hundred steps are the same every time, so that they never fail by chance; the long run draws
anew and prints how to repeat what it found.
"""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

# Set by `make chaos`: how many steps all machines take together, on both databases.
WANTED: Final = int(os.environ.get("CHAOS_STEPS") or 0)
STEPS: Final = 40


def wanted(few: int, share: float) -> settings:
    """Return the settings for so few examples, or for this share of the steps asked for."""
    return settings(
        max_examples=max(1, round(share * WANTED / STEPS)) if WANTED else few,
        stateful_step_count=STEPS,
        derandomize=not WANTED,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
