"""What one aspect is worth for many customers, in columns: `scoring.factors.Assessment`, many."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from scoring.columns.block import Block
from scoring.columns.cells import Cells
from scoring.columns.numbers import Codes, Flags, Ints, Ratios
from scoring.columns.standing import peer_words
from scoring.factors import FactorPlan, PolicyName, Status

STATUSES: Final[tuple[Status, ...]] = ("known", "not_applicable", "no_data", "stale")
POLICIES: Final[tuple[PolicyName | None, ...]] = (None, "exclude", "neutral", "zero", "freeze")
KNOWN, NOT_APPLICABLE, NO_DATA, STALE = range(len(STATUSES))
EXCLUDED: Final = POLICIES.index("exclude")
# What is said of working days, in a factor's vocabulary.
UNIT_WORD: Final = "working days"


@dataclass(frozen=True, slots=True)
class Worths:
    """Columns of assessments: `shown` in millionths, status and policy as places in their lists.

    `raw` are the raw figures, whose words are those of `words`.
    """

    value: Ratios
    shown: Ints
    status: Codes
    policy: Codes
    raw: Cells
    words: tuple[str, ...]

    @property
    def counts(self) -> Flags:
        """Tell which take part in the score."""
        counting: Flags = self.policy != EXCLUDED
        return counting

    @property
    def known(self) -> Flags:
        """Tell which were simply measured."""
        knowing: Flags = self.status == np.int8(KNOWN)
        return knowing


def vocabulary(plan: FactorPlan, block: Block) -> tuple[str, ...]:
    """Return the words a factor's raw figures may hold, in the order `readings` names."""
    measured = plan.measured
    return (measured.noun, measured.one or measured.noun, UNIT_WORD, *peer_words(plan, block))
