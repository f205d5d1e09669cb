"""Why a score is what it is and why it moved, factor by factor, in points that add up.

Against an earlier score the drivers' points sum to the change exactly, because the contributions
of each score sum to that score exactly. Without one they are the points each factor leaves
unearned, below zero.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from scoring import words
from scoring.factors import FactorScore
from scoring.override import OVERRIDE, override_in, override_words
from scoring.override import computed as without
from scoring.score import Score
from scoring.words import factor_words

__all__ = ["Cause", "Driver", "drivers", "factor_words"]

Cause = Literal["behaviour", "late_data", "coverage", "model", "override"]

NO_POINTS = Decimal("0.00")
# What rounding alone can move between two factors of which neither changed.
NOISE = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Driver:
    """What moved a score: one factor, its signed points, the cause, and a sentence that says so.

    A factor that changed and also weighs differently has two drivers, one for each cause.
    """

    factor: str
    title: str
    points: Decimal
    cause: Cause
    sentence: str


@dataclass(frozen=True, slots=True)
class Move:
    """A factor's part in a change, before it is put in words; one of the two may be missing."""

    before: FactorScore | None
    after: FactorScore | None
    points: Decimal
    cause: Cause


def drivers(
    current: Score, earlier: Score | None, replayed: Score | None = None
) -> tuple[Driver, ...]:
    """Return what moved the score since `earlier`, or what holds it down; strongest first.

    `replayed` is the earlier day scored again today: what differs between the two is data that
    arrived late, and is told apart from what the customer did since. Where another model made the
    earlier score, what differs is the model's doing instead. Factors that moved nothing are left
    out.
    """
    own = without(current)
    if earlier is None:
        found = list(_losses(own))
    else:
        found = list(_changes(own, without(earlier), without(replayed) if replayed else None))
    found.extend(_said(current, earlier))
    return tuple(sorted(found, key=lambda driver: -abs(driver.points)))


def _losses(current: Score) -> Iterator[Driver]:
    for factor in current.factors:
        points = min(NO_POINTS, factor.contribution - factor.effective_weight)
        cause: Cause = "behaviour" if factor.status in {"known", "stale"} else "coverage"
        if points:
            sentence = words.loss(factor, points)
            yield Driver(factor.name, factor.title, points, cause, sentence)


def _changes(current: Score, earlier: Score, replayed: Score | None) -> Iterator[Driver]:
    since = earlier
    if replayed is not None and replayed.identity == current.identity != earlier.identity:
        yield from _remodelled(earlier, replayed)
        since, replayed = replayed, None
    yield from (_worded(move) for move in _settled(_moves(current, since, replayed)))


def _remodelled(earlier: Score, replayed: Score) -> Iterator[Driver]:
    """Tell what another model makes of the very same day."""
    points = replayed.value - earlier.value
    if points:
        sentence = words.remodelled(earlier.identity, replayed.identity, points)
        yield Driver("model", "Model", points, "model", sentence)


def _said(current: Score, earlier: Score | None) -> Iterator[Driver]:
    """Tell what people said apart from everything that was measured."""
    now, before = override_in(current), override_in(earlier) if earlier else None
    points = _added(current) - (_added(earlier) if earlier else NO_POINTS)
    if not points:
        return
    if now is not None:
        sentence = f"A person said so: {override_words(now, without(current).value)}"
    else:
        sentence = f"What {before.author if before else 'somebody'} said no longer holds"
    tail = f"{words.signed(points)} {'point' if abs(points) == 1 else 'points'}."
    yield Driver(OVERRIDE, "Override", points, "override", f"{sentence.rstrip('.')}: {tail}")


def _added(score: Score) -> Decimal:
    return score.value - without(score).value


def _moves(current: Score, earlier: Score, replayed: Score | None) -> list[Move]:
    if current.identity != earlier.identity:
        return [
            Move(before, after, _points(after) - _points(before), "model")
            for before, after in _paired(earlier, current)
        ]
    since = replayed or earlier
    late = [
        Move(before, after, _points(after) - _points(before), "late_data")
        for before, after in _paired(earlier, since)
    ]
    return late + [move for pair in _paired(since, current) for move in _split(*pair)]


def _paired(
    earlier: Score, current: Score
) -> Iterator[tuple[FactorScore | None, FactorScore | None]]:
    """Pair the factors by name; one that only one of the scores has is paired with nothing."""
    before = {factor.name: factor for factor in earlier.factors}
    after = {factor.name: factor for factor in current.factors}
    yield from ((before.get(name), factor) for name, factor in after.items())
    yield from ((factor, None) for name, factor in before.items() if name not in after)


def _split(before: FactorScore | None, after: FactorScore | None) -> Iterator[Move]:
    """Tell what the customer did from what we can see of it: the weight it is seen with."""
    points = _points(after) - _points(before)
    if before is None or after is None:
        yield Move(before, after, points, "model")
    elif (before.status, before.policy) != (after.status, after.policy):
        yield Move(before, after, points, "coverage")
    elif before.effective_weight == after.effective_weight:
        yield Move(before, after, points, "behaviour")
    else:
        change = before.effective_weight * (after.value - before.value) / 100
        behaved = change.quantize(NO_POINTS, ROUND_HALF_UP)
        yield Move(before, after, behaved, "behaviour")
        yield Move(before, after, points - behaved, "coverage")


def _settled(moves: Iterable[Move]) -> list[Move]:
    """Leave out what did not move, and give what rounding moved to the strongest that did."""
    moved = [move for move in moves if move.points]
    noise = [move for move in moved if _is_noise(move)]
    real = [move for move in moved if not _is_noise(move)]
    rest = sum((move.points for move in noise), NO_POINTS)
    if not real or not rest:
        return real or moved
    strongest = max(real, key=lambda move: abs(move.points))
    return [
        replace(move, points=move.points + rest) if move is strongest else move for move in real
    ]


def _is_noise(move: Move) -> bool:
    if move.cause == "model" or abs(move.points) > NOISE:
        return False
    before, after = move.before, move.after
    return before is not None and after is not None and before.value == after.value


def _worded(move: Move) -> Driver:
    shown = move.after or move.before
    assert shown is not None  # noqa: S101 - a pair has at least one side
    sentence = words.change(move.before, move.after, move.points, move.cause)
    return Driver(shown.name, shown.title, move.points, move.cause, sentence)


def _points(factor: FactorScore | None) -> Decimal:
    return factor.contribution if factor else NO_POINTS
