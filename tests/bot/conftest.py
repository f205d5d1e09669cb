"""The stage, on each of the two databases."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import app as bot_app
from bot.connection import SlackSettings
from bot.http import door
from sandbox.server import Sandbox
from sandbox.state import Message
from scoring.load import shipped
from service.ports import House, MailPolicy
from storage.database import Database
from tests.bot.stage import CSM, Inline, Stage, StageClock
from tests.classic import classic


@pytest.fixture
def clock() -> StageClock:
    return StageClock()


@pytest.fixture
def house(database: Database) -> House:
    return House(
        database=database,
        model=shipped(),
        playbooks=classic(),
        mail=MailPolicy(
            sender="Success <success@ours.example>",
            mode="approval",
            base_url="https://bw.example",
            secret=b"a secret of the tests",
        ),
        zone=ZoneInfo("Europe/Berlin"),
        digest_to="#digest",
        operator_to="#operators",
        alerts_to="#alerts",
    )


@pytest.fixture
def stage(house: House, clock: StageClock, tmp_path: Path) -> Iterator[Stage]:
    """Set up a workspace with our channels and Anna, and the real app behind the real door."""
    with Sandbox(tmp_path / "sandbox", clock, "shh", "http://127.0.0.1:9") as sandbox:
        slack = SlackSettings(
            token=sandbox.token,
            signing_secret="shh",
            base_url=sandbox.slack_url,
            dashboard_url="https://bw.example/api/dashboard",
        )
        app = bot_app.build(house, clock, slack, executor=Inline())
        sandbox.wire.door = door(app, house, clock, slack)
        for name in ("digest", "operators", "alerts", "general"):
            sandbox.ensure_channel(name)
        sandbox.ensure_member(CSM, "Anna")
        yield Stage(house, sandbox, clock, slack, app)


@pytest.fixture
def alert(stage: Stage) -> Message:
    """Let everybody see in #alerts that Acme has fallen, and what is asked."""
    return stage.alerted()
