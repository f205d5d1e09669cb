"""Each of the ten playbooks that ship, lived through: what it says, to whom, and when it ends."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from playbooks.load import shipped
from playbooks.playbook import Playbook
from playbooks.steps import Webhook
from service.answered import Done, answer_step
from service.ports import House
from storage import people, plays
from storage.outbox import Message
from templates.errors import TemplateFailed
from templates.render import words
from tests.service.stage import CSM, Story
from tests.service.weeks import moves_on, someone, steps_of, story_of

BOSS = "max@bellwether.example"
BOOKS = {playbook.name: playbook for playbook in shipped()}
CONTEXT: dict[str, object] = {
    "customer": {"name": "Acme", "arr": 90_000, "csm": "Carla"},
    "play": {"reason": "From at-risk to churn-risk: 72 to 41.", "band": "churn-risk", "score": 41},
    "answers": {},
}
TEXTS = [(name, text) for name, book in BOOKS.items() for text in book.texts()]


def book(name: str, **changed: object) -> Playbook:
    return BOOKS[name].model_copy(update=changed)


def in_bands(name: str) -> Playbook:
    """Return the playbook for a fall into the one bad band that the default model has."""
    when = BOOKS[name].when.model_copy(update={"bands": ("churn-risk",)})
    return book(name, when=when)


def with_boss(story: Story) -> Story:
    with story.house.database.transaction() as tx:
        boss = people.upsert_member(tx, BOSS, "Max", role="manager")
        carla = people.member_by_email(tx, CSM)
        assert carla is not None
        people.name_stand_ins(tx, carla.id, manager_id=boss.id)
    return story


def posts(story: Story) -> list[Message]:
    return [each for each in story.slack.sent if each.body["view"] == "slack_post"]


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_every_word_of_slack_fills_in_and_is_harmless_whoever_it_is_about(
    name: str, text: str
) -> None:
    said = words(name, text, CONTEXT)
    hostile = {"name": "<!channel> {{7*7}}\u202e\r\n*x*", "arr": 1, "csm": "<@U1>"}
    again = words(name, text, CONTEXT | {"customer": hostile})

    assert "{{" not in said
    assert "None" not in said
    assert "49" not in again
    assert "\u202e" not in again
    assert "\n" not in again


@pytest.mark.parametrize(
    ("name", "text"), [one for one in TEXTS if "{{ customer.name }}" in one[1]]
)
def test_a_missing_field_fails_every_word_that_asks_for_it(name: str, text: str) -> None:
    with pytest.raises(TemplateFailed, match="name"):
        words(name, text, CONTEXT | {"customer": {"arr": 1, "csm": "Carla"}})


def test_no_shipped_playbook_calls_an_endpoint_nobody_configured() -> None:
    steps = [step for each in BOOKS.values() for step in each.then]

    assert [step for step in steps if isinstance(step, Webhook)] == []


@pytest.mark.slow
def test_new_at_risk_tells_drafts_asks_and_surveys_after_three_days(house: House) -> None:
    story = story_of(house, BOOKS["new-at-risk"])
    story.days_at(80, 60)
    found = steps_of(story, "new-at-risk")
    assert {name: step.state for name, step in found.items()} == {
        "alert": "done",
        "outreach": "waiting_approval",
        "call": "to_do",
        "patience": "scheduled",
    }
    assert "training session" in found["outreach"].body["mail"]["text"]
    assert found["call"].body["title"] == "Call Acme and ask what has changed"

    moves_on(story, found["patience"].due_at)

    survey = steps_of(story, "new-at-risk")["improve"]
    assert survey.state == "waiting_approval"
    assert "What should we improve?" in survey.body["mail"]["text"]
    assert story.email.sent == []


def test_churn_risk_alerts_at_once_escalates_offers_and_asks_why(house: House) -> None:
    story = with_boss(story_of(house, BOOKS["churn-risk"]))
    story.days_at(72, 41)
    found = steps_of(story, "churn-risk")
    assert story.slack.sent[0].body["urgent"] is True
    assert {name: step.state for name, step in found.items()} == {
        "alert": "done",
        "attention": "scheduled",
        "outreach": "waiting_approval",
        "call": "to_do",
        "cause": "waiting_answer",
        "free-months": "waiting_answer",
        "discount": "waiting_answer",
    }
    assert [each["name"] for each in found["cause"].body["answers"]] == [
        "price",
        "features",
        "support",
        "other",
    ]

    moves_on(story, found["attention"].due_at)

    told = [each.recipient for each in story.slack.sent if each.body["view"] == "escalation"]
    assert told == [f"member:{BOSS}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("offer", "mail", "words_in_it"),
    [
        ("free-months", "free-months-mail", "Three months free of charge"),
        ("discount", "discount-mail", "a discount if you renew early"),
    ],
)
def test_an_offer_of_churn_risk_needs_a_yes_and_then_another(
    house: House, offer: str, mail: str, words_in_it: str
) -> None:
    story = story_of(house, BOOKS["churn-risk"])
    story.days_at(72, 41)
    carla = someone(story.house)

    answers_in(story, "churn-risk", offer, "yes")

    step = steps_of(story, "churn-risk")[mail]
    assert step.state == "waiting_approval"
    assert words_in_it in step.body["mail"]["text"]
    assert carla.role == "csm"
    assert story.email.sent == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "begun"),
    [
        ("save", {"save-list", "custom-plan"}),
        ("offboard", {"offboard-list", "offboard-mail", "offboard-tag"}),
    ],
)
def test_critical_save_lets_choose_and_either_way_leaves_a_checklist(
    house: House, answer: str, begun: set[str]
) -> None:
    story = story_of(house, in_bands("critical-save"))
    story.days_at(72, 41)
    before = set(steps_of(story, "critical-save"))

    answers_in(story, "critical-save", "course", answer)

    after = steps_of(story, "critical-save")
    assert set(after) - before == begun
    checklist = after[f"{answer}-list"]
    assert checklist.state == "to_do"
    assert len(checklist.body["checklist"]) == 5


@pytest.mark.slow
@pytest.mark.parametrize(("arr", "told"), [(Decimal(90_000), [f"member:{BOSS}"]), (Decimal(9), [])])
def test_fast_drop_tells_the_manager_too_where_much_is_at_stake(
    house: House, arr: Decimal, told: list[str]
) -> None:
    story = with_boss(story_of(house, BOOKS["fast-drop"], arr=arr))
    story.days_at(95)
    falls(story, 78, -17)

    assert [each.recipient for each in posts(story)] == told
    assert {"alert", "look"} <= set(steps_of(story, "fast-drop"))


def test_a_drop_that_another_playbook_answered_is_not_told_again(house: House) -> None:
    story = story_of(house, BOOKS["churn-risk"], BOOKS["fast-drop"])
    story.days_at(72)
    falls(story, 41, -31)
    for _ in range(20):
        falls(story, 41, 0, -31)

    with story.house.database.reading() as tx:
        opened = [play.playbook for play in plays.plays_of(tx, story.customer.id)]
    assert opened == ["churn-risk"]


def answers_in(story: Story, playbook: str, step: str, answer: str) -> None:
    number = steps_of(story, playbook)[step].id
    later = story.watch.now() + timedelta(hours=1)
    done = answer_step(story.house, number, someone(story.house), answer, now=later)
    assert isinstance(done, Done)


def falls(story: Story, value: float, week: int, month: int | None = None) -> None:
    """Live a day on which so many points were lost over a week, and perhaps a month."""
    lost = Decimal(month) if month is not None else None
    seen = replace(story.look(value), change_7=Decimal(week), change_30=lost)
    story.live_seen(seen)
    story.deliver()
