"""The demo's stories: how a customer's activity, troubles and payments go over the days.

A story is a shape over x, the share of the demo's days that have passed (0 first, 1 last), so
that it can be told over any number of days.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise


def _flat(_: float) -> float:
    return 1.0


def _steps(*marks: tuple[float, float]) -> Callable[[float], float]:
    """Return a line through (x, level) marks, flat before the first and after the last."""

    def level(x: float) -> float:
        if x <= marks[0][0]:
            return marks[0][1]
        for (x0, y0), (x1, y1) in pairwise(marks):
            if x <= x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return marks[-1][1]

    return level


@dataclass(frozen=True, slots=True)
class Story:
    """One shape.

    `share` is how many of 80 customers live it; `level` scales logins, features and API calls;
    `tickets` are the expected tickets before and after `turn`; `late` names the invoices paid
    late, counted back from the newest due (0), and `unpaid` those not paid at all; `features`
    bounds how many of the five key features are ever used; `logins` is the usual number of
    logins on a working day.
    """

    name: str
    share: int
    level: Callable[[float], float] = _flat
    logins: tuple[float, float] = (1.5, 4.0)
    features: tuple[int, int] = (4, 5)
    tickets: tuple[float, float] = (1.0, 0.5)
    turn: float = 0.5
    late: frozenset[int] = frozenset()
    unpaid: frozenset[int] = frozenset()
    born: tuple[float, float] | None = None
    pauses: float | None = None


STORIES: tuple[Story, ...] = (
    Story("decliner", 5, _steps((0.35, 1), (0.72, 0.03)), tickets=(1, 3), late=frozenset({0})),
    Story(
        "leaver", 3, _steps((0.35, 1), (0.7, 0.02)), tickets=(2, 5), turn=0.45,
        unpaid=frozenset({0, 1}),
    ),
    Story("silent", 3, _steps((0.74, 1), (0.75, 0)), tickets=(2, 2), unpaid=frozenset({0})),
    Story(
        "recoverer", 4, _steps((0.22, 1), (0.32, 0.04), (0.62, 0.04), (0.7, 1.1)),
        tickets=(2.5, 0.2), turn=0.55, late=frozenset({2}),
    ),
    Story("late-payer", 4, features=(3, 4), tickets=(2, 2), late=frozenset({0, 1, 2})),
    Story("storm", 3, logins=(1.2, 2.5), features=(3, 4), tickets=(1, 8), turn=0.72),
    Story(
        "struggling", 2, logins=(0.15, 0.3), features=(1, 2), tickets=(3, 3), late=frozenset({1}),
    ),
    Story("seasonal", 4, _steps((0.3, 1), (0.42, 0.45), (0.6, 0.45), (0.75, 1.2))),
    Story("newcomer", 4, born=(0.7, 0.9), tickets=(0.3, 0.3)),
    Story("newborn", 1, born=(0.97, 0.97), tickets=(0, 0)),
    Story("paused", 1, _steps((0.6, 1), (0.66, 0)), pauses=0.7),
    Story("champion", 8, _steps((0.4, 1), (0.9, 1.5)), logins=(3, 5), tickets=(0.5, 0.3)),
    Story("steady", 38),
)  # fmt: skip

BY_NAME: Mapping[str, Story] = {story.name: story for story in STORIES}


def cast(customers: int) -> tuple[Story, ...]:
    """Return one story per customer, in the proportions of the table, steady ones filling up."""
    total = sum(story.share for story in STORIES)
    chosen: list[Story] = []
    for story in STORIES[:-1]:
        chosen += [story] * (story.share * customers // total)
    return tuple(chosen[:customers] + [STORIES[-1]] * (customers - len(chosen)))
