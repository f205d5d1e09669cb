"""A playbook that lives for weeks, and what its stories ask of the house."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from playbooks.load import parse
from playbooks.playbook import Playbook
from service.advance import Advanced, advance
from service.answered import answer_step, finish_task
from service.ports import House
from service.steps import Outcome
from storage import people, plays, snapshots
from storage.people import Member
from storage.plays import Step
from tests import builders
from tests.service.stage import Story, acme

PLAYBOOK = """
name: weeks
version: 1
title: A play of weeks
when: {kind: enters_band, bands: [churn-risk]}
then:
  - {step: alert, kind: slack_alert, text: "Save {{ customer.name }}.", urgent: true}
  - {step: attention, kind: escalate, within_business_hours: 4}
  - step: cause
    kind: question
    text: "Why does {{ customer.name }} leave?"
    answers:
      - answer: price
        title: The price
        then:
          - {step: discount, kind: offer, offer: discount, text: "Offer 20 %?",
             then: [{step: letter, kind: email, template: outreach_churn_risk, from: house}],
             otherwise: [{step: noted, kind: tag, add: [no-discount]}]}
      - {answer: other, title: Something else}
  - {step: rest, kind: wait, business_days: 3}
  - step: fork
    kind: branch
    if: {kind: answered, step: cause, is: price}
    then: [{step: paid, kind: slack_post, to: "#finance", text: "It is about the price."}]
    otherwise: [{step: asked, kind: slack_post, to: csm, text: "Nobody knows why yet."}]
  - {step: call, kind: task, title: "Call {{ customer.name }}", due_in_business_days: 2}
  - {step: later, kind: wait, days: 7}
  - {step: end, kind: stop, reason: Three weeks have passed.}
"""


def weeks(**changed: str) -> Playbook:
    """Return the playbook, with some words of it replaced."""
    text = PLAYBOOK
    for old, new in changed.items():
        text = text.replace(old, new)
    return parse(text, "weeks.yaml")


def story_of(house: House, *playbooks: Playbook, **fields: Any) -> Story:
    """Return Acme's story in a house with just these playbooks."""
    return Story(replace(house, playbooks=playbooks or (weeks(),)), acme(house, **fields))


def moves_on(story: Story, now: datetime) -> Advanced:
    """Let the tick come at this moment, and deliver what came of it."""
    story.watch.time = now
    done = advance(story.house, now=now)
    story.deliver()
    return done


def stands_at(story: Story, score: float, band: str) -> None:
    """Store a newer score of the customer without asking any playbook."""
    now = builders.current(
        story.customer.id,
        model=story.house.model.name,
        version=story.house.model.version,
        score=Decimal(score),
        band=band,
    )
    with story.house.database.transaction() as tx:
        snapshots.put_current(tx, [replace(now, as_of=story.watch.now().date())])


def steps_of(story: Story, playbook: str = "weeks") -> dict[str, Step]:
    """Return the newest play's steps by name and, from the second, occurrence."""
    with story.house.database.reading() as tx:
        found = plays.steps_of(tx, story.play(playbook).id)
    return {f"{one.name}{one.occurrence if one.occurrence > 1 else ''}": one for one in found}


def someone(house: House, address: str = "carla@bellwether.example") -> Member:
    """Return one of us by address."""
    with house.database.reading() as tx:
        found = people.member_by_email(tx, address)
    assert found is not None
    return found


def answers(story: Story, step: str, answer: str, who: str = "carla@bellwether.example") -> Outcome:
    """Let somebody answer a step now."""
    number = steps_of(story)[step].id
    member = someone(story.house, who)
    return answer_step(story.house, number, member, answer, now=story.watch.now())


def finishes(story: Story, step: str) -> Outcome:
    """Let Carla finish a task now."""
    number = steps_of(story)[step].id
    return finish_task(story.house, number, someone(story.house), now=story.watch.now())
