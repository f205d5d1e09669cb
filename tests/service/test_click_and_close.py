"""A click and the end of its play at the same moment: nothing is left waiting in a closed play."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest

from service.advance import Advanced, advance
from service.answered import answer_step
from service.ports import House
from service.steps import Done, Outcome, Stale
from storage import plays, running
from tests.service.stage import Story, acme
from tests.service.weeks import someone, stands_at, steps_of, story_of

# Of more falls at once the brake would hold some.
ROUNDS = 10
# Whoever comes first waits so long for the other, on the slowest machine.
PATIENCE = 120


def fallen(house: House) -> tuple[list[Story], datetime]:
    """Return customers who fell and were well again before their play would go on, and when."""
    first = story_of(house)
    told = [Story(first.house, acme(house, f"c{number}")) for number in range(ROUNDS)]
    for story in told:
        story.days_at(72, 41)
        stands_at(story, 90, "healthy")
    return told, steps_of(told[0])["rest"].due_at


@pytest.mark.slow
def test_rule_16_a_click_as_its_play_closes_comes_before_or_is_refused(house: House) -> None:
    told, due = fallen(house)
    together = Barrier(2, timeout=PATIENCE)

    def clicks(story: Story) -> Outcome:
        step, who = steps_of(story)["cause"].id, someone(house)
        together.wait()
        return answer_step(story.house, step, who, "price", now=due)

    def goes_on(story: Story) -> Advanced:
        together.wait()
        return advance(story.house, now=due, limit=1)

    with ThreadPoolExecutor(2) as pool:
        both = [(pool.submit(clicks, one), pool.submit(goes_on, one)) for one in told]
        outcomes = [(click.result(), end.result()) for click, end in both]
    while advance(told[0].house, now=due).closed:
        pass

    assert all(isinstance(click, Done | Stale) for click, _ in outcomes)
    with house.database.reading() as tx:
        assert running.due_plays(tx, due) == []
        states = {
            step.state for story in told for step in plays.steps_of(tx, story.play("weeks").id)
        }
    assert {story.play("weeks").state for story in told} == {"closed"}
    assert states <= {"done", "cancelled"}
