"""What happened between two scores is called the same in columns."""

from dataclasses import replace
from itertools import product

import numpy as np

from scoring.columns.compare import KINDS, kinds
from scoring.load import shipped
from scoring.score import Score
from scoring.transition import transition
from tests.scoring.columns.crowds import code_of
from tests.scoring.worlds import World, scored


def test_every_step_between_two_bands_is_called_what_the_definition_calls_it() -> None:
    model = shipped("saas-five-factor")
    now = scored(World())
    names = [*(band.name for band in model.bands), "unknown"]
    befores: list[Score | None] = [None, replace(now, version=9), replace(now, model="other")]
    befores += [replace(now, band=name) for name in [*names, "gone"]]
    steps = list(product(befores, names))

    codes = kinds(
        model,
        np.array([code_of(model, band) for _, band in steps], dtype=np.int8),
        np.array([code_of(model, b.band if b else None) for b, _ in steps], dtype=np.int8),
        np.array([b is not None and b.identity == now.identity for b, _ in steps]),
    )

    assert [KINDS[code] for code in codes] == [
        transition(model, before, replace(now, band=band)).kind for before, band in steps
    ]
