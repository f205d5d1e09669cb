"""`bellwether models`, and the operator's own models and resolver in the house."""

import json
from datetime import date
from pathlib import Path

import pytest

from bellwether import house as building
from bellwether.errors import NoSuchModel, TwiceTheModel, UnknownPick
from bellwether.settings import Settings
from scoring.errors import ModelInvalid
from scoring.figures import CustomerFacts
from scoring.load import shipped_names, shipped_text
from tests.bellwether.conftest import Run

MINE = """\
name: mine
version: 1
title: Mine
bands: [{name: good, at_least: 50, tone: good}, {name: bad, at_least: 0, tone: bad}]
factors:
  - name: logins
    title: Logins
    noun: logins
    weight: 1
    measure: {kind: count, events: login, days: 30}
    scale: {kind: up_to, target: 20}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of own models that the settings name."""
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv("BELLWETHER_MODELS", str(models))
    return models


def settings_of(home: Path, **variables: str) -> Settings:
    return Settings.read({"BELLWETHER_HOME": str(home), **variables})


def test_list_shows_what_ships_what_is_yours_and_what_scores(run: Run, folder: Path) -> None:
    (folder / "mine.yaml").write_text(MINE)

    rows = json.loads(run("models", "list", "--json").out)
    plain = run("models", "list")

    names = [row["name"] for row in rows]
    assert names == sorted([*shipped_names(), "mine"])
    assert [row["name"] for row in rows if row["inUse"]] == ["saas-five-factor"]
    assert plain.code == 0
    assert "mine.yaml" in plain.out


def test_show_prints_the_file_as_it_was_written(run: Run) -> None:
    assert run("models", "show", "adaptive").out == shipped_text("adaptive")
    assert json.loads(run("models", "show", "six-signal", "--json").out)["decimals"] == 0


def test_show_of_nothing_says_what_there_is(run: Run) -> None:
    said = run("models", "show", "adaptve")

    assert said.code == 1
    assert "adaptive@1" in said.err


def test_check_tells_every_fault_with_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE.replace("kind: up_to", "kind: upto").replace("weight: 1", "wieght: 1"))

    said = run("models", "check", str(file))

    assert said.code == 1
    assert f"{file}: line 9:" in said.err
    assert "did you mean 'weight'?" in said.err
    assert "did you mean 'up_to'?" in said.err


def test_check_of_several_files_tells_the_faults_of_all(run: Run, tmp_path: Path) -> None:
    """Nobody mends one file to be told of the next."""
    one, other, gone = tmp_path / "one.yaml", tmp_path / "other.yaml", tmp_path / "gone.yaml"
    one.write_text(MINE.replace("weight: 1", "wieght: 1"))
    other.write_text(MINE.replace("kind: up_to", "kind: upto"))

    said = run("models", "check", str(one), str(other), str(gone))

    assert said.code == 1
    assert f"{one}: line" in said.err
    assert f"{other}: line" in said.err
    assert f"Cannot read {gone}: No such file or directory." in said.err


def test_check_without_a_file_looks_at_all_of_them(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mine.yaml").write_text(MINE)
    well = run("models", "check")
    resolver = folder.parent / "resolver.yml"
    resolver.write_text("rules: [{model: mihne, segment: smb}]\ndefault: adaptive\n")
    monkeypatch.setenv("BELLWETHER_RESOLVER", str(resolver))
    ill, whole = run("models", "check"), run("check")

    assert (well.code, ill.code, whole.code) == (0, 1, 1)
    assert "mine@1" in well.out
    assert "did you mean 'mine'?" in ill.err
    assert "mihne" in whole.out


def test_diff_names_what_changed(run: Run, tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(MINE)
    other.write_text(MINE.replace("target: 20", "target: 30").replace("version: 1", "version: 2"))

    said = run("models", "diff", str(one), str(other))
    same = run("models", "diff", "adaptive", "adaptive@1")

    assert said.out.splitlines() == [
        "version: 1 becomes 2",
        "factors.logins.scale.target: 20 becomes 30",
    ]
    assert same.out == "No difference.\n"


def test_try_shows_who_would_move_and_leaves_everything_as_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(MINE)
    people = tmp_path / "customers.csv"
    people.write_text("key,name,created_on\nacme,Acme,2025-01-01\n")
    events = tmp_path / "events.csv"
    rows = "".join(f"acme,login,2026-03-{day:02}T12:00:00Z\n" for day in range(1, 13))
    events.write_text("customer,type,occurred_at\n" + rows)
    assert run("import", "customers", str(people)).code == 0
    assert run("import", "events", str(events)).code == 0

    said = run("models", "try", str(file), "--day", "2026-03-20", "--json")
    plain = run("models", "try", str(file), "--day", "2026-03-20")

    found = json.loads(said.out)
    assert (found["scored"], found["model"]) == (1, "mine@1")
    assert [one["key"] for one in found["moved"]] == ["acme"]
    assert "Acme (acme)" in plain.out
    assert json.loads(run("health", "acme", "--json").out)["score"]["model"] == "saas-five-factor"


def test_try_wants_a_day(run: Run) -> None:
    assert "2026-11-19" in run("models", "try", "adaptive", "--day", "yesterday").err


def test_the_schema_is_printed_and_is_the_published_one(run: Run) -> None:
    published = Path(__file__).parents[2] / "docs" / "schemas" / "model.schema.json"

    said = run("models", "schema")

    assert json.loads(said.out) == json.loads(published.read_text("utf-8"))
    assert said.out == published.read_text("utf-8")


def test_a_model_of_ones_own_takes_a_shipped_ones_place(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "five.yaml").write_text(MINE.replace("name: mine", "name: saas-five-factor"))

    model = building.health_model(settings_of(tmp_path, BELLWETHER_MODELS=str(folder)))

    assert (model.title, model.version) == ("Mine", 1)


def test_one_version_in_two_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("a.yaml", "b.yaml"):
        (folder / name).write_text(MINE)

    with pytest.raises(TwiceTheModel, match=r"mine@1.*higher"):
        building.health_model(settings_of(tmp_path, BELLWETHER_MODELS=str(folder)))


def test_a_resolver_brings_its_models_into_the_house(tmp_path: Path) -> None:
    resolver = tmp_path / "resolver.yaml"
    resolver.write_text("rules:\n  - {model: onboarding, younger_than: 90}\ndefault: adaptive\n")
    settings = settings_of(tmp_path, BELLWETHER_RESOLVER=str(resolver))

    with building.opened(settings) as house:
        day = date(2026, 11, 19)
        young = CustomerFacts(1, "new", "New", created_on=date(2026, 10, 1))
        old = CustomerFacts(2, "old", "Old", created_on=date(2025, 10, 1))

        assert house.model.name == "adaptive"
        assert house.model_for(young, day).name == "onboarding"
        assert house.model_for(old, day).name == "adaptive"
        assert house.tone("churn-risk") == "critical"


def test_a_resolver_may_pick_only_what_is_there(tmp_path: Path) -> None:
    resolver = tmp_path / "resolver.yaml"
    resolver.write_text("rules:\n  - {model: onbording, plan: pro}\ndefault: adaptiv\n")

    with pytest.raises(UnknownPick) as refused:
        building.models_in_use(settings_of(tmp_path, BELLWETHER_RESOLVER=str(resolver)))

    first, second, _ = str(refused.value).splitlines()
    assert "line 2" in first
    assert "did you mean 'onboarding'" in first
    assert "line 3" in second
    assert "did you mean 'adaptive'" in second


def test_a_misspelt_model_is_told_the_nearest_name(run: Run, tmp_path: Path) -> None:
    shown = run("models", "show", "adaptiv")
    with pytest.raises(NoSuchModel, match="Did you mean 'adaptive'"):
        building.models_in_use(settings_of(tmp_path, BELLWETHER_MODEL="adaptiv"))

    assert shown.code == 1
    assert "Did you mean adaptive?" in shown.err


def test_a_faulty_resolver_says_where(tmp_path: Path) -> None:
    resolver = tmp_path / "resolver.yaml"
    resolver.write_text("rules:\n  - {model: adaptive, segmnt: smb}\ndefault: adaptive\n")

    with pytest.raises(ModelInvalid, match="line 2"):
        building.models_in_use(settings_of(tmp_path, BELLWETHER_RESOLVER=str(resolver)))


def test_a_region_without_known_holidays_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("holidays: XZ\n" + MINE)

    said = run("models", "check", str(file))

    assert said.code == 1
    assert "holidays: found 'XZ', allowed: a country's two letters" in said.err


def test_the_manual_is_printed(run: Run) -> None:
    said = run("models", "manual")

    assert "### `among_peers`" in said.out
