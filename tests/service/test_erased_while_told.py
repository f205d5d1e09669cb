"""Who is erased while a message about them is on its way holds up no other (rules 9 and 19)."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from service import privacy
from service.deliver import deliver
from service.ports import House, Receipt
from service.steps import acknowledge
from storage import outbox
from storage.columns import metadata
from storage.outbox import Message
from tests.service.stage import Story, Wire, acme, member
from tests.service.watching import at_first


class Erasing(Wire):
    """A channel during whose first call somebody erases a customer."""

    erase: Callable[[], object] | None = None

    def send(self, message: Message, root: Mapping[str, str] | None) -> Receipt:
        receipt = super().send(message, root)
        if self.erase is not None:
            self.erase()
            self.erase = None
        return receipt


@pytest.fixture
def fallen(house: House) -> tuple[Story, Story]:
    """Let two customers fall on one day; the first is told of before the other."""
    stories = (Story(house, acme(house)), Story(house, acme(house, "globex")))
    for story in stories:
        story.days_at(72)
    for story in stories:
        story.day_at(41)
    return stories


def erase(story: Story) -> None:
    privacy.erase(story.house, story.customer.key, by="ann@ours.example", now=story.watch.now())


def left(house: House, story: Story) -> dict[str, int]:
    """Return how many rows there still are of a customer, by table."""
    with house.database.reading() as tx:
        found = {
            one.name: tx.exec_driver_sql(
                f'SELECT count(*) FROM "{one.name}" WHERE customer_id = {story.customer.id}'  # noqa: S608 - our own names
            ).scalar_one()
            for one in metadata.sorted_tables
            if "customer_id" in one.c
        }
        found["delivery"] = tx.exec_driver_sql(
            "SELECT count(*) FROM delivery WHERE message_id NOT IN (SELECT id FROM message)"
        ).scalar_one()
    return {name: count for name, count in found.items() if count}


def test_the_others_are_told_though_one_is_erased_in_the_middle_of_being_told_of(
    house: House, fallen: tuple[Story, Story]
) -> None:
    gone, other = fallen
    slack = Erasing("slack", gone.watch)
    slack.erase = lambda: erase(gone)

    deliver(house, {"slack": slack}, gone.watch)

    about = {each.customer_id for each in slack.sent}
    assert other.customer.id in about
    assert left(house, gone) == {}
    with house.database.reading() as tx:
        assert set(outbox.counts(tx)) == {"sent"}


def told(story: Story) -> None:
    story.deliver()


def taken_on(story: Story) -> None:
    acknowledge(story.house, story.play().id, member(story.house), now=story.watch.now())


@pytest.mark.parametrize(("act", "table"), [(told, "delivery"), (taken_on, "message")])
def test_an_erasure_waits_for_what_is_just_being_written_down_of_a_message(
    house: House, fallen: tuple[Story, Story], act: Callable[[Story], None], table: str
) -> None:
    gone, _ = fallen
    erasing: list[Future[None]] = []

    def meanwhile() -> None:
        erasing.append(pool.submit(erase, gone))
        wait(erasing, timeout=0.3)

    with ThreadPoolExecutor(1) as pool, at_first(table, meanwhile):
        act(gone)
        erasing[0].result()

    assert left(house, gone) == {}
