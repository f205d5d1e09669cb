"""How long the machines run: a few hundred steps in `make test`, 100,000 in `make chaos`.

A few hundred steps are the same every time, so that they never fail by chance; the long run draws
anew and prints how to repeat what it found.
"""

import os
import sys
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

# Set by `make chaos`: how many steps all machines take together, on both databases.
WANTED: Final = int(os.environ.get("CHAOS_STEPS") or 0)
STEPS: Final = 40


class Counted(RuleBasedStateMachine):
    """A machine whose class knows how many steps all its examples took."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        # The invariants are looked at before the first step as well.
        type(self).steps -= 1

    @invariant()
    def one_more_step(self) -> None:
        type(self).steps += 1


def take(machine: type[Counted], *, few: int, share: float) -> int:
    """Run so few examples, or until this share of the steps asked for is taken; return how many.

    Hypothesis draws some examples shorter than they may be. `pytest -rP` shows the number.
    """
    wanted = round(share * WANTED)
    run_state_machine_as_test(machine, settings=_settings(few, wanted))
    while machine.steps < wanted:
        run_state_machine_as_test(machine, settings=_settings(few, wanted - machine.steps))
    sys.stdout.write(f"{machine.steps:,} steps\n")
    return machine.steps


def _settings(few: int, wanted: int) -> settings:
    return settings(
        max_examples=max(1, round(wanted / STEPS)) if WANTED else few,
        stateful_step_count=STEPS,
        derandomize=not WANTED,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
