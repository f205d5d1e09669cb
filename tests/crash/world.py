"""Three days in a small house, lived the same way by every process that is killed in it.

On each day one customer falls. The job scores and decides, what follows is delivered, the CSM
clicks and answers, what follows from that is delivered, a day later the play goes on, and the
customer unsubscribes. Living a day again is what a restarted process does: it finds done what is
done, and does the rest.
"""

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bellwether.clock import ReplayClock
from bot.channel import SlackChannel
from bot.connection import SlackSettings
from delivery.reach import Found, LookUp
from delivery.smtp import SmtpChannel
from delivery.webhook import WebhookChannel
from playbooks.load import parse
from playbooks.playbook import Playbook
from scoring.load import shipped
from service import unsubscribe, webhooks
from service.advance import advance
from service.answered import answer_step
from service.deliver import deliver
from service.ports import Channel, House, MailPolicy
from service.rescore import rescore
from service.steps import acknowledge, approve
from storage import customers, people, plays
from storage.activity import append_events
from storage.customers import CustomerFields, upsert_customers
from storage.database import Database
from storage.records import TicketFields, upsert_tickets
from tests.builders import new_event

DAYS: Final = (1, 2, 3)
ROOMS: Final = (1, 2, 3)
# They look on while others fall.
UNMOVED: Final = 2
# A Sunday: what follows happens on working days.
DAY_0: Final = date(2026, 5, 3)
# After so long a killed process's leases have run out, and its work is taken over.
LAPSE: Final = timedelta(minutes=10)
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


def playbooks() -> tuple[Playbook, ...]:
    """Return a playbook for each segment, with a room of its own."""
    return tuple(parse(PLAYBOOK.format(number=n), f"fall-{n}.yaml") for n in ROOMS)


def house(database: Database) -> House:
    """Return the house in which mail leaves unasked, unless a step asks."""
    return House(
        database=database,
        model=shipped(),
        playbooks=playbooks(),
        mail=MailPolicy("Success <success@ours.example>", "automatic", "https://b.example", SECRET),
        zone=ZoneInfo("UTC"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


def csm(number: int) -> str:
    return f"csm-{number}@ours.example"


def contact(number: int) -> str:
    return f"pat-{number}@theirs.example"


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
    _click(here, number, clock, act)
    _deliver(here, outside, clock, act)


def _a_day_later(here: House, outside: Outside, number: int, clock: ReplayClock, act: Act) -> None:
    act("advance")
    advance(here, now=clock.now())
    _deliver(here, outside, clock, act)
    act("unsubscribe")
    _leave(here, number, clock)


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


def _click(here: House, number: int, clock: ReplayClock, act: Act) -> None:
    """Let the CSM take on what nobody has, and say yes to what waits."""
    with here.database.reading() as tx:
        member = people.member_by_email(tx, csm(number))
        customer = customers.customer_by_key(tx, f"c{number}")
        assert member is not None
        assert customer is not None
        ours = plays.open_plays(tx, [customer.id]).get(customer.id, ())
        steps = [step for play in ours for step in plays.steps_of(tx, play.id)]
    for play in ours:
        act("click")
        acknowledge(here, play.id, replace(member, role="csm"), now=clock.now())
    for step in steps:
        match step.state:
            case "waiting_approval":
                act("approve")
                approve(here, step.id, replace(member, role="csm"), now=clock.now())
            case "waiting_answer":
                act("answer")
                answer_step(here, step.id, replace(member, role="csm"), "left", now=clock.now())


def _leave(here: House, number: int, clock: ReplayClock) -> None:
    """Let the customer follow the link in the mail."""
    with here.database.reading() as tx:
        customer = customers.customer_by_key(tx, f"c{number}")
        assert customer is not None
        found = customers.primary_contact(tx, customer.id)
    assert found is not None
    token = unsubscribe.link(here.mail, found).rpartition("/")[2]
    unsubscribe.unsubscribe(here, token, now=clock.now())
