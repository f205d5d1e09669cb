"""`bellwether playbooks`, as somebody at a terminal sees it."""

import json
from pathlib import Path

from playbooks.manual import json_schema
from tests.bellwether.conftest import Run
from tests.classic import FOLDER


def test_the_playbooks_in_use_are_listed(run: Run) -> None:
    found = json.loads(run("playbooks", "list", "--json").out)

    assert len(found) == 10
    assert {"name": "recovered", "version": 1}.items() <= found[-1].items()


def test_a_playbook_is_checked_with_every_fault_and_its_line(run: Run, tmp_path: Path) -> None:
    good = FOLDER / "churn-risk.yaml"
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.read_text("utf-8").replace("kind: email", "kind: emial"), "utf-8")

    assert "1 well written." in run("playbooks", "check", str(good)).out
    assert "did you mean 'email'?" in run("playbooks", "check", str(bad)).err


def test_the_schema_of_a_playbook_is_printed(run: Run) -> None:
    assert json.loads(run("playbooks", "schema").out) == json_schema()


def test_a_csms_stand_ins_are_named_and_strangers_refused(run: Run) -> None:
    run("members", "set", "max@ours.example", "--role", "manager")
    run("members", "set", "carla@ours.example", "--role", "csm", "--manager", "max@ours.example")

    wrong = run(
        "members", "set", "carla@ours.example", "--role", "csm", "--backup", "who@ours.example"
    )

    assert "who@ours.example" in wrong.err
