"""A customer falls, and another system hears of it: signed, and only while it is true."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from delivery.webhook import WebhookChannel
from playbooks.load import parse
from service import webhooks
from service.deliver import deliver
from service.ports import House
from storage import outbox
from tests.delivery.receiver import Receiver, answering
from tests.service.stage import Story
from tests.service.weeks import story_of

PLAYBOOK = """
name: tell-the-crm
version: 1
title: Tell the CRM
description: Tells the CRM who fell.
when: {kind: enters_band, bands: [churn-risk]}
then:
  - {step: alert, kind: slack_alert, to: csm}
  - step: crm
    kind: webhook
    endpoint: crm
    event: customer.fell
    fields: {owner: "{{ customer.csm }}"}
"""


@pytest.fixture
def crm() -> Iterator[Receiver]:
    there = Receiver(socket.create_server(("127.0.0.1", 0)))
    threading.Thread(target=there.serve, daemon=True).start()
    yield there
    there.closing.set()
    there.door.shutdown(socket.SHUT_RDWR)
    there.door.close()


@pytest.fixture
def story(house: House) -> Story:
    return story_of(house, parse(PLAYBOOK, "tell-the-crm.yaml"))


def out(story: Story) -> None:
    """Let out what is due, to Slack and to the CRM."""
    channel = WebhookChannel(story.house, story.watch)
    deliver(story.house, {"slack": story.slack, "webhook": channel}, story.watch)


def state(story: Story) -> str:
    with story.house.database.reading() as tx:
        (call,) = (
            one for one in outbox.messages_of(tx, story.customer.id) if one.channel == "webhook"
        )
    return call.state


def test_a_fall_is_told_once_signed_and_with_the_facts(story: Story, crm: Receiver) -> None:
    secret = webhooks.add(
        story.house, "crm", crm.url(), inside=True, by="ann", now=story.watch.now()
    )
    story.days_at(72)
    story.day_at(41)

    out(story)
    out(story)

    (heard,) = crm.heard
    known, moment = heard.headers["webhook-id"], story.watch.now()
    told = json.loads(heard.body)
    signed = Webhook(secret).sign(msg_id=known, timestamp=moment, data=heard.body.decode())
    assert heard.headers["webhook-signature"] == signed
    assert told["type"] == "customer.fell"
    assert told["data"]["customer"] == {"key": "acme", "name": "Acme"}
    assert told["data"]["owner"] == "Carla"
    assert (told["data"]["band"], told["data"]["score"]) == ("churn-risk", "41.00")
    assert state(story) == "sent"


def test_a_system_that_is_away_hears_of_it_when_it_is_back_under_the_same_id(
    story: Story, crm: Receiver
) -> None:
    webhooks.add(story.house, "crm", crm.url(), inside=True, by="ann", now=story.watch.now())
    crm.answer = answering("503 Back soon")
    story.days_at(72)
    story.day_at(41)
    out(story)
    story.watch.time += timedelta(hours=30)
    crm.answer = answering()

    out(story)

    assert state(story) == "sent"
    first, second = crm.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_fall_that_is_over_before_the_system_is_back_is_not_told(
    story: Story, crm: Receiver
) -> None:
    webhooks.add(story.house, "crm", crm.url(), inside=True, by="ann", now=story.watch.now())
    crm.answer = answering("503 Back soon")
    story.days_at(72)
    story.day_at(41)
    out(story)
    story.day_at(72)
    crm.answer = answering()

    out(story)

    assert state(story) == "cancelled"
    assert len(crm.heard) == 1
