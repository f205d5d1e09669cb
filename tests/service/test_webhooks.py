"""Endpoints as their operator meets them, and messages to them from the outbox to their end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service import webhooks
from service.errors import (
    Away,
    Lost,
    Refused,
    RotatedBefore,
    TryLater,
    UnknownWebhook,
    WebhookInvalid,
)
from service.outcomes import LONGEST_WEBHOOK_WAIT, wait
from service.ports import House
from service.words import WEBHOOK, WEBHOOK_FRESH
from storage import audit, outbox
from storage.errors import AlreadyThere, Busy
from storage.outbox import Message, NewMessage
from tests.service.stage import Story, Watch, Wire, acme, morning
from tests.storage.racing import race

NOW = morning(0)
BY = "ann@ours.example"


def add(house: House, name: str = "crm", url: str = "https://crm.example/hook") -> str:
    return webhooks.add(house, name, url, inside=False, by=BY, now=NOW)


class Post:
    """Messages to endpoints, a wire they leave by, and Slack."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.watch = Watch(NOW)
        self.wire, self.slack = Wire("webhook", self.watch), Wire("slack", self.watch)

    def tell(self, key: str, name: str = "crm", play_id: int | None = None) -> None:
        now = self.watch.now()
        new = NewMessage(
            key=key, channel=WEBHOOK, recipient=name, body=webhooks.body("x", {}, now),
            play_id=play_id, step_id=None, customer_id=None, due_at=now,
            expires_at=now + WEBHOOK_FRESH, verb="post", root_key=None,
        )  # fmt: skip
        with self.house.database.transaction() as tx:
            outbox.enqueue(tx, [new], now=now)

    def deliver(self) -> None:
        from service.deliver import deliver  # noqa: PLC0415 - here, for the name is the method's

        deliver(self.house, {"slack": self.slack, "webhook": self.wire}, self.watch)

    def at(self, key: str) -> Message:
        with self.house.database.reading() as tx:
            found = outbox.message_by_key(tx, key)
        assert found is not None
        return found

    def told(self) -> list[str]:
        """Return what the operator was told."""
        return [str(each.body["text"]) for each in self.slack.sent]


@pytest.fixture
def post(house: House) -> Post:
    add(house)
    return Post(house)


def test_the_secret_is_of_the_convention_s_form_and_no_two_are_alike(house: House) -> None:
    first, second = add(house), add(house, "erp")

    assert first.startswith("whsec_")
    assert first != second
    assert repr(webhooks.listed(house)) == "(Endpoint('crm'), Endpoint('erp'))"


def test_the_database_alone_does_not_sign(house: House) -> None:
    add(house)
    thief = replace(house, mail=replace(house.mail, secret=b"another house's secret"))
    (kept,) = webhooks.listed(house)

    assert webhooks.signing_key(house, kept) != webhooks.signing_key(thief, kept)
    assert not any(value in repr(kept) for value in (kept.url, kept.nonce))


def test_a_name_is_given_once(house: House) -> None:
    add(house)

    with pytest.raises(AlreadyThere):
        add(house)


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/hook", "ftp://crm.example", "https://", "https:///hook", "crm.example",
        "https://user:pass@crm.example/", "https://user@crm.example/", "https://crm.example/#x",
        "https://crm.example:99999/", "https://crm.example:0/", "https://crm.example/a b",
        "https://crm.example/a\r\nHost: evil", "https://[::1/", "https://crm.example/" + "a" * 3000,
        "https://" + "a" * 70 + ".example/", "https://crm.example/ü", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_an_address_that_would_not_do_is_refused_without_being_shown(
    house: House, url: str
) -> None:
    with pytest.raises(WebhookInvalid) as caught:
        add(house, url=url)

    assert "crm.example" not in str(caught.value)
    assert webhooks.listed(house) == ()


def test_http_is_for_one_s_own_network_only() -> None:
    target = webhooks.target("http://n8n.internal/hook", inside=True)

    assert (target.host, target.port, target.tls) == ("n8n.internal", 80, False)
    assert webhooks.target("https://bücher.example", inside=False).host == "xn--bcher-kva.example"


def test_a_third_secret_waits_for_the_first_to_end_unless_it_is_known_to_others(
    house: House,
) -> None:
    first = add(house)
    second = webhooks.rotate(house, "crm", at_once=False, by=BY, now=NOW)
    soon = NOW + timedelta(hours=23)

    with pytest.raises(RotatedBefore, match="--at-once"):
        webhooks.rotate(house, "crm", at_once=False, by=BY, now=soon)
    third = webhooks.rotate(house, "crm", at_once=True, by=BY, now=soon)

    (kept,) = webhooks.listed(house)
    assert len({first, second, third}) == 3
    assert kept.nonces(soon) == (kept.nonce,)
    assert webhooks.rotate(house, "crm", at_once=False, by=BY, now=soon) not in {first, third}
    with house.database.reading() as tx:
        acts = [each.details for each in audit.recent(tx) if each.action == "webhook-rotate"]
    assert acts == [{"at_once": False}, {"at_once": True}, {"at_once": False}]


def test_of_two_who_rotate_at_once_one_does(house: House) -> None:
    add(house)

    def turn(_: int) -> str | None:
        try:
            return webhooks.rotate(house, "crm", at_once=False, by=BY, now=NOW)
        except (RotatedBefore, Busy):
            return None

    secrets = [each for each in race(turn, runners=4) if each is not None]

    (kept,) = webhooks.listed(house)
    assert len(secrets) == 1
    assert len(kept.nonces(NOW)) == 2


@pytest.mark.parametrize("name", ["", "CRM", "a b", "-a", "a/b", "a" * 64, "é"])
def test_a_name_is_plain(house: House, name: str) -> None:
    with pytest.raises(WebhookInvalid):
        add(house, name)


def test_what_nobody_added_cannot_be_switched_or_tried(house: House) -> None:
    for act in (webhooks.disable, webhooks.enable, webhooks.try_out):
        with pytest.raises(UnknownWebhook):
            act(house, "crm", by=BY, now=NOW)


def test_rule_13_410_switches_the_endpoint_off_and_the_operator_hears_of_it_once(
    post: Post,
) -> None:
    post.tell("one")
    post.tell("two")
    post.wire.troubles = [Refused("webhook-410")]

    post.deliver()
    post.deliver()

    (endpoint,) = webhooks.listed(post.house)
    assert endpoint.disabled_reason == "webhook-410"
    assert (post.at("one").state, post.at("two").state) == ("failed", "cancelled")
    assert post.at("two").error == "the webhook endpoint crm is switched off"
    assert len(post.told()) == 1
    assert "bellwether webhooks enable crm" in post.told()[0]


def test_an_endpoint_switched_on_again_is_told_again(post: Post) -> None:
    webhooks.disable(post.house, "crm", by=BY, now=NOW)
    webhooks.enable(post.house, "crm", by=BY, now=NOW)
    post.tell("one")

    post.deliver()

    assert post.at("one").state == "sent"


def test_a_message_to_an_endpoint_that_is_not_there_is_dropped_with_the_reason(post: Post) -> None:
    post.tell("one", name="nobody")

    post.deliver()

    assert post.at("one").error == "there is no webhook endpoint named nobody"


def test_rule_13_tried_again_for_days_ever_more_rarely_and_then_dropped_and_told(
    post: Post,
) -> None:
    post.tell("one")
    post.wire.troubles = [TryLater(30, "webhook-500")] * 99
    tries = []

    while post.at("one").state == "pending":
        post.deliver()
        tries.append(post.watch.now())
        with post.house.database.reading() as tx:
            post.watch.time = outbox.next_ready(tx) or post.watch.time

    dropped = post.at("one")
    assert dropped.state == "cancelled"
    assert dropped.error == "could not be delivered in time: webhook-500"
    assert 8 <= dropped.attempts <= 25
    assert tries[-1] - tries[0] > timedelta(days=2)
    assert any("did not take a message for days" in text for text in post.told())


def test_waits_are_jittered_and_grow_to_half_a_day(post: Post) -> None:
    post.tell("one")
    post.tell("two")
    one, two = post.at("one"), post.at("two")

    waits = [wait(replace(one, attempts=attempt)) for attempt in range(14)]

    assert waits[0] < timedelta(minutes=1)
    assert LONGEST_WEBHOOK_WAIT / 2 <= waits[-1] <= LONGEST_WEBHOOK_WAIT
    assert wait(replace(two, attempts=5)) != waits[5]


@pytest.mark.parametrize("trouble", [Away(30, "webhook-x-connect"), Lost("webhook-x-answer")])
def test_an_endpoint_that_does_not_answer_costs_one_deadline_and_the_others_nothing(
    post: Post, trouble: Exception
) -> None:
    add(post.house, "erp")
    for number in range(5):
        post.tell(f"crm/{number}")
    post.tell("erp/0", name="erp")
    post.wire.troubles = [trouble]

    post.deliver()

    assert [each.key for each in post.wire.sent] == ["erp/0"]
    assert [post.at(f"crm/{number}").attempts for number in range(5)] == [1, 0, 0, 0, 0]
    post.watch.time += timedelta(minutes=6)
    post.deliver()
    assert {post.at(f"crm/{number}").state for number in range(5)} == {"sent"}


def test_one_message_the_endpoint_chokes_on_does_not_keep_the_others_back(post: Post) -> None:
    post.tell("bad")
    post.tell("good")
    post.wire.troubles = [TryLater(30, "webhook-500")]

    post.deliver()

    assert (post.at("bad").state, post.at("good").state) == ("pending", "sent")


def test_a_fault_of_our_own_is_tried_a_few_times_and_then_told(post: Post) -> None:
    post.tell("one")
    post.wire.troubles = [RuntimeError("boom")] * 9

    for _ in range(9):
        post.deliver()
        post.watch.time += timedelta(hours=1)

    assert post.at("one").state == "failed"
    assert len(post.told()) == 1


def test_rule_10_a_message_of_a_play_that_is_over_is_not_sent(post: Post) -> None:
    story = Story(post.house, acme(post.house))
    story.days_at(72, 41)
    post.watch.time = story.watch.now()
    post.tell("one", play_id=story.play().id)
    story.day_at(72)
    post.watch.time = story.watch.now()

    post.deliver()

    assert post.at("one").state == "cancelled"
    assert post.wire.sent == []
