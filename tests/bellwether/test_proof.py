"""`bellwether backtest` and `bellwether tune`, from files to a page."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bellwether.cli import app
from bellwether.errors import BellwetherError, WrongUse
from bellwether.proving import sorted_words

START = date(2025, 1, 1)
OPTIONS = [
    "--map",
    "customer=org",
    "--map",
    "occurredAt=ts",
    "--set",
    "type=login",
    "--every",
    "14",
]


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BELLWETHER_LOG_LEVEL", "error")


def written(folder: Path, leaving: int = 30, staying: int = 10) -> tuple[Path, Path]:
    """Write logins that fade before each churn, and the list of churns."""
    logins, churns = ["org,ts"], ["customer,churnedOn"]
    for number in range(leaving + staying):
        leaves = 90 + 6 * number if number < leaving else 400
        for day in range(0, leaves, 2):
            if number >= leaving or day < leaves - 40 or day % 10 == 0:
                logins += [f"o{number},{START + timedelta(days=day)}T09:00:00Z"]
        churns.append(f"o{number},{START + timedelta(days=leaves) if number < leaving else ''}")
    (folder / "logins.csv").write_text("\n".join(logins), encoding="utf-8")
    (folder / "churns.csv").write_text("\n".join(churns), encoding="utf-8")
    return folder / "logins.csv", folder / "churns.csv"


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words])
    if isinstance(done.exception, BellwetherError):
        raise done.exception
    return done.exit_code, done.stdout


def test_files_become_a_verdict_in_json_and_one_page_that_needs_nothing_else(
    tmp_path: Path,
) -> None:
    logins, churns = written(tmp_path)
    page = tmp_path / "report.html"

    code, out = run(
        "backtest", "--events", str(logins), "--labels", str(churns), *OPTIONS,
        "--html", str(page), "--json",
    )  # fmt: skip

    found, html = json.loads(out), page.read_text(encoding="utf-8")
    assert code == 0
    assert found["verdict"] == "signal"
    assert found["churns"] == 30
    assert found["headline"] in html
    assert "http" not in html.replace("http-equiv", "")
    assert "<svg" in html
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


def test_the_terminal_says_what_it_means(tmp_path: Path) -> None:
    logins, churns = written(tmp_path)

    _, out = run("backtest", "--events", str(logins), "--labels", str(churns), *OPTIONS)

    assert "foretells churn" in out
    assert "Time since the last login" in out
    assert "churn-risk" in out


def test_playbooks_are_replayed_along_with_what_they_would_have_been_worth(tmp_path: Path) -> None:
    logins, churns = written(tmp_path)
    asked = ("backtest", "--events", str(logins), "--labels", str(churns), *OPTIONS)

    _, out = run(*asked, "--playbooks", "--json")

    found = json.loads(out)
    told = {one["playbook"]: one for one in found["playbooks"]}
    starts = [one for one in found["starts"] if one["playbook"] == "churn-risk"]
    assert {"churn-risk", "new-at-risk", "fast-drop", "gone-quiet"} <= told.keys()
    assert told.keys().isdisjoint({"thriving-growth", "healthy-nurture", "recovered"})
    assert told["churn-risk"]["followed"] > 0
    assert told["churn-risk"]["started"] == len(starts)
    assert {one["customer"] for one in starts} <= {f"o{number}" for number in range(40)}
    assert all(one["on"] < one["churned_on"] for one in starts if one["days_ahead"])
    assert any(note.startswith("Playbook churn-risk would have started") for note in found["notes"])


def test_too_few_churns_are_refused_with_what_it_takes(tmp_path: Path) -> None:
    logins, churns = written(tmp_path, leaving=5)
    page = tmp_path / "report.html"

    code, out = run(
        "backtest", "--events", str(logins), "--labels", str(churns), *OPTIONS, "--html", str(page)
    )

    assert code == 1
    assert "at least 20 are needed" in " ".join(out.split())
    assert "at least 20 are needed" in page.read_text(encoding="utf-8")


def test_the_store_is_asked_when_no_file_is_named() -> None:
    with pytest.raises(BellwetherError, match="no history here yet"):
        run("backtest")


def test_a_band_the_model_has_not_is_refused_with_those_it_has() -> None:
    with pytest.raises(WrongUse, match="churn-risk"):
        run("backtest", "--alarm", "purple")


def test_churns_come_from_one_place(tmp_path: Path) -> None:
    _, churns = written(tmp_path)

    with pytest.raises(WrongUse, match="not from both"):
        run("backtest", "--labels", str(churns), "--inactive-after", "60")


def test_a_list_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "churns.csv"
    path.write_text("customer,churnedOn\nacme,yesterday\n", encoding="utf-8")

    with pytest.raises(BellwetherError, match="line 2"):
        run("backtest", "--labels", str(path))


def test_words_are_sorted_by_the_file_they_are_meant_for() -> None:
    found = sorted_words(["occurredAt=ts", "invoices:paidOn=paid"], ["type=a:b"])

    assert found["events"].maps == ("occurredAt=ts",)
    assert found["events"].sets == ("type=a:b",)
    assert found["invoices"].maps == ("paidOn=paid",)
    with pytest.raises(WrongUse, match="no file of 'bills'"):
        sorted_words(["bills:paidOn=paid"], [])


def test_tuning_writes_a_model_file_only_when_it_is_better(tmp_path: Path) -> None:
    logins, churns = written(tmp_path, leaving=5)
    out = tmp_path / "proposed.yaml"

    code, said = run("tune", str(out), "--events", str(logins), "--labels", str(churns), *OPTIONS)

    assert code == 1
    assert "Too few churns" in said
    assert not out.exists()
