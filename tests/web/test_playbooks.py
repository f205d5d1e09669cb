"""The page of playbooks says what they came to, and what rests on little."""

from decimal import Decimal

from service.ports import House
from storage import feedback
from storage.people import upsert_member
from tests.builders import NOON, a_play, customers
from tests.web.conftest import Client


def test_before_any_play_the_page_names_the_playbooks(client: Client) -> None:
    page = client.get("/api/dashboard/playbooks")

    assert page.status_code == 200
    assert "No play has begun in the last 90 days" in page.text
    assert "churn-risk" in page.text


def test_results_are_shown_with_how_many_cases_they_rest_on(house: House, client: Client) -> None:
    (acme,) = customers(house.database, "acme", name="Acme", arr=Decimal(12_000))
    with house.database.transaction() as tx:
        play = a_play(tx, acme)
        assert play is not None
        feedback.note_ends(tx, [feedback.Ended(play, "recovered", Decimal(12_000))], NOON)
        for number in range(10):
            who = upsert_member(tx, f"p{number}@ours.example")
            verdict: feedback.Opinion = "useful" if number > 3 else "false_alarm"
            feedback.judge(tx, play, who, verdict, NOON)

    text = " ".join(client.get("/api/dashboard/playbooks").text.split())

    assert '1 of 1 ended, 100 % <span class="tag">few</span>' in text
    assert "6 of 10, 60 %</td>" in text
    assert "12,000" in text
    assert "4 of 10 answers call" in text
