"""A street of the town: Acme, whose story it is, steady neighbours, and our people who act."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from bellwether import schedule
from playbooks.load import SHIPPED
from sandbox.mailbox import Mail
from sandbox.state import Message
from service.closing import WAITING
from service.deliver import deliver
from service.rescore import rescore
from storage import customers, outbox, people, plays
from storage.plays import Play, Step
from tests.bot.stage import actions, checked, words
from tests.journeys.town import CONTACT, CSM, NOON, Happening, Town, at, town
from tests.web.conftest import Client
from web.app import build

# A Monday: what is scored for it is seen on Tuesday morning.
DAY_0 = date(2026, 3, 2)
BACKUP, MANAGER = "ben@ours.example", "mona@ours.example"
EXECUTIVE = "eva@acme.example"
FEATURES = ("reports", "export", "alerts", "search", "calendar")
NEIGHBOURS = ("brook", "cedar", "dune", "elm")
LAST = 110
# Stand under an alert that is over, and nothing else.
OVER = ["open", "useful", "false_alarm"]


def day(number: int) -> date:
    return DAY_0 + timedelta(days=number)


@dataclass(frozen=True)
class Street:
    """The town, as those see it who live in this story."""

    town: Town

    def acme(self, **fields: object) -> None:
        """Let Acme be our customer since long ago, with two people to write to."""
        whole = {
            "contactEmail": CONTACT,
            "contactName": "Dora Dahl",
            "executiveEmail": EXECUTIVE,
            "executiveName": "Eva Eder",
            "csmName": "Carla",
            "arr": 90_000,
            "renewalOn": day(200),
        }
        self.town.customer("acme", day(-400), **(whole | fields))

    def neighbours(self) -> None:
        """Let the others live on as they always did, so that no feed falls silent."""
        for name in NEIGHBOURS:
            self.town.customer(name, day(-400))
        span = range(-70, LAST)
        self.town.happen(
            *(one for number in span for one in usual(number, *NEIGHBOURS, features=4)),
        )
        self.town.ticket("brook", "B-1", day(-3))
        self.town.invoice("dune", "D-1", due=day(-2), paid=day(-3))

    def staff(self) -> None:
        """Let Ben and Mona stand in for Carla."""
        with self.town.house.database.transaction() as tx:
            ben = people.upsert_member(tx, BACKUP, "Ben", role="csm")
            mona = people.upsert_member(tx, MANAGER, "Mona", role="manager")
            carla = people.upsert_member(tx, CSM, "Carla")
            people.name_stand_ins(tx, carla.id, backup_id=ben.id, manager_id=mona.id)
        self.town.doors.welcome(self.town.house)

    def seen_since(self, number: int) -> None:
        """Let Acme have been scored on that day already, without a word, as an import does it."""
        self.town.clock.set(at(day(number + 1), NOON))
        rescore(self.town.house, day(number), now=self.town.clock.now(), decide=False)

    def mornings(self, first: int, last: int) -> None:
        """Let the mornings after these days pass."""
        for number in range(first, last + 1):
            self.town.morning_after(day(number))

    def goes_on(self, moment: datetime) -> None:
        """Let what is due by then happen, and what follows from it leave."""
        self.town.clock.set(max(moment, self.town.clock.now()))
        schedule.run_due(self.town.house, schedule.jobs(self.town.settings), self.town.clock)
        deliver(self.town.house, self.town.doors.channels, self.town.clock)

    def alert(self) -> Message:
        """Return the one alert about Acme."""
        (found,) = [each for each in self.town.alerts() if "Acme" in words(each)]
        return found

    def reads(self) -> str:
        """Return what stands in the alert."""
        return plain(self.alert())

    def thread(self) -> list[str]:
        """Return what was said below the alert."""
        root = self.alert().ts
        told = [each for each in self.town.told() if each.thread_ts == root and each.ts != root]
        return [plain(each) for each in told]

    def told(self, who: str) -> list[str]:
        """Return what somebody was told directly, or what stands in a #channel."""
        place = (who, None) if who.startswith("#") else ("@", who)
        found = checked(self.town.sandbox.messages(*place))
        return [plain(each) for each in found]

    def offered(self, who: str = CSM) -> list[str]:
        """Return the buttons below the newest message to somebody."""
        if who == CSM:
            return actions(self.alert())
        return actions(self.town.sandbox.messages("@", who)[-1])

    def press(self, label: str, who: str = CSM, number: int = 0) -> None:
        """Press the button of that name in the alert, the first of several unless said."""
        found = [one for one in _buttons(self.alert()) if one[0].startswith(label)]
        assert len(found) > number, (label, [name for name, _ in _buttons(self.alert())])
        self.town.click(self.alert(), found[number][1], who)

    def answers(self, label: str, values: dict[str, str]) -> None:
        """Press a button that opens a modal, and fill it in."""
        self.press(label)
        assert self.town.sandbox.submit(CSM, values).error is None
        deliver(self.town.house, self.town.doors.channels, self.town.clock)

    def plays(self) -> list[Play]:
        """Return the plays of Acme, oldest first."""
        with self.town.house.database.reading() as tx:
            found = customers.customer_by_key(tx, "acme")
            assert found is not None
            return list(reversed(plays.plays_of(tx, found.id)))

    def steps(self) -> dict[str, Step]:
        """Return the steps of Acme's newest play by their names."""
        with self.town.house.database.reading() as tx:
            return {step.name: step for step in plays.steps_of(tx, self.plays()[-1].id)}

    def mails(self, to: str = CONTACT) -> list[Mail]:
        """Return the mails that reached somebody."""
        return list(self.town.sandbox.mailbox.to(to))

    @contextmanager
    def browser(self) -> Iterator[Client]:
        """Open the pages a customer's browser is sent to."""
        client = Client(build(self.town.house, self.town.clock, auth="keys"))
        with client:
            yield client


@contextmanager
def street(url: str, home: Path, **settings: str) -> Iterator[Street]:
    """Open a street on which every shipped playbook is in use, and nobody sleeps."""
    library = {"BELLWETHER_LIBRARY": ", ".join(SHIPPED), "BELLWETHER_CAPS": "off"}
    awake = {"BELLWETHER_CSM_QUIET_HOURS": "off", "BELLWETHER_QUIET_HOURS": "off"}
    with town(url, home, at(day(-100), NOON), **(library | awake | settings)) as open_town:
        here = Street(open_town)
        here.staff()
        here.neighbours()
        yield here


def usual(number: int, *keys: str, features: int = 5) -> list[Happening]:
    """Return an ordinary day: one login, with another feature each day, and some API calls."""
    feature = FEATURES[number % features]
    logins: list[Happening] = [(key, day(number), "login", {"feature": feature}) for key in keys]
    calls: list[Happening] = [(key, day(number), "api_call", {"value": 100}) for key in keys]
    return [*logins, *calls]


def logins(number: int, count: int = 1) -> list[Happening]:
    """Return so many logins at Acme on one day, without a feature."""
    return [("acme", day(number), "login", {"id": f"{number}-{one}"}) for one in range(count)]


def calls(first: int, last: int) -> list[Happening]:
    """Return the same API calls every day at Acme, and all five features used before."""
    used: list[Happening] = [("acme", day(-10), "feature_used", {"feature": f}) for f in FEATURES]
    return [*used, *(("acme", day(n), "api_call", {"value": 100}) for n in range(first, last))]


def well_ended(here: Street, playbook: str, reason: str) -> None:
    """Hold that the play is over for that reason, and that nothing of it waits anywhere."""
    play = here.plays()[-1]
    assert (play.playbook, play.state) == (playbook, "closed")
    assert reason in str(play.reason)
    assert [one.name for one in here.steps().values() if one.state in WAITING] == []
    with here.town.house.database.reading() as tx:
        waits = {"pending", "held", "sending"} & outbox.counts(tx).keys()
    assert waits == set()
    assert [one for one in here.offered() if not one.startswith("read")] == OVER
    assert f"Closed: {reason}" in here.reads()


def plain(message: Message) -> str:
    """Return what a message says, without what only Slack reads."""
    said = words(message).replace("\u200b", "").replace("*", "")
    return " ".join(said.split()).replace(" ,", ",").replace(" :", ":")


def _buttons(message: Message) -> list[tuple[str, str]]:
    return [
        (str(element["text"]["text"]), str(element["action_id"]))
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "button"
    ]
