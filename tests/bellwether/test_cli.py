"""The command line as a person uses it: it helps, it prints, it says how to mend things."""

import json
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.bellwether.conftest import Run


def test_wrong_use_leaves_with_two_and_says_what_is_right(run: Run) -> None:
    for words in (
        ("import", "people", "x.csv"),
        ("rescore", "--as-of", "yesterday"),
        ("rescore", "--to", "2026-01-01"),
        ("rescore", "--from", "2026-01-02", "--to", "2026-01-01"),
        ("rescore", "--as-of", "2999-01-01"),
        ("rescore", "--from", "2026-01-02", "--to", datetime.now(UTC).date().isoformat()),
        ("run-due", "--now", "2026-11-20T09:00"),
        ("seed", "--until", "soon"),
        ("nonsense",),
        ("health", "--colour"),
    ):
        said = run(*words)

        assert said.code == 2, words
        assert "Traceback" not in said.err


def test_wrong_settings_are_one_message(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "no")
    monkeypatch.setenv("BELLWETHER_DIGEST_AT", "no")

    said = run("health")

    assert said.code == 2
    assert "PORT: found 'no'" in said.err
    assert "BELLWETHER_DIGEST_AT" in said.err


def test_a_database_that_is_not_there_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hunter2@127.0.0.1:1/none")

    said = run("health")

    assert said.code == 1
    assert len(said.err.strip().splitlines()) == 1
    assert "hunter2" not in said.err


def test_nobody_scored_yet_is_said_kindly(run: Run) -> None:
    assert "No scores yet" in run("health").out
    assert run("health", "acme").code == 1
    assert "bellwether rescore" in run("digest").err


def test_from_file_to_card_by_hand(run: Run, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("key,name,arr\nacme,Acme Corp,109000\nacme-2,Acme Corp,\n")
    rows = "".join(f"acme,2026-10-{day:02}T10:00:00Z\n" for day in range(1, 31))
    (tmp_path / "log.csv").write_text("customer,occurredAt\n" + rows)

    customers = run("import", "customers", "crm.csv")
    events = run("import", "events", "log.csv", "--set", "type=login", "--json")
    scored = run("rescore", "--from", "2026-10-20", "--to", "2026-10-30", "--json")
    card = run("health", "acme", "--json")
    told = run("health", "acme")
    several = run("health", "Acme Corp")

    assert (customers.code, customers.err) == (0, customers.err)
    assert "2 created" in customers.out
    assert json.loads(events.out)["counts"] == {"accepted": 30}
    assert len(json.loads(scored.out)) == 11
    assert json.loads(card.out)["name"] == "Acme Corp"
    assert "ARR 109,000 · renewal unknown" in " ".join(told.out.split())
    assert several.code == 1
    assert "fits several: Acme Corp (acme), Acme Corp (acme-2)" in several.err


def test_a_refused_row_makes_the_command_fail_and_names_the_rejects(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "crm.csv").write_text("key,arr\nacme,1\nglobex,much\n")

    said = run("import", "customers", "crm.csv")

    assert said.code == 1
    assert "line 3" in said.out
    assert "crm.rejects.csv" in said.out
    assert (tmp_path / "crm.rejects.csv").exists()


def test_a_file_that_is_missing_is_a_sentence(run: Run) -> None:
    said = run("import", "customers", "nowhere.csv")

    assert said.code == 1
    assert said.err.strip() == "bellwether: Cannot read nowhere.csv: No such file or directory."


def test_a_key_is_made_shown_once_listed_and_revoked(run: Run) -> None:
    made = run("keys", "create", "sync", "--json")
    twice = run("keys", "create", "sync")
    listed = run("keys", "list")
    revoked = run("keys", "revoke", "sync")
    again = run("keys", "revoke", "sync")

    plain = json.loads(made.out)["key"]
    assert plain.startswith("bw_")
    assert twice.code == 1
    assert "sync" in listed.out
    assert plain not in listed.out
    assert (revoked.code, again.code) == (0, 1)


def test_pausing_is_remembered_until_resuming(run: Run) -> None:
    paused = run("pause")
    while_paused = run("run-due")
    resumed = run("resume")

    assert "paused" in paused.out
    assert "paused" in while_paused.out
    assert "again" in resumed.out


def test_run_due_does_the_day_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("key,createdOn\nacme,2026-01-01\n")
    run("import", "customers", "crm.csv")

    first = run("run-due", "--now", "2026-11-20T12:00Z", "--json")
    again = run("run-due", "--now", "2026-11-20T12:05Z")

    ran = json.loads(first.out)["ran"]
    assert [one["outcome"] for one in ran] == ["done", "skipped", "skipped"]
    assert again.out.startswith("Nothing was due.")


def test_pretending_a_time_is_refused_where_messages_are_real(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "secret")

    said = run("run-due", "--now", "2026-11-20T12:00Z")

    assert said.code == 2
    assert "sandbox" in said.err


def test_check_says_what_is_well_and_what_is_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = run("check", "--json")
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "mine.yaml").write_text("name: mine\nwen: never\n")
    monkeypatch.setenv("BELLWETHER_PLAYBOOKS", str(tmp_path / "books"))
    ill = run("check")

    assert (well.code, ill.code) == (0, 1)
    assert all(one["well"] for one in json.loads(well.out))
    assert "mine.yaml" in ill.out
    assert "wen" in ill.out


def test_check_calls_the_mail_server_and_shows_no_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    monkeypatch.setenv("SMTP_URL", f"smtp://ann:hunter2@127.0.0.1:{port}")
    monkeypatch.setenv("BELLWETHER_MAIL_FROM", "success@ours.example")

    said = run("check")

    assert said.code == 1
    assert "does not take our mail (smtp-ConnectionRefusedError-connect)" in said.out
    assert "hunter2" not in said.out + said.err


def test_retaining_says_what_it_forgot(run: Run) -> None:
    assert run("retain").out == "Forgotten: nothing.\n"
    assert json.loads(run("retain", "--json").out)["events"] == 0


def test_migrate_may_be_said_twice(run: Run) -> None:
    assert [run("migrate").code, run("migrate").code] == [0, 0]


def test_the_version_and_the_help_come_without_a_command(run: Run) -> None:
    assert run("--version").out.startswith("bellwether ")
    assert "Start here" in run("--help").out
    assert run("keys", "--help").code == 0


def test_help_is_quick_because_it_loads_none_of_the_rooms() -> None:
    heavy = [
        "sqlalchemy",
        "slack_sdk",
        "fastapi",
        "pydantic",
        "uvicorn",
        "apscheduler",
        "jinja2",
        "numpy",
    ]
    code = f"import sys, bellwether.cli; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "[]"


def test_the_slack_manifest_follows_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_COMMAND", "/pulse")

    over_http = json.loads(run("slack", "manifest", "--url", "https://bw.example").out)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    over_socket = json.loads(run("slack", "manifest").out)

    assert over_http["features"]["slash_commands"][0]["command"] == "/pulse"
    assert "https://bw.example/slack/events" in json.dumps(over_http)
    assert over_socket["settings"]["socket_mode_enabled"] is True


def test_a_customer_s_data_can_be_taken_out_and_erased(run: Run, tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("key,name\nacme,Acme Corp\n")
    run("import", "customers", "crm.csv")

    taken = run("customer", "export", "acme")
    erased = run("customer", "erase", "acme", "--yes")
    again = run("customer", "export", "acme")

    assert "Acme Corp" in json.dumps(json.loads(taken.out))
    assert erased.out.startswith("Erased acme:")
    assert again.code == 1
