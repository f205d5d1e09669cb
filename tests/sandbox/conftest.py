"""A started sandbox with a clock that stands still, and the SDK's client for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_sdk import WebClient

from sandbox.server import Sandbox


class StandingClock:
    """Time stands at 2026-11-20 09:00 UTC until a test lets some pass."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def sandbox(tmp_path: Path, clock: StandingClock) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox", clock, "shh", "http://127.0.0.1:9") as started:
        yield started


@pytest.fixture
def client(sandbox: Sandbox) -> WebClient:
    return WebClient(token=sandbox.token, base_url=sandbox.slack_url, retry_handlers=[])
