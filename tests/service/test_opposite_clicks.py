"""A thousand pairs of opposite clicks at once: one winner each, and the other is told who."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from service.ports import House
from service.steps import Done, Outcome, Taken, approve, reject
from storage import audit, outbox, plays
from storage.plays import NewPlay, NewStep
from tests.service.stage import Story, acme, member

PAIRS = 1_000
# Whoever comes first waits so long for the other, on the slowest machine.
PATIENCE = 120


@pytest.fixture
def story(house: House) -> Story:
    """Acme has fallen to 41, Carla has been told, and the mail waits for a yes."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    return story


def waiting(story: Story, many: int) -> list[int]:
    """Let the mail wait so many times over, each in a play of its own."""
    like, step = story.play(), story.mail_step()
    new = [
        NewPlay(
            like.customer_id, like.playbook, like.version, f"again-{n}", like.opened_at,
            like.trigger_as_of, like.band, like.score, like.root_key,
        )
        for n in range(many)
    ]  # fmt: skip
    with story.house.database.transaction() as tx:
        opened = plays.open_all(tx, new)
        steps = [
            NewStep(
                play.id, step.name, step.kind, 1, "waiting_approval", step.due_at,
                {**step.body, "key": f"{step.body['key']}/{play.episode}"},
            )
            for play in opened.values()
        ]  # fmt: skip
        return plays.add_steps(tx, steps)


def clicked(story: Story, steps: Sequence[int]) -> Iterator[tuple[int, Outcome, Outcome]]:
    """Let Carla say yes and Dan no to each of the steps, at the same moment."""
    carla, now = member(story.house), story.watch.now()
    dan = member(story.house, "dan@bellwether.example", name="Dan")
    together = Barrier(2, timeout=PATIENCE)

    def yes(step: int) -> Outcome:
        together.wait()
        return approve(story.house, step, carla, now=now)

    def no(step: int) -> Outcome:
        together.wait()
        return reject(story.house, step, dan, reason="no", now=now)

    with ThreadPoolExecutor(2) as pool:
        for step in steps:
            both = pool.submit(yes, step), pool.submit(no, step)
            yield step, both[0].result(), both[1].result()


@pytest.mark.slow
def test_rule_16_a_thousand_pairs_of_opposite_clicks_have_one_winner_each(story: Story) -> None:
    first = story.mail_step().body["key"]
    steps = waiting(story, PAIRS)
    approved = 0

    for step, yes, no in clicked(story, steps):
        with story.house.database.reading() as tx:
            found = plays.step(tx, step)
        assert found is not None
        if isinstance(yes, Done):
            approved += 1
            assert (found.state, found.decided_by) == ("done", "Carla")
            assert no == Taken("Carla", "approved", story.watch.now())
        else:
            assert isinstance(no, Done)
            assert (found.state, found.decided_by) == ("cancelled", "Dan")
            assert yes == Taken("Dan", "rejected", story.watch.now())

    with story.house.database.reading() as tx:
        acts = [each.action for each in audit.recent(tx, 2 * PAIRS)]
        sent = [outbox.message_by_key(tx, f"{first}/again-{n}") for n in range(PAIRS)]
    assert acts.count("approve") == approved == sum(each is not None for each in sent)
    assert acts.count("approve") + acts.count("reject") == PAIRS
