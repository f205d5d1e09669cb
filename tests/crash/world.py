"""Three days in a small house, lived the same way by every process that is killed in it.

On each day one customer falls. The job scores and decides, what follows is delivered, two hours
later others are told because nobody took it, the CSM clicks and answers, somebody at the customer
answers a survey, what follows from all that is delivered. A day later the play goes on, who was
surveyed calls it spam, and the customer unsubscribes. Living a day again is what a restarted
process does: it finds done what is done, and does the rest.
"""

import re
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bellwether.clock import ReplayClock
from bot.channel import SlackChannel
from bot.connection import SlackSettings
from delivery.reach import Found, LookUp
from delivery.smtp import SmtpChannel
from delivery.webhook import WebhookChannel
from playbooks.load import parse
from playbooks.playbook import Playbook
from scoring.load import shipped
from service import webhooks
from service.advance import advance
from service.deliver import deliver
from service.ports import Channel, House, MailPolicy
from service.rescore import rescore
from storage.activity import append_events
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.records import TicketFields, upsert_tickets
from storage.tables_acts import message
from tests.builders import new_event
from tests.crash.hands import Hands
from tests.service.reports import complaint

DAYS: Final = (1, 2, 3)
ROOMS: Final = (1, 2, 3)
# They look on while others fall.
UNMOVED: Final = 2
# A Sunday: what follows happens on working days.
DAY_0: Final = date(2026, 5, 3)
# After so long a killed process's leases have run out, and its work is taken over.
LAPSE: Final = timedelta(minutes=10)
# After so long of a working day others are told.
UNHEARD: Final = timedelta(hours=2)
SECRET: Final = b"a secret of the crash tests"

PLAYBOOK: Final = """
name: fall-{number}
version: 1
title: A fall
description: Tells everybody there is to tell, in every way there is.
when: {{kind: enters_band, bands: [at-risk, churn-risk]}}
only_if: {{kind: segment, is: [s{number}]}}
then:
  - {{step: alert, kind: slack_alert, to: csm, drivers: 3}}
  - {{step: room, kind: slack_post, to: "#room-{number}", text: A customer has fallen.}}
  - step: tell
    kind: email
    to: contact
    template: outreach_at_risk
    from: house
    approval: false
  - {{step: rung, kind: escalate, within_business_hours: 1, to: [manager]}}
  - step: opinion
    kind: survey
    survey: improvement
    question: What should we improve?
    to: executive
    from: house
    approval: false
  - {{step: ask, kind: email, to: contact, template: outreach_churn_risk, from: house}}
  - {{step: call, kind: task, title: Call them, due_in_business_days: 1}}
  - step: why
    kind: question
    text: What has happened?
    answers:
      - answer: left
        title: Our champion left
        then: [{{step: hook, kind: webhook, endpoint: crm}}]
      - {{answer: other, title: Something else}}
  - {{step: pause, kind: wait, days: 1}}
  - {{step: later, kind: slack_post, to: "#room-{number}", text: A day has passed.}}
"""

# A day, and what comes of it when the next has come.
Part = Literal["day", "later"]
PARTS: Final[tuple[Part, ...]] = ("day", "later")

# Told by the driver, so that it knows what the process is about.
Act = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outside:
    """Where Slack and the mail server are."""

    slack_url: str
    smtp_url: str
    hook_port: int


@cache
def playbooks() -> tuple[Playbook, ...]:
    """Return a playbook for each segment, with a room of its own."""
    return tuple(parse(PLAYBOOK.format(number=n), f"fall-{n}.yaml") for n in ROOMS)


def house(database: Database) -> House:
    """Return the house in which mail leaves unasked, unless a step asks."""
    return House(
        database=database,
        model=shipped(),
        playbooks=playbooks(),
        mail=MailPolicy(
            "Success <success@ours.example>", "automatic", "https://b.example", SECRET, weekly=3
        ),
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


def csm(number: int) -> str:
    return f"csm-{number}@ours.example"


def contact(number: int) -> str:
    return f"pat-{number}@theirs.example"


def executive(number: int) -> str:
    return f"chief-{number}@theirs.example"


def noon(number: int) -> datetime:
    return datetime.combine(DAY_0 + timedelta(days=number), time(12), UTC)


def plant(database: Database, days: int = len(DAYS)) -> None:
    """Plant customers who live well; number n opens ten tickets on day n, and so falls."""
    fields = [
        CustomerFields(
            key=f"c{n}",
            name=f"Customer {n}",
            segment=f"s{1 + (n - 1) % len(ROOMS)}",
            created_on=DAY_0 - timedelta(days=400),
            csm_email=csm(n),
            csm_name=f"Csm {n}",
            contact_email=contact(n),
            contact_name=f"Pat {n}",
            executive_email=executive(n),
            executive_name=f"Chief {n}",
        )
        for n in range(days + UNMOVED)
    ]
    with database.transaction() as tx:
        ids = [one.id for one in upsert_customers(tx, fields, noon(-60))]
        logins = [
            new_event(one, occurred_at=noon(back), feature=f"feature-{back % 5}")
            for one in ids
            for back in range(-35, days + 1)
        ]
        append_events(tx, logins, noon(days + 1))
        storms = [
            TicketFields(ids[n], f"T-{n}-{count}", noon(n), None, None, None)
            for n in range(1, days + 1)
            for count in range(10)
        ]
        old = TicketFields(ids[0], "old", noon(-50), None, None, None)
        upsert_tickets(tx, [old, *storms])
    url = "http://crm.example/hook"
    webhooks.add(house(database), "crm", url, inside=True, by="the tests", now=noon(-60))


def baseline(database: Database) -> None:
    """Draw the silent baseline of day 0."""
    rescore(house(database), DAY_0, now=noon(1), decide=True)


def live(
    database: Database,
    outside: Outside,
    act: Act,
    late: timedelta,
    *,
    days: Iterable[int] = DAYS,
    parts: Iterable[Part] = PARTS,
) -> None:
    """Live these days, each as late as said; `act` is told what begins."""
    here = house(database)
    for number in days:
        clock = ReplayClock(noon(number + 1) + late)
        if "day" in parts:
            _the_day(here, outside, number, clock, act)
        clock.set(noon(number + 2) + late)
        if "later" in parts:
            _a_day_later(here, outside, number, clock, act)


def _the_day(here: House, outside: Outside, number: int, clock: ReplayClock, act: Act) -> None:
    act("daily")
    rescore(here, DAY_0 + timedelta(days=number), now=clock.now(), decide=True, batch=2)
    _deliver(here, outside, clock, act)
    clock.set(clock.now() + UNHEARD)
    act("escalate")
    advance(here, now=clock.now())
    # Before anybody takes the play on: nobody need be told then.
    _deliver(here, outside, clock, act)
    hands = Hands(here, clock, outside.slack_url)
    _click(hands, number, act)
    act("survey")
    _answer(hands, _mail(here, executive(number)))
    _deliver(here, outside, clock, act)


def _a_day_later(here: House, outside: Outside, number: int, clock: ReplayClock, act: Act) -> None:
    act("advance")
    advance(here, now=clock.now())
    hands = Hands(here, clock, outside.slack_url)
    act("complain")
    _complain(hands, _mail(here, executive(number)))
    act("unsubscribe")
    _leave(hands, _mail(here, contact(number)))
    _deliver(here, outside, clock, act)


def _deliver(here: House, outside: Outside, clock: ReplayClock, act: Act) -> None:
    act("deliver")
    deliver(here, _channels(here, outside, clock), clock)


def _channels(here: House, outside: Outside, clock: ReplayClock) -> Mapping[str, Channel]:
    slack = SlackSettings(token="xoxb-crash", signing_secret="x", base_url=outside.slack_url)
    return {
        "slack": SlackChannel(here, clock, slack),
        "email": SmtpChannel(outside.smtp_url, clock),
        "webhook": WebhookChannel(here, clock, lookup=_at(outside.hook_port)),
    }


def _at(port: int) -> LookUp:
    """Find every name on this machine, at the port of the process's own world."""

    def lookup(*_asked: object, **_how: object) -> list[Found]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]

    return lookup


def _click(hands: Hands, number: int, act: Act) -> None:
    """Let the CSM take on what nobody has, say yes to what waits, and answer what is asked."""
    user = f"UCSM{number}"
    for deed, button, saying in (
        ("click", "acknowledge", ""),
        ("approve", "approve", ""),
        ("answer", "answer", ":left"),
    ):
        act(deed)
        hands.press(user, button, saying)


def _mail(here: House, address: str) -> Mapping[str, Any]:
    """Return the newest mail to this address, as it left or will."""
    with here.database.reading() as tx:
        found = tx.execute(select(message.c.body).where(message.c.recipient == address))
        return next(body for body in found.scalars())


def _answer(hands: Hands, mail: Mapping[str, Any]) -> None:
    """Let somebody follow the link to the survey, and send their answer in."""
    link = re.search(r"https://b\.example(/survey/[^\s?]+)", str(mail["text"]))
    assert link is not None
    hands.post(link.group(1), "answer=3&comment=More+exports")


def _complain(hands: Hands, mail: Mapping[str, Any]) -> None:
    """Let their mail provider report that they called the mail spam."""
    report = complaint(letter=mail["message_id"], recipient=mail["to"])
    hands.post("/mail/bounces", report, {"Content-Type": "message/rfc822"})


def _leave(hands: Hands, mail: Mapping[str, Any]) -> None:
    """Let the customer's mail program unsubscribe them with one click."""
    address = str(mail["headers"]["List-Unsubscribe"])
    hands.post(address.strip("<>").removeprefix("https://b.example"), "List-Unsubscribe=One-Click")
