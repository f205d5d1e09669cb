"""Why a score moved, and what people say of it, at the command line."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.bellwether.conftest import Run

TODAY = datetime.now(UTC).date()


@pytest.fixture
def acme(run: Run, tmp_path: Path) -> Run:
    """Let Acme fall silent five days ago, and be scored since."""
    (tmp_path / "crm.csv").write_text("key,name,createdOn\nacme,Acme Corp,2024-01-01\n")
    lines = [f"acme,{TODAY - timedelta(days=back)}T10:00:00Z\n" for back in range(15, 50)]
    (tmp_path / "log.csv").write_text("customer,occurredAt\n" + "".join(lines))
    assert run("import", "customers", "crm.csv").code == 0
    assert run("import", "events", "log.csv", "--set", "type=login").code == 0
    first, last = TODAY - timedelta(days=15), TODAY - timedelta(days=1)
    assert run("rescore", "--from", f"{first}", "--to", f"{last}").code == 0
    return run


def test_explain_says_in_sentences_what_adds_up_to_the_change(acme: Run) -> None:
    since = TODAY - timedelta(days=15)

    told = acme("explain", "acme", "--since", f"{since}")
    data = json.loads(acme("explain", "Acme Corp", "--since", f"{since}", "--json").out)

    assert told.code == 0, told.err
    assert "Logins fell from 30 to 16" in told.out
    assert f"on {since} →" in told.out
    assert round(sum(float(one["points"]) for one in data["drivers"]), 2) == float(data["change"])
    assert data["factors"][0]["before"]["raw"]["count"] == 30
    assert data["drivers"][0]["cause"] == "behaviour"


def test_an_override_is_set_shown_everywhere_and_cleared(acme: Run) -> None:
    day = TODAY + timedelta(days=9)

    said = acme("override", "acme", "--set", "93", "--reason", "Renewed", "--until", f"{day}")
    health = acme("health", "acme")
    why = acme("explain", "acme")
    cleared = acme("override", "acme", "--clear")
    again = acme("override", "acme", "--clear")

    assert (said.code, said.out) == (0, f"Acme Corp: set to 93.00 until {day}.\n"), said.err
    assert "93.00 healthy" in health.out
    assert "Override: computed " in health.out
    assert "Renewed" in health.out
    assert "[override]" in why.out
    assert "the computed score is shown again" in cleared.out
    assert (again.code, "Nothing was said" in again.err) == (1, True)


def test_a_pulse_is_noted_and_shown(acme: Run) -> None:
    said = acme("pulse", "acme", "worried", "--note", "Champion left")

    assert said.out.startswith("Acme Corp: worried, until ")
    assert "Pulse: worried" in acme("health", "acme").out
    assert json.loads(acme("health", "acme", "--json").out)["pulse"]["note"] == "Champion left"


def test_wrong_words_are_told_in_a_sentence(acme: Run) -> None:
    until = ("--until", f"{TODAY}")
    for words, code in (
        (("override", "acme"), 2),
        (("override", "acme", "--set", "60", "--clear"), 2),
        (("override", "acme", "--set", "much", "--reason", "x", *until), 2),
        (("override", "acme", "--set", "101", "--reason", "x", *until), 1),
        (("override", "acme", "--set", "60", *until), 1),
        (("override", "acme", "--set", "60", "--reason", "x", "--by", "no@ours.example"), 1),
        (("override", "nobody", "--clear"), 1),
        (("pulse", "acme", "angry", "--note", "x"), 2),
        (("explain", "acme", "--since", "soon"), 2),
        (("explain", "acme", "--since", "2999-01-01"), 2),
        (("explain", "nobody"), 1),
    ):
        said = acme(*words)

        assert said.code == code, (words, said)
        assert "Traceback" not in said.err
