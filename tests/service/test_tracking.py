"""Counted links: off unless wanted, nobody's words changed, and no more known than a count."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlsplit

import pytest

from service import overseeing, privacy, retain, tracking
from service.approving import edit, shown_words
from service.draft import fingerprint
from service.ports import House, Keep, MailPolicy, Tracking
from service.reword import Words, words_of
from service.tracking import AT_ONCE, Followed
from storage import customers, outbox
from storage.endings import close_plays
from storage.mail_seen import Seen
from storage.outbox import Message
from tests.builders import NOON, a_play, message
from tests.builders import customers as enrol
from tests.service.stage import Story, acme, approved, mail, member
from tests.service.test_links import Reader

GUIDE, PLANS = "https://acme.example/guide?a=1&b=2", "http://plans.example"
PAT = "pat@acme.example"
LATER = NOON + timedelta(hours=1)
POLICY = MailPolicy(
    "a@b.example", "automatic", "https://us.example/bw", b"a secret", tracking="all"
)
LETTER = Message(
    id=7, key="customer/1/a/b/c/1", channel="email", recipient=PAT, play_id=1, step_id=1,
    customer_id=1, due_at=NOON, expires_at=None, verb="post", root_key=None, state="sending",
    attempts=1, reference=None, lease_until=None, held_by=None, error=None,
    body={"headers": {"List-Unsubscribe": "<https://old.example/unsubscribe/1.a>"}},
)  # fmt: skip


def wanting(house: House, what: Tracking) -> House:
    return replace(house, mail=replace(house.mail, tracking=what))


def letter(*targets: str, **changed: Any) -> Message:
    """Return a mail with these links."""
    html = " ".join(f'<a href="{escape(target)}">A</a>' for target in targets)
    return replace(LETTER, body={**LETTER.body, "html": html}, **changed)


def html(policy: MailPolicy, one: Message) -> str:
    return str(tracking.worn(policy, one).body["html"])


def tokens(policy: MailPolicy, one: Message) -> list[str]:
    """Return the tokens of a mail's links, in their order."""
    links = Reader(html(policy, one)).links
    return [link.rpartition("/")[2] for link in links if tracking.PATH in link]


def opening(policy: MailPolicy, one: Message) -> str:
    picture = html(policy, one).rpartition('<img src="')[2].partition('"')[0]
    return picture.rpartition("/")[2]


@pytest.fixture
def counting(house: House) -> House:
    """Let a mail of an alert have gone to Pat at noon, in a house that counts everything."""
    (owner,) = enrol(house.database, "acme", contact_email=PAT)
    with house.database.transaction() as tx:
        play = a_play(tx, owner, root_key="alert")
        assert play is not None
        alert = message("alert", play_id=play.id, customer_id=owner)
        new = message(
            "mail", channel="email", recipient=PAT, play_id=play.id, customer_id=owner,
            body=letter(GUIDE, PLANS).body,
        )  # fmt: skip
        outbox.enqueue(tx, [alert, new], now=NOON)
        for one in outbox.claim(tx, NOON, timedelta(minutes=1), 2):
            outbox.settle(tx, one.id, "sent", now=NOON)
    return wanting(house, "all")


def kept(house: House) -> Message:
    with house.database.reading() as tx:
        found = outbox.message_by_key(tx, "mail")
    assert found is not None
    return found


def follow(house: House, token: str, *, doubtful: bool = False, minutes: int = 60) -> Followed:
    found = tracking.followed(house.mail, token)
    assert found is not None
    tracking.note(house, found, doubtful=doubtful, now=NOON + timedelta(minutes=minutes))
    return found


def seen(house: House) -> Sequence[Seen]:
    return overseeing.play_view(house, kept(house).play_id or 0).seen


def written(house: House) -> Story:
    """Let a mail in Carla's words, with links, be approved and go to Pat."""
    story = Story(house, acme(house))
    story.days_at(72, 41)
    step = story.mail_step()
    words = words_of(step.body["mail"])
    text = f"{words.text}\n\nSee {GUIDE} and {PLANS} and once more {GUIDE}"
    edit(
        house, step.id, member(house), Words(words.subject, text), seen=shown_words(step),
        now=story.watch.now(),
    )  # fmt: skip
    approved(story).deliver()
    return story


def test_nothing_is_counted_unless_it_is_wanted(house: House) -> None:
    story = written(house)

    assert house.mail.tracking == "off"
    assert story.email.sent[-1].body == mail(story).body


def test_what_was_approved_is_what_is_sent_but_for_where_its_links_lead(house: House) -> None:
    story = written(wanting(house, "all"))

    frozen, sent = mail(story).body, story.email.sent[-1].body
    links = Reader(str(sent["html"])).links
    found = [tracking.followed(story.house.mail, link.rpartition("/")[2]) for link in links]
    assert [each.target for each in found if each] == [GUIDE, PLANS, GUIDE]
    assert fingerprint(frozen) == story.mail_step().body["fingerprint"]
    assert {name for name in sent if sent[name] != frozen[name]} == {"html"}
    assert Reader(str(sent["html"])).words == Reader(str(frozen["html"])).words
    own = [link for link in links if urlsplit(link).netloc == "bellwether.example"]
    way_out = str(sent["headers"]["List-Unsubscribe"]).strip("<>")
    assert [link for link in own if tracking.PATH not in link] == [way_out]


@pytest.mark.parametrize(
    "target",
    [
        "mailto:pat@acme.example", "javascript:alert(1)", "/guide", "#top", "ftp://a.example/",
        "https:///guide", "https://user:word@a.example/", "https://a.example/ b",
        "https://a.example\\@b.example/", "https://bücher.example/", "https://[::1/",
        "https://a.example/" + "x" * 1000, "https://us.example/bw/survey/1.a.b",
        "HTTPS://US.EXAMPLE/bw/u/1.a", "https://old.example/survey/1.a.b",
    ],
)  # fmt: skip
def test_what_is_no_plain_link_to_the_web_or_is_a_way_out_is_left_alone(target: str) -> None:
    assert tokens(POLICY, letter(target)) == []


def test_a_neighbour_of_ours_is_not_us() -> None:
    assert len(tokens(POLICY, letter("https://us.example/bwana", "https://us.example/"))) == 2


def test_however_often_it_is_tried_it_is_the_same_letter() -> None:
    again = [tracking.worn(POLICY, letter(GUIDE, PLANS)) for _ in range(2)]

    assert again[0] == again[1]


def test_mail_to_one_of_us_is_never_counted() -> None:
    inside = letter(GUIDE, customer_id=None)

    assert tracking.worn(POLICY, inside) == inside


def test_clicks_alone_bring_no_picture() -> None:
    policy = replace(POLICY, tracking="clicks")

    assert "<img" not in html(policy, letter(GUIDE))
    assert len(tokens(policy, letter(GUIDE))) == 1


def test_what_will_be_counted_is_foreseen_and_nothing_where_there_is_nothing() -> None:
    clicks = replace(POLICY, tracking="clicks")
    own, guide = letter("https://us.example/bw/u/1.a").body, letter(GUIDE).body

    assert [tracking.foreseen(clicks, each) for each in (own, guide, {})] == [
        "off", "clicks", "off",
    ]  # fmt: skip
    assert tracking.foreseen(POLICY, own) == "all"
    assert tracking.foreseen(replace(POLICY, tracking="off"), guide) == "off"


def test_a_token_is_ours_or_none() -> None:
    (token,) = tokens(POLICY, letter(GUIDE))
    stranger = replace(POLICY, secret=b"another house's secret")
    forged = [token[:-2], f"{token}AA", token[::-1], "", "A" * 40, "é", "A" * 3000, "..", "%00"]

    assert tracking.followed(POLICY, token) == Followed(7, tracking.mark(POLICY, LETTER), 1, GUIDE)
    assert all(tracking.followed(POLICY, each) is None for each in forged)
    assert tracking.followed(stranger, token) is None


def test_what_was_done_is_counted_a_row_a_link(counting: House) -> None:
    guide, plans = tokens(counting.mail, kept(counting))
    follow(counting, guide)
    follow(counting, guide, minutes=120)
    for token in (plans, opening(counting.mail, kept(counting))):
        follow(counting, token)
    follow(counting, plans, minutes=0)
    follow(counting, plans, doubtful=True)

    found = [(each.kind, each.target, each.times, each.doubtful) for each in seen(counting)]

    # What is followed within a minute of the mail's leaving is mostly a filter on the way.
    assert timedelta(0) < AT_ONCE
    assert found == [("open", None, 1, 0), ("click", GUIDE, 2, 0), ("click", PLANS, 3, 2)]
    assert seen(counting)[1].last_at - seen(counting)[1].first_at == timedelta(hours=1)
    assert "3 times, 2 of them by a machine as it seems" in tracking.told(seen(counting)[2])
    assert not {"event", "activity_day", "activity_span"} & set(privacy.export(counting, "acme"))


def test_an_opening_is_told_as_the_hint_it_is() -> None:
    once = Seen(7, 0, "open", None, NOON, NOON, 1, 1)

    assert tracking.told(once).startswith("perhaps opened, by a machine as it seems: its picture")
    assert tracking.told(replace(once, times=2)).startswith("perhaps opened: its picture")


def test_the_alert_is_drawn_anew_at_what_is_news_and_no_oftener(counting: House) -> None:
    token = tokens(counting.mail, kept(counting))[0]
    follow(counting, token, doubtful=True)
    for _ in range(3):
        follow(counting, token)

    with counting.database.reading() as tx:
        waiting = outbox.messages_of(tx, kept(counting).customer_id or 0)
    assert [each.verb for each in waiting if each.state == "pending"] == ["update"] * 2


@pytest.mark.slow
def test_what_is_not_wanted_any_more_is_not_counted(counting: House) -> None:
    picture = opening(counting.mail, kept(counting))

    follow(wanting(counting, "clicks"), picture)

    assert seen(counting) == ()


def test_who_has_unsubscribed_since_is_led_on_and_not_counted(counting: House) -> None:
    token = tokens(counting.mail, kept(counting))[0]
    with counting.database.transaction() as tx:
        customers.opt_out(tx, PAT, "unsubscribed", counting.mail.secret, LATER)

    found = follow(counting, token)

    assert found.target == GUIDE
    assert seen(counting) == ()


def test_who_was_erased_is_led_on_and_nothing_is_kept(counting: House) -> None:
    token = tokens(counting.mail, kept(counting))[0]
    follow(counting, token)
    (held,) = privacy.export(counting, "acme")["mail_seen"]
    erased = privacy.erase(counting, "acme", by="ann", now=LATER)

    found = follow(counting, token)

    assert held["target"] == GUIDE
    assert not {"ip", "address", "user_agent", "user"} & set(held)
    assert erased.rows["mail_seen"] == 1
    assert found.target == GUIDE


@pytest.mark.slow
def test_what_followed_another_mail_of_this_number_is_not_counted(counting: House) -> None:
    other = replace(kept(counting), key="customer/9/another/mail")

    follow(counting, tokens(counting.mail, other)[0])

    assert seen(counting) == ()


def test_counts_are_forgotten_with_their_mail(counting: House) -> None:
    follow(counting, tokens(counting.mail, kept(counting))[0])
    with counting.database.transaction() as tx:
        close_plays(tx, {kept(counting).play_id or 0: "over"}, LATER)
    short = replace(counting, keep=Keep(messages=timedelta(days=30)))

    gone = retain.retain(short, now=LATER + timedelta(days=4000))

    assert gone["plays"] == 1
    assert "mail_seen" not in privacy.export(counting, "acme")
