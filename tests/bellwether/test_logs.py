"""Logs: one line a record, and nothing in it that should not be there (rule 27)."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bellwether import logs
from bellwether.errors import AddressTaken


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(form: str, text: str, *args: object, secrets: tuple[str, ...] = ()) -> str:
    stream = io.StringIO()
    logs.start(
        form="json" if form == "json" else "text", level="debug", secrets=secrets, stream=stream
    )
    logging.getLogger("room").warning(text, *args)
    return stream.getvalue()


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234-abcd",
        "xapp-1-A-2-b",
        "bw_0123456789ab_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6",
        "ann@example.com",
        "ann@localhost",
        "grüße@bücher.example",
        "o!b#rien@mail.example",
        "root@[10.0.0.1]",
        "postgresql://user:hunter2@db/x",
        "Authorization: Bearer abcdefghijkl",
        "/unsubscribe/AbCdEf123456.zzz",
    ],
)
def test_secrets_and_addresses_never_reach_a_line(secret: str) -> None:
    line = logged("text", "about %s", secret)

    assert secret not in line
    assert "hunter2" not in line
    assert "[" in line


def test_the_settings_own_secrets_are_taken_out_wherever_they_stand() -> None:
    assert "topsecretvalue" not in logged("json", "a topsecretvalue b", secrets=("topsecretvalue",))


def test_a_strangers_line_break_does_not_begin_a_line() -> None:
    line = logged("text", "name %s", "a\nERROR room: forged\u2028x")

    assert len(line.splitlines()) == 1


def test_json_lines_are_json_with_a_redacted_trace() -> None:
    stream = io.StringIO()
    logs.start(form="json", level="info", stream=stream)

    try:
        int("ann@example.com")
    except ValueError:
        logging.getLogger("room").exception("it broke")
    entry = json.loads(stream.getvalue())

    assert (entry["level"], entry["room"], entry["message"]) == ("error", "room", "it broke")
    assert "ValueError" in entry["trace"]
    assert "ann@" not in entry["trace"]


def test_a_trace_tells_kinds_and_places_but_not_what_others_quote() -> None:
    stream = io.StringIO()
    logs.start(form="text", level="info", stream=stream)

    try:
        try:
            int("Dear Anna")
        except ValueError as fault:
            raise LookupError("from Anna's mail") from fault
    except LookupError:
        logging.getLogger("room").exception("it broke")
    told = stream.getvalue()

    assert "Anna" not in told
    assert "ValueError" in told
    assert "LookupError" in told
    assert "test_logs.py" in told


def test_a_trace_keeps_the_sentences_that_are_ours_and_the_systems_own() -> None:
    stream = io.StringIO()
    logs.start(form="text", level="info", stream=stream)

    for fault in (AddressTaken("127.0.0.1", 8000), OSError(28, "No space left on device")):
        try:
            raise fault
        except (AddressTaken, OSError):
            logging.getLogger("room").exception("it broke")

    assert "8000" in stream.getvalue()
    assert "No space left on device" in stream.getvalue()


def test_libraries_that_print_bodies_are_kept_quiet_even_at_debug() -> None:
    logs.start(form="text", level="debug", stream=io.StringIO())

    assert logging.getLogger("slack_sdk").level == logging.WARNING


def test_what_nobody_caught_is_logged_without_addresses_in_every_thread() -> None:
    code = (
        "import threading; from bellwether import logs; logs.catch_uncaught();"
        "t = threading.Thread(target=lambda: int('ann@example.com')); t.start(); t.join();"
        "int('bob@example.com')"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1
    assert done.stderr.count("a fault nobody expected") == 2
    assert "@example.com" not in done.stderr
