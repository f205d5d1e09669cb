"""The kill switch: on at once, in the middle of a run too, and off again."""

from service.pause import pause, paused, resume
from service.ports import House
from storage import audit
from storage.outbox import Message
from tests.service.stage import Story, acme


def test_rule_15_nothing_leaves_while_paused_and_it_does_after(house: House) -> None:
    story = Story(house, acme(house))
    story.days_at(72)
    story.day_at(41)
    pause(house, "olga", now=story.watch.now())

    stopped = story.deliver()
    resume(house, "olga", now=story.watch.now())

    assert (stopped.paused, stopped.sent) == (True, 0)
    assert story.deliver().sent == 1


def test_rule_15_the_switch_stops_a_run_before_its_next_message(house: House) -> None:
    first, second = Story(house, acme(house, "acme")), Story(house, acme(house, "bolt"))
    second.watch = first.watch
    for story in (first, second):
        story.day_at(72)
        story.day_at(41)

    class Alarmed(type(first.slack)):  # type: ignore[misc] # its base is the wire's own class
        def send(self, message: Message, root: object) -> object:
            pause(house, "olga", now=first.watch.now())
            return super().send(message, root)

    first.slack.__class__ = Alarmed

    report = first.deliver()

    assert (report.paused, report.sent) == (True, 1)
    assert len(first.slack.sent) == 1


def test_deciding_goes_on_while_paused(house: House) -> None:
    story = Story(house, acme(house))
    story.days_at(72)
    pause(house, "olga", now=story.watch.now())

    assert story.day_at(41).started == 1


def test_who_paused_is_shown_and_audited(house: House) -> None:
    story = Story(house, acme(house))
    pause(house, "olga", now=story.watch.now())

    stands = paused(house)

    assert stands is not None
    assert stands.by == "olga"
    with house.database.reading() as tx:
        assert audit.recent(tx)[0].action == "pause"


def test_a_house_that_nobody_paused_runs(house: House) -> None:
    resume(house, "olga", now=Story(house, acme(house)).watch.now())

    assert paused(house) is None
