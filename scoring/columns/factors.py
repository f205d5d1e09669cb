"""One measured aspect of many customers: what was found, what is known of it, what it is worth.

The columns' `scoring.factors`: the same cases in the same order.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from scoring import measures, scales
from scoring.columns.block import Block
from scoring.columns.cells import KINDS, Cells, none_where, number_cells, word_cells
from scoring.columns.distinct import by_distinct
from scoring.columns.numbers import Aside, Codes, Flags, Ints, Ratios
from scoring.columns.readings import NOUN, ONE, Readings, readings
from scoring.columns.scales import targets, worths
from scoring.columns.standing import against_usual, among_peers
from scoring.columns.worths import (
    KNOWN,
    NO_DATA,
    NOT_APPLICABLE,
    POLICIES,
    STALE,
    STATUSES,
    Worths,
    vocabulary,
)
from scoring.factors import FactorPlan, policy_for, step_of
from scoring.model import Neutral, Policy, StalePolicy
from scoring.readings import number
from scoring.scales import AmongPeers, OwnRhythm

MILLION = 10**6


def assess(plan: FactorPlan, block: Block, aside: Aside) -> Worths:
    """Return what the aspect is worth for every customer of a block."""
    young, seen = are_young(plan, block), _seen(plan, block)
    try:
        found = _assessed(plan, block, young, seen, aside)
    except OverflowError:  # A figure of the model's that fits no column.
        found = None
    return found or by_distinct(plan, block, young, seen, aside)


def _assessed(
    plan: FactorPlan, block: Block, young: Flags, seen: Ints, aside: Aside
) -> Worths | None:
    """Return what the aspect is worth, or None where the definition has to say."""
    read = readings(plan, block, aside)
    placed = None if read is None else _placed(plan, read, block, seen, aside)
    if read is None or placed is None:
        return None
    figure, nobodys = targets(plan.scale, block.facts, aside)
    without = nobodys | (placed.missing & ~read.missing)
    status = _status(plan, read, without, young)
    scaled = worths(plan.scale, placed.value, figure, plan.full, aside)
    value = scaled.where(~placed.missing & ~without, _unmeasured(plan, read))
    value, policy = _by_policy(plan, status, value)
    return Worths(
        value=value,
        shown=value.half_up(MILLION, aside),
        status=status,
        policy=policy,
        raw=_shown(plan, placed, figure, nobodys, aside),
        words=vocabulary(plan, block),
    )


def are_young(plan: FactorPlan, block: Block) -> Flags:
    """Tell who has not been there for as long as the aspect needs."""
    if plan.fed_since is None:
        return np.ones(block.size, dtype=np.bool_)
    young: Flags = _days_seen(plan, block) < plan.measured.minimum_age
    return young


def _seen(plan: FactorPlan, block: Block) -> Ints:
    """Return in how many of the windows before each was there from beginning to end."""
    if plan.fed_since is None or not isinstance(plan.scale, OwnRhythm):
        return np.zeros(block.size, dtype=np.int64)
    days = _days_seen(plan, block) + 1
    windows = (days - measures.length(plan.measured.measure)) // step_of(plan.measured, plan.scale)
    return np.clip(windows, 0, plan.scale.windows)


def _days_seen(plan: FactorPlan, block: Block) -> Ints:
    since = plan.fed_since.toordinal() if plan.fed_since else 0
    return plan.until.toordinal() - np.maximum(block.facts.created_on, since).astype(np.int64)


def _placed(
    plan: FactorPlan, read: Readings, block: Block, seen: Ints, aside: Aside
) -> Readings | None:
    match plan.scale:
        case OwnRhythm():
            return against_usual(plan, read, block, seen, aside)
        case AmongPeers():
            return among_peers(plan, read, block, aside)
        case _:
            return read


def _status(plan: FactorPlan, read: Readings, without: Flags, young: Flags) -> Codes:
    size = len(young)
    if plan.fed_since is None:
        return np.full(size, NO_DATA, dtype=np.int8)
    measured = np.full(size, STALE if plan.stale else KNOWN, dtype=np.int8)
    cases = [without, read.missing, young]
    return np.select(cases, [NO_DATA, NOT_APPLICABLE, NO_DATA], measured).astype(np.int8)


def _unmeasured(plan: FactorPlan, read: Readings) -> Ratios:
    """Return the neutral scores of what could not be measured, or nothing."""
    when, size = plan.measured.when, len(read.missing)
    neutral = [
        Ratios.all_of(_worth_of(policy), size) for policy in (when.not_applicable, when.no_data)
    ]
    return neutral[0].where(read.missing, neutral[1])


def _by_policy(plan: FactorPlan, status: Codes, value: Ratios) -> tuple[Ratios, Codes]:
    policies = np.zeros(len(status), dtype=np.int8)
    for place, name in enumerate(STATUSES):
        rows = status == place
        if place == KNOWN or not rows.any():
            continue
        policy = policy_for(plan.measured, name)
        policies[rows] = POLICIES.index("neutral" if isinstance(policy, Neutral) else policy)
        if isinstance(policy, Neutral) or policy == "zero":
            value = value.where(~rows, Ratios.all_of(_worth_of(policy), len(status)))
    return value, policies


def _worth_of(policy: Policy | StalePolicy) -> Fraction:
    return Fraction(policy.neutral) if isinstance(policy, Neutral) else Fraction(0)


def _shown(
    plan: FactorPlan, placed: Readings, figure: Ratios, nobodys: Flags, aside: Aside
) -> Cells:
    held = scales.held_against(plan.scale)
    raw: dict[str, Any] = {
        "measure": plan.measured.measure.kind,
        "noun": _nouns(plan, placed, held),
        **placed.raw,
    }
    if held is not None and plan.personal:
        raw[held] = none_where(nobodys, number_cells(figure.reduced(), aside))
    elif held is not None:
        stated = scales.target(plan.scale, scales.ANYBODY)
        raw[held] = None if stated is None else number(stated)
    if plan.stale:
        raw["until"] = plan.until.isoformat()
    return raw


def _nouns(plan: FactorPlan, placed: Readings, held: str | None) -> Ints:
    """Return what is counted; "1 ticket", but "1 of 20 logins"."""
    nouns = np.full(len(placed.missing), NOUN, dtype=np.int64)
    count = placed.raw.get("count")
    if plan.measured.one and held != "target" and isinstance(count, np.ndarray):
        nouns[count == KINDS] = ONE
    return word_cells(nouns)
