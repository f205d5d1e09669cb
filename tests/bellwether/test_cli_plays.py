"""`bellwether why`, `plays` and `simulate` as an operator uses them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from storage import customers, mail_seen, outbox, plays
from storage.database import Database
from storage.mail_seen import Seen
from tests import builders
from tests.bellwether.conftest import Run

TODAY = datetime.now(UTC).date()


@pytest.fixture
def acme(run: Run, tmp_path: Path, sqlite_url: str) -> Run:
    """Give Acme an open play with a task, opened yesterday."""
    (tmp_path / "crm.csv").write_text("key,name,createdOn\nacme,Acme [Corp],2024-01-01\n")
    assert run("import", "customers", "crm.csv").code == 0
    now = datetime.now(UTC) - timedelta(days=1)
    database = Database.open(sqlite_url)
    with database.transaction() as tx:
        customer = customers.customer_by_key(tx, "acme")
        assert customer is not None
        play = plays.open_play(
            tx, customer_id=customer.id, playbook="churn-risk", version="churn-risk@1",
            episode="1", opened_at=now, trigger_as_of=now.date(), band="churn-risk",
            score=Decimal(41), root_key=None,
        )  # fmt: skip
        assert play is not None
        plays.add_step(
            tx, play_id=play.id, name="call", kind="task", occurrence=1, state="scheduled",
            due_at=now, body={"title": "Call"},
        )  # fmt: skip
        said = plays.Decision(
            customer.id, now.date(), "churn-risk", "started", "From at-risk to churn-risk.", now
        )
        plays.record_decisions(tx, [said])
    database.close()
    return run


def test_why_answers_in_sentences_and_in_json(acme: Run) -> None:
    said = acme("why", "acme")
    data = json.loads(acme("why", "Acme [Corp]", "--days", "3", "--json").out)

    assert said.code == 0, said.err
    assert "Acme [Corp] since" in said.out
    assert "Play 1, churn-risk, is open since" in said.out
    assert "churn-risk started: From at-risk to churn-risk." in said.out
    assert "call (task) scheduled" in said.out
    assert data["since"] == f"{TODAY - timedelta(days=3)}"
    assert data["decisions"][0]["outcome"] == "started"
    assert data["plays"][0]["steps"][0]["name"] == "call"


def test_plays_are_listed_shown_and_cancelled(acme: Run) -> None:
    listed = acme("plays", "list", "--open", "--customer", "acme")
    cancelled = acme("plays", "cancel", "1", "--reason", "Spoke with them")
    shown = acme("plays", "show", "1")
    data = json.loads(acme("plays", "list", "--json").out)
    left = acme("plays", "list", "--open")

    assert "Acme [Corp] (acme)" in listed.out
    assert cancelled.out == "Play 1 is closed. Cancelled in it: the task “Call”.\n", cancelled.err
    assert "step call (task) cancelled: Cancelled by " in shown.out
    assert "cancel play/1" in shown.out
    assert data[0]["reason"].endswith(": Spoke with them")
    assert left.out.startswith("No plays.")


def test_a_play_shows_what_was_counted_of_its_mails(acme: Run, sqlite_url: str) -> None:
    mail = builders.message("mail", channel="email", recipient="pat@acme.example", play_id=1)
    followed = Seen(1, 1, "click", "https://a.example/[x]", builders.NOON, builders.NOON, 2, 1)
    database = Database.open(sqlite_url)
    with database.transaction() as tx:
        outbox.enqueue(tx, [mail], now=builders.NOON)
        mail_seen.note_seen(tx, 1, followed)
    database.close()

    said, data = acme("plays", "show", "1"), json.loads(acme("plays", "show", "1", "--json").out)

    assert "link followed 2 times, 1 of them by a machine as it seems" in said.out
    assert "https://a.example/[x]" in said.out
    assert [(each["link"], each["times"]) for each in data["seen"]] == [
        ("https://a.example/[x]", 2)
    ]


def test_wrong_words_about_plays_are_told_in_a_sentence(acme: Run) -> None:
    for words, code, sentence in (
        (("plays", "show", "9"), 1, "There is no play 9."),
        (("plays", "cancel", "9", "--reason", "x"), 1, "There is no play 9."),
        (("plays", "cancel", "1", "--reason", " "), 1, "say why"),
        (("plays", "cancel", "1"), 2, "reason"),
        (("plays", "list", "--customer", "nobody"), 1, "No customer is called"),
        (("why", "nobody"), 1, "No customer is called"),
        (("why", "acme", "--days", "0"), 2, "days"),
        (("simulate", "nothing"), 1, "there are churn-risk, critical-save, fast-drop"),
        (("simulate", "missing.yaml"), 1, "Cannot read missing.yaml"),
        (("simulate", "churn-risk", "--from", "2026-02-01", "--to", "2026-01-01"), 2, "after"),
    ):
        said = acme(*words)

        assert (said.code, "Traceback" in said.err) == (code, False), (words, said)
        assert sentence in said.err


def test_a_fall_in_the_past_is_simulated_by_name_and_from_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("key,name,createdOn\nacme,Acme [Corp],2024-01-01\n")
    back = range(30, 60)
    lines = [f"acme,{TODAY - timedelta(days=one)}T10:00:00Z\n" for one in back]
    (tmp_path / "log.csv").write_text("customer,occurredAt\n" + "".join(lines))
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nversion: 1\ntitle: Mine\n"
        "when: {kind: factor_crosses, factor: login_frequency, at: 80}\n"
        "then: [{step: alert, kind: slack_alert}]\n"
        "guards: {cool_down_days: 0}\n"  # What else ships has something to say of them before.
    )
    assert run("import", "customers", "crm.csv").code == 0
    assert run("import", "events", "log.csv", "--set", "type=login").code == 0
    first = f"{TODAY - timedelta(days=29)}"
    assert run("rescore", "--from", first, "--to", f"{TODAY - timedelta(days=1)}").code == 0

    named = run("simulate", "churn-risk", "--from", first)
    data = json.loads(run("simulate", "mine.yaml", "--from", first, "--json").out)
    before = run("simulate", "mine.yaml", "--from", "2024-01-01", "--to", "2024-02-01")

    assert "churn-risk@3 from" in named.out, named.err
    assert "Nothing was sent." in named.out
    assert [one["customer"] for one in data["starts"]] == ["acme"]
    assert data["starts"][0]["reason"].startswith("login_frequency fell under 80")
    assert sum(data["weeks"].values()) == 1
    assert "0 plays, on 0 days of scores of 0 customers" in before.out


def test_the_report_says_what_playbooks_came_to(acme: Run) -> None:
    printed = acme("plays", "report", "--days", "3650")
    assert printed.code == 0
    assert "churn-risk" in printed.out

    (row,) = json.loads(acme("plays", "report", "--days", "3650", "--json").out)
    assert (row["playbook"], row["started"], row["recovered"]) == ("churn-risk", 1, 0)
    assert row["few"] == {"ended": True, "acknowledged": True, "answers": True}
