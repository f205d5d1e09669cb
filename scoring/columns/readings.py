"""What was measured, in columns: the same numbers as `scoring.readings`, kind by kind.

A kind that is missing here, and answers that are no whole numbers, are read by the definition,
once for each combination of answers (`distinct`).
"""

from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from scoring import measures as kinds
from scoring.columns.block import COUNTS, MICROS, Block, Column, Invoices
from scoring.columns.calendar import working_days
from scoring.columns.cells import (
    Cells,
    absent_where,
    day_cells,
    none_where,
    number_cells,
    whole_cells,
    word_cells,
)
from scoring.columns.numbers import Aside, Flags, Ints, Ratios
from scoring.factors import FactorPlan
from scoring.figures import EventTotal, Figure

# Where a factor's own words stand in its vocabulary; the names of peers come after them.
NOUN, ONE, UNIT, PEERS = range(4)
UNIT_WORD: Final = "working days"
# Sums of windows of larger numbers might not fit any more.
MOST = 2**50


@dataclass(frozen=True, slots=True)
class Readings:
    """A column of readings: the numbers to be scaled, where there are none, and the raw figures.

    Where a number is missing it stands as 0.
    """

    value: Ratios
    missing: Flags
    raw: Cells


@dataclass(frozen=True, slots=True)
class Amounts:
    """Whole numbers of a `unit`th."""

    many: Ints
    unit: int

    def ratios(self) -> Ratios:
        """Return the numbers themselves, in lowest terms."""
        return Ratios(self.many, np.full(len(self.many), self.unit, dtype=np.int64)).reduced()


def readings(plan: FactorPlan, block: Block, aside: Aside) -> Readings | None:  # noqa: C901, PLR0911 - one branch a kind
    """Return what was measured of a block, or None where the definition has to read it."""
    until = plan.until.toordinal()
    match plan.measured.measure:
        case (
            kinds.Count()
            | kinds.Total()
            | kinds.ActiveDays()
            | kinds.Features()
            | kinds.Tickets() as measure
        ):
            found = amounts(plan.figures[:1], block, aside)
            return _counted(found[0], measure.days, aside) if found else None
        case kinds.Change() as measure:
            found = amounts(plan.figures, block, aside)
            return _change(found, measure.of.days, aside) if found else None
        case kinds.Ratio() as measure:
            found = amounts(plan.figures, block, aside)
            return _ratio(found, measure.part.days, aside) if found else None
        case kinds.DaysSince():
            days = _days(plan.figures, block)
            return _since(days[0], until, "last") if days else None
        case kinds.Recency() as measure:
            return _recency(plan, measure, block, aside)
        case kinds.Tenure() as measure:
            days = _days(plan.figures, block) if measure.events else [block.facts.created_on]
            return _since(days[0], until, "first") if days else None
        case kinds.PaidOnTime():
            invoices = _invoices(plan.figures, block)
            return None if invoices is None else _paid_on_time(invoices)
        case kinds.PaymentDelay() as measure:
            invoices = _invoices(plan.figures, block)
            return None if invoices is None else _delay(invoices, measure.longest, until, aside)
        case kinds.SincePaid():
            invoices = _invoices(plan.figures, block)
            return None if invoices is None else _since_paid(invoices, until)
        case kinds.LatePayments() as measure:
            invoices = _invoices(plan.figures, block)
            first = until - (measure.days - 1)
            return None if invoices is None else _late(invoices, first, measure.days)
        case _:
            return None


def amounts(figures: tuple[Figure[Any], ...], block: Block, aside: Aside) -> list[Amounts] | None:
    """Return the answers to counting figures; None when there are none, or not whole numbers."""
    found = [_amount(figure, block) for figure in figures]
    counted = [each for each in found if each is not None]
    if not counted or len(counted) < len(found):
        return None
    for each in counted:
        aside.put(np.abs(each.many) >= MOST)
    return counted


def column(figure: Figure[Any], block: Block) -> Column:
    """Return a figure's column, with 0 for everybody if nobody has an answer."""
    return block.answers.get(figure, np.zeros(block.size, dtype=np.int64))


def _amount(figure: Figure[Any], block: Block) -> Amounts | None:
    found = column(figure, block)
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iu":
        return None
    many = found.astype(np.int64)
    if isinstance(figure, EventTotal):
        return _shortened(many)
    return Amounts(many, 1) if isinstance(figure, COUNTS) else None


def _shortened(micros: Ints) -> Amounts:
    """Return whole totals as such: most events have no value and count as one."""
    if bool((micros % MICROS == 0).all()):
        return Amounts(micros // MICROS, 1)
    return Amounts(micros, MICROS)


def _days(figures: tuple[Figure[Any], ...], block: Block) -> list[NDArray[Any]] | None:
    found = [column(figure, block) for figure in figures]
    days = [each for each in found if isinstance(each, np.ndarray) and each.dtype.kind in "iu"]
    return [each.astype(np.int64) for each in days] if days and len(days) == len(found) else None


def _invoices(figures: tuple[Figure[Any], ...], block: Block) -> Invoices | None:
    nobody = np.zeros((block.size, 0), dtype=np.int32)
    found = block.answers.get(figures[0], Invoices(nobody, nobody))
    return found if isinstance(found, Invoices) else None


def _counted(count: Amounts, days: int, aside: Aside) -> Readings:
    value = count.ratios()
    nothing = np.zeros(len(count.many), dtype=np.bool_)
    return Readings(value, nothing, {"count": number_cells(value, aside), "days": days})


def _change(found: list[Amounts], days: int, aside: Aside) -> Readings:
    found = _of_one_unit(found, aside)
    now, earlier = found[0], found[1:]
    windows = len(earlier)
    together = cast("Ints", sum(each.many for each in earlier))
    before = Amounts(together, earlier[0].unit * windows).ratios()
    raw: dict[str, Any] = {
        "count": number_cells(now.ratios(), aside),
        "before": number_cells(before, aside),
        "days": days,
        "windows": windows,
    }
    there, risen = together > 0, now.many > 0
    over = np.where(there, now.many * windows - together, risen)
    value = Ratios(over.astype(np.int64), np.where(there, together, 1)).reduced()
    return Readings(value, ~there & ~risen, raw)


def _ratio(found: list[Amounts], days: int, aside: Aside) -> Readings:
    part, whole = found
    raw: dict[str, Any] = {
        "count": number_cells(part.ratios(), aside),
        "whole": number_cells(whole.ratios(), aside),
        "days": days,
    }
    part, whole = _of_one_unit(found, aside)
    there = whole.many > 0
    value = Ratios(np.where(there, part.many, 0), np.where(there, whole.many, 1)).reduced()
    return Readings(value, ~there, raw)


def _of_one_unit(found: list[Amounts], aside: Aside) -> list[Amounts]:
    """Bring totals that could be shortened and others that could not to one unit."""
    unit = max(each.unit for each in found)
    return [
        each if each.unit == unit else Amounts(aside.times(each.many, unit // each.unit), unit)
        for each in found
    ]


def _since(days: NDArray[Any], until: int, name: str) -> Readings:
    missing = days == 0
    count = np.where(missing, 0, until - days).astype(np.int64)
    raw = {"count": none_where(missing, whole_cells(count)), name: day_cells(days)}
    return Readings(Ratios(count, np.ones_like(count)), missing, raw)


def _recency(
    plan: FactorPlan, measure: kinds.Recency, block: Block, aside: Aside
) -> Readings | None:
    found = _days(plan.figures, block)
    if found is None:
        return None
    last, first, active = found
    until, days = plan.until.toordinal(), measure.days
    missing = (last == 0) | (first == 0)
    begin = np.maximum(first, until - (days - 1))
    silent, span = until - last, until - begin + 1
    if measure.working_days:
        end = np.full_like(last, until)
        silent = working_days(plan.calendar, last + 1, end)
        span = np.maximum(1, working_days(plan.calendar, begin, end))
    silent, span = np.where(missing, 0, silent), np.where(missing, 1, span)
    aside.put(span < 1)
    often, span = np.maximum(1, active), np.maximum(1, span)
    gap = number_cells(Ratios(span, often).reduced(), aside)
    raw: dict[str, Any] = {
        "count": none_where(missing, whole_cells(silent)),
        "last": none_where(missing, day_cells(last)),
        "gap": none_where(missing, gap),
        "days": days,
    }
    if measure.working_days:
        raw["unit"] = absent_where(missing, word_cells(np.full_like(silent, UNIT)))
    return Readings(Ratios(aside.times(silent, often), span).reduced(), missing, raw)


def _paid_on_time(invoices: Invoices) -> Readings:
    count = (invoices.due > 0).sum(axis=1, dtype=np.int64)
    on_time = count - _are_late(invoices).sum(axis=1, dtype=np.int64)
    raw = {"on_time": whole_cells(on_time), "count": whole_cells(count)}
    return Readings(Ratios(on_time, np.maximum(count, 1)).reduced(), count == 0, raw)


def _delay(invoices: Invoices, longest: int, until: int, aside: Aside) -> Readings:
    count = (invoices.due > 0).sum(axis=1, dtype=np.int64)
    settled = np.minimum(np.where(invoices.paid > 0, invoices.paid, until), until)
    late = np.where(invoices.due > 0, np.clip(settled - invoices.due, 0, longest), 0)
    mean = Ratios(late.sum(axis=1, dtype=np.int64), np.maximum(count, 1)).reduced()
    missing = count == 0
    raw = {"delay": none_where(missing, number_cells(mean, aside)), "count": whole_cells(count)}
    return Readings(mean, missing, raw)


def _since_paid(invoices: Invoices, until: int) -> Readings:
    there = invoices.due > 0
    paid = np.where(there & (invoices.paid <= until), invoices.paid, 0)
    last = paid.max(axis=1, initial=0).astype(np.int64)
    first = np.where(there, invoices.due, until).min(axis=1, initial=until)
    missing: Flags = np.logical_not(np.logical_or.reduce(there, axis=1))
    count = np.where(missing, 0, until - np.where(last > 0, last, first)).astype(np.int64)
    raw = {"count": none_where(missing, whole_cells(count)), "last": day_cells(last)}
    return Readings(Ratios(count, np.ones_like(count)), missing, raw)


def _late(invoices: Invoices, first: int, days: int) -> Readings:
    late = (_are_late(invoices) & (invoices.due >= first)).sum(axis=1, dtype=np.int64)
    missing: Flags = np.logical_not(np.logical_or.reduce(invoices.due > 0, axis=1))
    raw: dict[str, Any] = {"count": none_where(missing, whole_cells(late)), "days": days}
    return Readings(Ratios(late, np.ones_like(late)), missing, raw)


def _are_late(invoices: Invoices) -> Flags:
    """Judge every invoice; where there is none it is not late."""
    unpaid = (invoices.paid == 0) | (invoices.paid > invoices.due)
    late: Flags = (invoices.due > 0) & unpaid
    return late
