"""Rows that hold the same, told apart once: what each different combination comes to, gathered."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring import measures, scales
from scoring.columns.block import Block, Column, Invoices, answer_at
from scoring.columns.cells import ABSENT, Cells, raw_of, written
from scoring.columns.numbers import Aside, Flags, Index, Ints, Ratios, whole
from scoring.columns.worths import POLICIES, STATUSES, Worths, vocabulary
from scoring.errors import ScoringError
from scoring.factors import Assessment, FactorPlan
from scoring.readings import Raw
from scoring.scales import ANYBODY

# What broken data can raise from a calculation.
FAULTS: Final = (ArithmeticError, LookupError, TypeError, ValueError, ScoringError)
NOTHING: Final = Assessment(Fraction(0), "no_data", "exclude", {})
# Raw figures that are the model's, not the customer's.
SETTLED: Final = frozenset({"measure", "days", "windows", "ago", "until"})


def by_distinct(plan: FactorPlan, block: Block, young: Flags, seen: Ints, aside: Aside) -> Worths:
    """Return what an aspect is worth by the definition, asked once a combination of answers.

    Rows whose answers break it are put aside: whoever scores them by themselves sees it break.
    """
    keys = [_codes(block, column) for column in _asked(plan, block)]
    keys += [young, seen, *(_people(block) if plan.personal else ())]
    first, place = combinations(keys)
    judged = [_judged(plan, block, row, young, seen) for row in first.tolist()]
    aside.put(np.array([each is None for each in judged], dtype=np.bool_)[place])
    return _gathered(plan, vocabulary(plan, block), judged, place, aside)


def combinations(keys: Sequence[NDArray[Any]]) -> tuple[Index, Index]:
    """Return the first row of each different combination, and each row's combination."""
    place: Index = np.zeros(len(keys[0]), dtype=np.intp)
    for key in keys:
        if bool((key == key[:1]).all()):
            continue
        codes, many = _told_apart(key)
        place = _told_apart(place * many + codes)[0]
    first = np.full(int(place.max(initial=-1)) + 1, len(place), dtype=np.intp)
    np.minimum.at(first, place, np.arange(len(place)))
    return first, place


def _told_apart(key: NDArray[Any]) -> tuple[Index, int]:
    """Return the place of each value among the different ones, and how many those are."""
    values = np.unique(key)
    return values.searchsorted(key), len(values)


def _asked(plan: FactorPlan, block: Block) -> list[Column]:
    answers = [block.answers[figure] for figure in plan.figures if figure in block.answers]
    return answers if plan.figures else [block.facts.created_on]


def _people(block: Block) -> list[NDArray[Any]]:
    facts = block.facts
    words = [words.codes for words in (facts.segment, facts.plan) if words is not None]
    return words if facts.seats is None else [*words, facts.seats]


def _codes(block: Block, column: Column) -> NDArray[Any]:
    """Return a number for each different answer."""
    if isinstance(column, Invoices):
        days = [*column.due.T, *column.paid.T]
        return combinations(days)[1] if days else np.zeros(block.size, dtype=np.intp)
    if column.dtype != np.object_:
        return column
    places: dict[Any, int] = {}
    try:
        return np.array([places.setdefault(each, len(places)) for each in column], dtype=np.intp)
    except TypeError:  # An answer that is broken, and equal to nothing.
        return np.arange(block.size)


def _judged(
    plan: FactorPlan, block: Block, row: int, young: Flags, seen: Ints
) -> Assessment | None:
    try:
        who = block.facts.who(row) if plan.personal else ANYBODY
        return plan.judged(_found(plan, block, row), who, bool(young[row]), int(seen[row]))
    except FAULTS:
        return None


def _found(plan: FactorPlan, block: Block, row: int) -> tuple[Any, ...]:
    if not plan.figures and measures.asks_for_beginning(plan.measured.measure):
        return (date.fromordinal(int(block.facts.created_on[row])),)
    return tuple(
        answer_at(figure, block.answers[figure], row) if figure in block.answers else figure.nothing
        for figure in plan.figures
    )


def _gathered(
    plan: FactorPlan,
    words: tuple[str, ...],
    judged: Sequence[Assessment | None],
    place: Index,
    aside: Aside,
) -> Worths:
    worths = [each or NOTHING for each in judged]
    large = Aside.of(len(worths))
    value = Ratios.of([each.value for each in worths], large)
    raw = _cells(plan, [each.raw for each in worths], words, large)
    aside.put(large.rows[place])
    return Worths(
        value=value.take(place),
        shown=whole([int(each.shown.scaleb(6)) for each in worths])[place],
        status=np.array([STATUSES.index(each.status) for each in worths], dtype=np.int8)[place],
        policy=np.array([POLICIES.index(each.policy) for each in worths], dtype=np.int8)[place],
        raw={
            name: cells[place] if isinstance(cells, np.ndarray) else cells
            for name, cells in raw.items()
        },
        words=words,
    )


def _cells(
    plan: FactorPlan, raws: Sequence[Mapping[str, Raw]], words: tuple[str, ...], aside: Aside
) -> Cells:
    """Return raw figures as columns of cells; what no cell can hold is put aside."""
    places = {word: place for place, word in enumerate(words)}
    names = dict.fromkeys(name for raw in raws for name in raw)
    cells: dict[str, Raw | Ints] = {}
    for name in names:
        shown = [raw[name] for raw in raws if name in raw]
        if _is_settled(plan, name) and all(each == shown[0] for each in shown):
            cells[name] = shown[0]
        else:
            kept = [written(raw[name], places) if name in raw else ABSENT for raw in raws]
            cells[name] = whole([ABSENT if cell is None else cell for cell in kept])
    same = [
        list(raw_of(cells, words, row).items()) == list(raw.items()) for row, raw in enumerate(raws)
    ]
    aside.put(~np.array(same, dtype=np.bool_))
    return cells


def _is_settled(plan: FactorPlan, name: str) -> bool:
    return name in SETTLED or (name == scales.held_against(plan.scale) and not plan.personal)
