"""Events over HTTP while the server is killed: what was acknowledged is there, and counted once."""

import pytest

from benchmarks.http_load import load


@pytest.mark.slow
def test_no_acknowledged_event_is_lost_when_the_server_is_killed(database_url: str) -> None:
    seen = load(database_url, 3.0, kills=1)

    assert seen["unanswered"] > 0
    assert seen["events"] > 0
    assert (seen["lost"], seen["astray"]) == (0, 0)
