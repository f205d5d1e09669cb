"""A running service, seen from outside: it answers, Slack works, it leaves quietly."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bellwether.clock import SystemClock
from bellwether.doors import Doors, sandbox_of
from bellwether.house import opened
from bellwether.serving import web_app
from bellwether.settings import Settings
from bot.connection import SlackSettings
from sandbox.loopback import free_port

BELLWETHER = Path(sys.executable).with_name("bellwether")
PATIENCE = 60.0
EVERYWHERE = "0.0.0.0"  # noqa: S104  # what a container listens on


def environment(home: Path, url: str, port: int) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if "BELLWETHER" not in name}
    return known | {
        "BELLWETHER_HOME": str(home),
        "BELLWETHER_AUTH": "off",
        "DATABASE_URL": url,
        "PORT": str(port),
    }


def answered(port: int, path: str, body: dict[str, str] | None = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # loopback, http
        f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@contextmanager
def serving(env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([BELLWETHER, "serve"], env=env, stderr=subprocess.PIPE) as process:
        try:
            _wait(int(env["PORT"]), process)
            yield process
        finally:
            process.kill()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if answered(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not come up")


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(tmp_path / "home", database_url, free_port())


def imported(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text("key,name,csm\nacme,Acme Corp,ann@example.com\n")
    subprocess.run(
        [BELLWETHER, "import", "customers", tmp_path / "crm.csv"],
        env=env, check=True, capture_output=True, timeout=60,
    )  # fmt: skip


def test_events_come_in_slack_answers_and_sigterm_ends_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    imported(env, tmp_path)
    port = int(env["PORT"])

    with serving(env) as process:
        accepted = answered(port, "/api/customers/acme/events", {"type": "login"})
        health = answered(port, "/api/customers/acme/health")
        inbox = answered(port, "/inbox/")
        typed = _typed(env, "/health acme")
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)

    assert accepted[0] == 201
    assert health[0] == 200
    assert b"customer-health" in inbox[1]
    assert "Acme Corp" in typed
    assert code == 0


def test_in_socket_mode_nobody_speaks_for_slack_over_http(tmp_path: Path, sqlite_url: str) -> None:
    settings = Settings.read(
        {
            "BELLWETHER_HOME": str(tmp_path),
            "DATABASE_URL": sqlite_url,
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
        }
    )

    with opened(settings) as house:
        doors = Doors(SlackSettings("xoxb-1", "", app_token="xapp-1"), {}, None)
        app = web_app(settings, house, SystemClock(), doors)

    assert app.state.slack is None


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"BELLWETHER_HOST": EVERYWHERE}, 403),
        ({"BELLWETHER_URL": "https://bw.example"}, 403),
        ({"BELLWETHER_HOST": EVERYWHERE, "BELLWETHER_INBOX": "open"}, 200),
    ],
)
def test_strangers_cannot_act_in_an_inbox_that_others_can_reach(
    tmp_path: Path, sqlite_url: str, given: dict[str, str], status: int
) -> None:
    known = environment(tmp_path / "home", sqlite_url, free_port())
    env = known | {"BELLWETHER_AUTH": "keys"} | given

    with serving(env):
        assert answered(int(env["PORT"]), "/inbox/")[0] == status
        assert answered(int(env["PORT"]), "/inbox/act", {"what": "say"})[0] == 403


def _typed(env: dict[str, str], line: str) -> str:
    """Type a command as a member of the sandbox would, and read what comes back."""
    settings = Settings.read({k: v for k, v in env.items() if k in ("PORT", "BELLWETHER_HOME")})
    with sandbox_of(settings, SystemClock()) as sandbox:
        sandbox.ensure_member("ann@example.com", "Ann")
        sandbox.command("ann@example.com", "#customer-health", line)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            seen = sandbox.messages("#customer-health", "ann@example.com")
            if any("Acme" in repr(one) for one in seen):
                return repr(seen)
            time.sleep(0.2)
    return ""


def test_a_port_that_is_taken_is_a_sentence_and_leaves_with_one(
    tmp_path: Path, sqlite_url: str
) -> None:
    env = environment(tmp_path, sqlite_url, free_port())

    with serving(env):
        second = subprocess.run(
            [BELLWETHER, "serve"], env=env, capture_output=True, text=True, timeout=60, check=False
        )

    assert second.returncode == 1
    assert second.stderr.strip().endswith(f"PORT={int(env['PORT']) + 1}.")


def test_the_health_check_of_the_container_tells_life_from_death(
    tmp_path: Path, sqlite_url: str
) -> None:
    env = environment(tmp_path, sqlite_url, free_port())

    def alive() -> int:
        command = [sys.executable, "-m", "bellwether.alive"]
        return subprocess.run(command, env=env, timeout=30, check=False).returncode

    dead = alive()
    with serving(env):
        living = alive()

    assert (dead, living) == (1, 0)


def test_a_refused_socket_mode_connection_ends_the_serving_with_a_sentence(
    tmp_path: Path, sqlite_url: str
) -> None:
    env = environment(tmp_path, sqlite_url, free_port()) | {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/",
    }

    done = subprocess.run(
        [BELLWETHER, "serve"], env=env, capture_output=True, text=True, timeout=90, check=False
    )

    assert done.returncode == 1
    assert "bellwether check" in done.stderr
    assert "Traceback" not in done.stderr
    assert "xapp-1" not in done.stderr
