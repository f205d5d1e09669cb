"""The manifest is what Slack's published schema asks for, and follows the command's name."""

import json
from pathlib import Path

import jsonschema
import pytest

from bot.manifest import SCOPES, manifest

SCHEMA = Path(__file__).parents[3] / "shared" / "slack" / "manifest.schema.json"


@pytest.mark.skipif(not SCHEMA.exists(), reason=f"Slack's schema is not at {SCHEMA}")
@pytest.mark.parametrize("socket", [True, False])
@pytest.mark.parametrize("base_url", ["https://bw.example", None])
def test_slacks_published_schema_accepts_the_manifest(
    base_url: str | None, *, socket: bool
) -> None:
    schema = json.loads(SCHEMA.read_text())

    faults = jsonschema.Draft7Validator(schema).iter_errors(
        manifest("/health", base_url, socket=socket)
    )

    assert [fault.message for fault in faults] == []


def test_the_command_and_every_address_follow_the_settings() -> None:
    written = json.dumps(manifest("/bw-health", "https://bw.example/", socket=False))

    assert '"/bw-health"' in written
    assert written.count("https://bw.example/slack/events") == 3


def test_socket_mode_needs_no_address() -> None:
    written = json.dumps(manifest("/health", "https://bw.example", socket=True))

    assert "https://bw.example" not in written
    assert '"socket_mode_enabled": true' in written


def test_the_operator_reads_why_each_scope_is_wanted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "slack.md").read_text(encoding="utf-8")

    assert [scope for scope in SCOPES if f"`{scope}`" not in page] == []
