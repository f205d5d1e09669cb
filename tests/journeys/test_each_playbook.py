"""Each shipped playbook from trigger to end, as the CSM, the manager and the customer see it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.journeys.street import (
    BACKUP,
    EXECUTIVE,
    MANAGER,
    Street,
    calls,
    day,
    logins,
    street,
    usual,
    well_ended,
)

pytestmark = pytest.mark.slow
# What a customer must never read about themselves.
INTERNAL = re.compile(
    r"\b(score|churn|at[- ]risk|band|points?|health(y)?|playbook)\b", re.IGNORECASE
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Street]:
    with street(database_url, tmp_path) as open_street:
        yield open_street


def slips(here: Street, *, kept: int = 8, tickets: int = 0) -> None:
    """Let Acme stand at 85 on day 0, and keep but these of twenty logins on day 1."""
    here.acme()
    here.town.happen(*logins(-29, 20 - kept), *logins(-8, kept), *calls(-70, 20))
    here.seen_since(-6)
    here.mornings(0, 0)
    assert here.town.told() == []
    for number in range(tickets):
        here.town.ticket("acme", f"T-{number}", day(1))
    here.mornings(1, 1)


def comes_back(here: Street, first: int) -> None:
    """Let Acme log in twenty times more, and be seen to."""
    here.town.happen(*logins(first, 20))
    here.mornings(first, first)


def test_new_at_risk_from_the_first_word_to_thanks(here: Street) -> None:
    slips(here)

    # Carla reads what fell, and the mail that names it; it waits for her.
    said = here.reads()
    assert "Acme: At risk Healthy to At risk, 85.00 to 70.00 · Newly at risk" in said
    assert "Why Logins fell from 20 to 8 (" in said, said
    assert "Mail waiting for a yes, until" in said
    assert "Task: Call Acme and ask what has changed, by" in said
    assert here.mails() == []

    # She takes it, changes a word, and says yes: that very mail arrives, and the card says so.
    here.press("Acknowledge")
    here.answers("Edit", {"subject": "Half an hour, Dora?", "text": "Hello Dora,\n\nIs all well?"})
    here.press("Approve and send")
    (mail,) = here.mails()
    assert mail.message["Subject"] == "Half an hour, Dora?"
    assert "carla@ours.example" in mail.message["Reply-To"]
    assert "Mail sent, edited by Carla, approved by Carla" in here.reads()
    assert here.thread() == ["The mail “Half an hour, Dora?” is out."]
    here.press("Mark as done")
    assert "Task done: Call Acme and ask what has changed, by Carla" in here.reads()

    # Three business days later a survey waits for a yes, and the thread says which.
    here.goes_on(here.steps()["patience"].due_at)
    assert "A survey waits for your yes in the alert above: One question, Acme" in here.thread()[-1]
    here.press("Approve and send")
    survey = here.mails()[-1].message.get_body(("plain",))
    assert survey is not None
    text = survey.get_content()
    assert "1 is the worst, 5 the best." in text
    assert not INTERNAL.search(text.partition("-- ")[0]), text

    # Dora follows the link of the two, which changes nothing, and sends it in, which does.
    link = re.search(r"  2: https?://[^/]+(/survey/\S+)", text)
    assert link is not None
    with here.browser() as page:
        assert "One question" in page.get(link[1]).text
        assert here.steps()["improve"].answer is None
        form = "answer=2&comment=The+export+takes+too+long"
        sent = page.post(link[1].partition("?")[0], content=form, headers=FORM)
    assert "Your answer, 2, has arrived" in sent.text
    here.goes_on(here.town.clock.now() + timedelta(minutes=1))
    assert here.thread()[-1] == "Dora Dahl answered 2, of 1 to 5: “The export takes too long”"
    assert "Answered: 2, of 1 to 5 The export takes too long" in here.reads()

    # They use it again: the play is over, and says thanks.
    comes_back(here, 8)
    well_ended(here, "new-at-risk", "Back from at-risk to healthy, at 85")
    assert "Recovered. Thank you to everybody who acted." in here.thread()[-1]


def test_recovered_names_what_it_cancels_and_what_was_not_sent(here: Street) -> None:
    slips(here)

    comes_back(here, 2)

    well_ended(here, "new-at-risk", "Back from at-risk to healthy, at 85")
    note = here.thread()[-1]
    assert "Recovered. Thank you to everybody who acted." in note
    assert (
        "Cancelled, because it still waited: the mail “A free training session for Acme?”, "
        "the task “Call Acme and ask what has changed”, what was to follow."
    ) in note
    assert "Mail not sent: Back from at-risk to healthy" in here.reads()
    assert here.mails() == []


def test_churn_risk_goes_up_the_line_until_somebody_takes_it(here: Street) -> None:
    slips(here, kept=0, tickets=10)
    said = here.reads()
    assert "Acme: Churn risk Healthy to Churn risk, 85.00 to 50.00" not in said
    assert "Unless somebody acknowledges it, others are told" in said, said

    # Nobody takes it: Ben is told after four business hours, Mona after four more.
    here.goes_on(here.steps()["attention"].due_at)
    here.goes_on(here.steps()["attention"].due_at)
    for who in (BACKUP, MANAGER):
        (told,) = here.told(who)
        assert "Acme may leave, and nobody has taken the alert within four business hours." in told
        assert "acknowledge" in here.offered(who)
    assert "told Ben, the backup, <!date" in here.reads()
    assert "told Mona, the manager, <!date" in here.reads()

    # Mona takes it: nobody else is asked any more.
    here.town.click(here.town.sandbox.messages("@", MANAGER)[-1], "acknowledge", MANAGER)
    for who in (BACKUP, MANAGER):
        assert "Acknowledged by Mona" in here.told(who)[0]
        assert here.offered(who) == ["open"]
    assert "Acknowledged by Mona" in here.reads()

    # Carla answers why, says yes to one offer and no to the other; each mail is a mail of its own.
    here.press("Missing features")
    here.press("Yes")
    here.press("No")
    said = here.reads()
    assert "✅ Missing features, said Carla" in said
    assert "✅ Yes, said Carla" in said
    assert "✅ No, said Carla" in said
    assert here.thread()[-2:] == [
        "There is something new to do: Show Acme what is coming, with dates we can keep",
        "A mail waits for your yes in the alert above: Three months on us, Acme",
    ]
    here.press("Approve and send")
    here.press("Approve and send")
    first, second = *here.mails(EXECUTIVE), *here.mails()
    assert first.message["Subject"] == "Acme and us: may I call you?"
    assert second.message["Subject"] == "Three months on us, Acme"
    for mail in (first, second):
        text = mail.message.get_body(("plain",))
        assert text is not None
        assert not INTERNAL.search(text.get_content()), text.get_content()
    here.press("Done: Speak")
    here.press("Mark as done")

    comes_back(here, 3)
    well_ended(here, "churn-risk", "Back from churn-risk to at-risk, at")


@pytest.mark.parametrize("way", ["save", "offboard"])
def test_critical_save_asks_which_way_and_leaves_a_list(
    database_url: str, tmp_path: Path, way: str
) -> None:
    with street(database_url, tmp_path, BELLWETHER_MODEL="six-signal") as here:
        here.acme()
        used = [("acme", day(-29), "feature_used", {"feature": f"f{n}"}) for n in range(10)]
        here.town.happen(*logins(-29, 20), *used, *calls(-70, 20)[5:])
        here.mornings(0, 0)
        here.town.happen(*(("acme", day(1), "payment_failed", {"id": f"P{n}"}) for n in range(3)))
        here.mornings(1, 1)
        assert "Acme: Critical" in here.reads()
        assert "To choose, until" in here.reads()

        if way == "save":
            here.press("Save the deal")
            assert "Task: Save Acme, by" in here.reads()
            here.press("Yes")
            here.press("Approve and send")
            (mail,) = here.mails(EXECUTIVE)
            assert mail.message["Subject"] == "A plan made for Acme"
        else:
            here.press("Prepare offboarding")
            assert "Task: Part well with Acme, by" in here.reads()
            here.press("Approve and send")
            (mail,) = here.mails()
            assert mail.message["Subject"] == "Leaving us, Acme: how I can help"
        here.press("Mark as done")
        assert "others are told" not in here.reads()
        here.goes_on(here.steps()["attention"].due_at)
        assert here.told(BACKUP) == []
        here.press("Acknowledge")

        used = [("acme", day(3), "feature_used", {"feature": f"f{n}"}) for n in range(10)]
        here.town.happen(*logins(3, 20), *used)
        here.mornings(3, 3)
        well_ended(here, "critical-save", "Back from critical to ")


def test_fast_drop_shows_the_chart_and_tells_the_manager(here: Street) -> None:
    here.acme()
    for number in (90, 60, 30):
        here.town.invoice("acme", f"I-{number}", due=day(-number), paid=day(-number))
    here.town.happen(*logins(-29, 14), *logins(-8, 6), *calls(-70, 20))
    here.seen_since(-6)
    here.mornings(0, 1)

    said = here.reads()
    assert "Acme: Fast drop Lost 15 points or more in 7 days; now at 77.50." in said
    assert "Healthy, 95.00 to 77.50" in said
    assert "Behind the score Logins fell from 20 to 6" in said
    assert "Score of the last 30 days" in str(here.alert().blocks)
    (told,) = here.told(MANAGER)
    assert "Falling fast, with 90,000 a year at stake. Lost 15 points or more in 7 days" in told
    assert "Carla has been told." in told

    here.press("Mark as done")
    here.press("False alarm")
    assert "False alarm: Carla" in here.reads()

    comes_back(here, 2)
    well_ended(here, "fast-drop", "17.50 points are back.")


def test_gone_quiet_says_so_and_asks_the_sponsor_after_a_second_week(here: Street) -> None:
    here.acme()
    here.town.happen(*(one for n in range(-70, -4) for one in logins(n)), *calls(-70, 30))
    here.mornings(1, 2)

    said = here.reads()
    assert "Acme: Gone quiet No login for 7 days, which is unusual." in said
    assert "Task: Ring Acme and ask whether everything works, by" in said

    here.press("Mark as done")
    here.goes_on(here.steps()["second-week"].due_at)
    (told,) = here.told(MANAGER)
    assert "Acme Silent for two weeks now." in told

    here.town.happen(*logins(10))
    here.mornings(10, 10)
    well_ended(here, "gone-quiet", "Heard from again")


def test_payment_and_usage_tells_finance_but_not_of_somebody_who_uses_us(here: Street) -> None:
    here.acme()
    for who in ("acme", "brook"):
        for number in (60, 30):
            here.town.invoice(who, f"{who}-{number}", due=day(-number), paid=day(-number))
    half = [one for number in range(-30, 30, 3) for one in logins(number)]
    here.town.happen(*half, *calls(-70, 30))
    here.mornings(0, 0)
    for who in ("acme", "brook"):
        here.town.invoice(who, f"{who}-0", due=day(0))
    here.mornings(1, 1)

    # Brook owes as much, but logs in every day, and calls the API no less than before.
    (post,) = here.told("#finance")
    assert "Acme An invoice is overdue since 3 Mar 2026; healthy at 75.83." in post
    assert "please speak with their CSM, Carla." in post
    assert "Acme: Unpaid, and using little An invoice is overdue since 3 Mar 2026" in here.reads()
    assert len(here.town.alerts()) == 1

    here.press("Acknowledge")
    here.press("Mark as done")
    here.town.invoice("acme", "acme-0", due=day(0), paid=day(5))
    here.mornings(5, 5)
    well_ended(here, "payment-and-usage", "No invoice is overdue any more.")


def test_renewal_at_risk_prepares_and_makes_room_for_the_next_distance(here: Street) -> None:
    here.acme(renewalOn=day(91))
    here.town.happen(*(one for n in range(-70, 40) for one in logins(n)), *calls(-70, 40)[5:])
    here.mornings(0, 1)

    said = here.reads()
    assert "Acme: Renewal at risk The renewal is on 1 Jun 2026, within 90 days; at-risk at" in said
    assert "Task: Prepare the renewal of Acme, by" in said

    here.press("Useful")
    here.press("Mark as done")
    here.goes_on(here.steps()["until-the-next"].due_at)
    here.goes_on(here.steps()["end"].due_at)
    reason = "The next distance to the renewal begins a play of its own."
    well_ended(here, "renewal-at-risk", reason)
    assert "Useful: Carla" in here.reads()


def thrives(here: Street, *, since: int, features: int = 5) -> None:
    """Let Acme be well on every day, and have been scored since that day."""
    here.acme()
    for number in (90, 60, 30):
        here.town.invoice("acme", f"I-{number}", due=day(-number), paid=day(-number))
    days = (one for n in range(-120, 100) for one in usual(n, "acme", features=features))
    here.town.happen(*days)
    here.seen_since(since)
    here.mornings(0, 1)


def test_thriving_growth_asks_one_thing_at_a_time_over_two_months(here: Street) -> None:
    thrives(here, since=-13)
    assert "Acme: Thriving In healthy for 14 days, at 95.00." in here.reads()
    here.press("Approve and send")

    here.goes_on(here.steps()["after-story"].due_at)
    assert "an offer to decide on in the alert above: Offer Acme early access" in here.thread()[-1]
    here.press("Yes")
    here.press("Approve and send")
    here.goes_on(here.steps()["after-beta"].due_at)
    here.answers("Reject", {"reason": "They are on holiday."})
    assert "rejected by Carla: They are on holiday." in here.reads()
    here.goes_on(here.steps()["after-referral"].due_at)
    here.press("No")
    here.goes_on(here.steps()["after-plan"].due_at)
    here.goes_on(here.steps()["end"].due_at)

    subjects = [mail.message["Subject"] for mail in here.mails()]
    assert subjects == ["May we tell how Acme does it?", "Early access for Acme"]
    well_ended(here, "thriving-growth", "All has been asked that there is to ask for now.")


def test_healthy_nurture_checks_in_with_a_tip_and_the_reader_may_leave(here: Street) -> None:
    thrives(here, since=-89, features=3)
    said = here.reads()
    assert "Acme: Quarterly check-in In healthy for 90 days, at 85.00." in said
    assert "Mail waiting for a yes" in said

    here.press("Approve and send")
    (mail,) = here.mails()
    text = mail.message.get_body(("plain",))
    assert text is not None
    assert "One tip, while I am here" in text.get_content()
    assert not INTERNAL.search(text.get_content()), text.get_content()

    # Looking at the way out changes nothing; taking it, by the mail program's one click, does.
    way = re.search(r"<https?://[^/]+(/unsubscribe/\S+)>", mail.message["List-Unsubscribe"])
    assert way is not None
    with here.browser() as page:
        assert "No more mail from us?" in page.get(way[1]).text
        assert "No more mail from us?" in page.get(way[1]).text
        one_click = "List-Unsubscribe=One-Click"
        assert page.post(way[1], content=one_click, headers=FORM).status_code == 200
        assert "You are unsubscribed" in page.get(way[1]).text

    here.goes_on(here.steps()["time-to-answer"].due_at)
    here.goes_on(here.steps()["end"].due_at)
    well_ended(here, "healthy-nurture", "The next check-in is due in a quarter.")
