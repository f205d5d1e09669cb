"""Rules 1, 2, 9 and 11: killed at any named point, the next process finishes what was begun.

Every point of the table is met at its first, second and third occurrence, on both databases, by a
real process that is killed by SIGKILL right there. Then another lives the same days again, after
the leases of the dead one ran out. Nothing may be lost, no intent doubled, no mail sent twice; a
mail of which nobody knows whether it left ends as `unknown`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.crash.conftest import Copies
from tests.crash.points import GROUPS, OCCURRENCES, POINTS, Point, Wire
from tests.crash.remains import faults, forgotten, remains
from tests.crash.stages import Stage
from tests.crash.world import DAYS, LAPSE


def doubt(point: Point) -> tuple[int, int]:
    """Return how many mails the kill must and may leave in doubt."""
    match point.group:
        case "send mail" if point.place == Wire("QUIT", "asked"):
            return 0, 1  # Nobody waits for that answer: what came of the letter may be recorded.
        case "send mail":
            return 1, 1
        case "claim" | "record":
            return 0, 1
        case _:
            return 0, 0


def ordeal(stage: Stage, copies: Copies, point: Point, occurrence: int) -> Iterator[str]:
    """Kill one process at this point, let another finish, and yield what is wrong then.

    What comes once a day comes for the third time on the third: the days before were lived by
    others, undisturbed.
    """
    today, turn = point.at(occurrence)
    with contextmanager(copies)(today - 1) as (url, world):
        ended = stage.run(url, world, point=point, occurrence=turn, days=[today])
        if ended != -signal.SIGKILL:
            yield f"the point was not reached, the process ended with {ended}"
        forgotten(url)
        again = stage.run(url, world, late=LAPSE.total_seconds(), days=[today])
        if again != 0:
            yield f"the next process ended with {again}"
        found = remains(url, world.arrived)
    least, most = doubt(point)
    yield from faults(found, today, doubt=most)
    if found.states["unknown"] < least:
        yield "a mail in doubt is not unknown"


def test_there_are_at_least_sixty_points_each_with_a_name_of_its_own() -> None:
    assert len({point.name for point in POINTS}) == len(POINTS) >= 60


def test_undisturbed_nothing_is_in_doubt(stage: Stage, copies: Copies) -> None:
    with contextmanager(copies)(0) as (url, world):
        ended = stage.run(url, world)
        # Living it all once more finds done what is done.
        again = stage.run(url, world, late=LAPSE.total_seconds())

        assert (ended, again) == (0, 0)
        assert list(faults(remains(url, world.arrived), len(DAYS), doubt=0)) == []


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(
    stage: Stage, copies: Copies, group: str
) -> None:
    wrong = [
        f"{point.name}, {occurrence}: {fault}"
        for point in POINTS
        if point.group == group
        for occurrence in OCCURRENCES
        for fault in ordeal(stage, copies, point, occurrence)
    ]

    assert wrong == []
