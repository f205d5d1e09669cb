"""A stage for the bot's stories: a house, the local Slack, a clock, and the people who click."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from slack_bolt import App

from bot.channel import SlackChannel
from bot.connection import SlackSettings
from sandbox.blockkit import message_problems
from sandbox.server import Sandbox
from sandbox.state import Message
from service import catalog
from service.deliver import DeliveryReport, deliver
from service.ingest import accept_events
from service.ports import House
from service.rescore import rescore
from storage.outbox import Message as Queued
from storage.outbox import claim
from storage.people import Member, upsert_member

T = TypeVar("T")
P = ParamSpec("P")

BEGIN = date(2026, 1, 1)
# By now every window of logins is full, and a baseline can be drawn.
FULL = date(2026, 3, 1)
# Four weeks of silence later nobody's logins are in the window.
FALLEN = FULL + timedelta(days=29)
CSM = "anna@ours.example"
COLLEAGUE = "ben@ours.example"
VIEWER = "vera@ours.example"
# Stand in an alert whose one mail waits, with its one task.
ROW = ("approve", "edit", "reject", "done_0", "acknowledge", "snooze", "open")
# Stand under every alert, also when it is over.
OPINIONS = ("useful", "false_alarm")


class StageClock:
    """Time stands still, unless somebody sleeps."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 31, 7, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Inline(Executor):
    """Runs a listener at once, so that a story needs no waiting."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@dataclass(frozen=True)
class Stage:
    """Everything a story needs."""

    house: House
    sandbox: Sandbox
    clock: StageClock
    slack: SlackSettings
    app: App

    def member(self, email: str, role: Any, name: str | None = None) -> Member:
        """Enrol one of our own people, and let them join the workspace."""
        called = name or email.split("@", maxsplit=1)[0].capitalize()
        self.sandbox.ensure_member(email, called)
        with self.house.database.transaction() as tx:
            return upsert_member(tx, email, called, role=role)

    def customers(self, *names: str, **fields: Any) -> None:
        """Let these be our customers, Anna's unless said otherwise."""
        drafts = [
            {
                "key": f"c{number}",
                "name": name,
                "createdOn": "2025-01-01",
                "csmEmail": CSM,
                "csmName": "Anna",
                "contactEmail": f"c{number}@theirs.example",
                "contactName": "Carla",
                "arr": 120_000,
                "renewalOn": "2026-06-30",
                **fields,
            }
            for number, name in enumerate(names)
        ]
        outcomes = list(catalog.upsert(self.house, drafts, now=self.clock.now()))
        assert [each.status for each in outcomes] == ["created"] * len(drafts)

    def work(self, key: str, first: date, last: date) -> None:
        """Let a customer log in once a day, each day with another of five features."""
        items = [
            (key, {"type": "login", "occurredAt": noon(day), "feature": f"f{day.day % 5}"})
            for day in days(first, last)
        ]
        outcomes = list(accept_events(self.house, "api", items, now=self.clock.now()))
        assert {each.status for each in outcomes} == {"accepted"}

    def score(self, day: date, *, decide: bool = True) -> None:
        """Run the daily job for this day."""
        rescore(self.house, day, now=self.clock.now(), decide=decide)

    def fall(self, key: str = "c0") -> None:
        """Let a customer be healthy, fall silent, and be seen to have fallen."""
        self.work(key, BEGIN, FULL)
        self.score(FULL)
        self.score(FALLEN)

    def deliver(self) -> DeliveryReport:
        """Empty the outbox into Slack."""
        channel = SlackChannel(self.house, self.clock, self.slack)
        return deliver(self.house, {"slack": channel}, self.clock)

    def direct(self, email: str = CSM) -> list[Message]:
        """Return what stands in somebody's direct messages with the app, after a strict look."""
        return checked(self.sandbox.messages("@", email))

    def alerted(self, colleague: str = "Ben") -> Message:
        """Let everybody see in #alerts that Acme, who has no CSM, has fallen; return the alert."""
        self.member(CSM, "csm", "Anna")
        self.member(COLLEAGUE, "csm", colleague)
        self.member(VIEWER, "viewer", "Vera")
        self.customers("Acme", csmEmail=None, csmName=None)
        self.fall()
        self.deliver()
        return self.shown()

    def shown(self) -> Message:
        """Return the alert as it stands."""
        return self.channel("#alerts")[0]

    def told(self, email: str) -> list[str]:
        """Return what only this member was told, in the conversation of the alert."""
        return [words(each) for each in self.channel("#alerts", email) if each.seen_by]

    def mails(self) -> list[Queued]:
        """Return the mails that would leave within the hour."""
        later = self.clock.now() + timedelta(hours=1)
        with self.house.database.transaction() as tx:
            return list(claim(tx, later, timedelta(minutes=1), 10, ("email",)))

    def channel(self, name: str, email: str | None = None) -> list[Message]:
        """Return what stands in a channel, as that member sees it, after a strict look."""
        return checked(self.sandbox.messages(name, email))


def checked(messages: Iterable[Message]) -> list[Message]:
    """Return the messages; Slack would have taken each of them, and each has words."""
    found = list(messages)
    for message in found:
        assert message.text
        assert message_problems({"text": message.text, "blocks": list(message.blocks)}) == []
    return found


def words(message: Message) -> str:
    """Return all that a message says in its blocks."""
    return " ".join(_texts(list(message.blocks)))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            elif name not in {"accessibility_label", "confirm"}:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def actions(message: Message) -> list[str]:
    """Return the action ids of a message's buttons and menus."""
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def second_click(stage: Stage, alert: Message, email: str, action: str) -> None:
    """Click a button of the message as it was before it was updated, as a slow screen does."""
    element = next(
        each
        for block in alert.blocks
        if block["type"] == "actions"
        for each in block["elements"]
        if each["action_id"] == action
    )
    user = stage.sandbox.ensure_member(email, "")
    hands = stage.sandbox.hands
    with stage.sandbox.workspace.writing():
        place = stage.sandbox.workspace.conversations[alert.channel]
        reply_to = hands._response_url(place, user, alert.ts)  # noqa: SLF001 - as a click makes it
    answer = stage.sandbox.wire.send_interaction(
        {
            "type": "block_actions",
            "user": {"id": user.id},
            "team": None,
            "channel": {"id": alert.channel},
            "container": {"message_ts": alert.ts, "channel_id": alert.channel},
            "actions": [
                {"action_id": action, "block_id": "b", "type": "button", "value": element["value"]}
            ],
            "response_url": reply_to,
            "trigger_id": "gone",
        }
    )
    assert answer.acknowledged


def noon(day: date) -> str:
    return f"{day}T12:00:00Z"


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
