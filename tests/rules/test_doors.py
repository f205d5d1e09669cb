"""Rules 21, 23 and 24 at the doors: what is refused is refused alike over both databases."""

from datetime import timedelta
from typing import Any, Final, cast

import pytest
from slack_bolt import App

from bot.connection import SlackSettings
from bot.http import door
from sandbox.wire import Wire
from service.ports import House
from tests.builders import customers, day
from tests.web.conftest import Client, StoppedClock

EVENTS: Final = "/api/events"
JSON: Final = {"Content-Type": "application/json"}
# What is no number, no text and no time, and a word that the refusal must say.
NONE_OF_OURS: Final = (
    ('"value": NaN', "value"),
    ('"value": -Infinity', "value"),
    ('"value": 1e999', "value"),
    ('"value": true', "value"),
    ('"feature": "a\\u0000b"', "feature"),
    ('"feature": "\\ud800"', "feature"),
    ('"occurredAt": "2026-11-20T08:00:00"', "offset from UTC"),
)
FORM: Final = "application/x-www-form-urlencoded"


class Ahead(StoppedClock):
    """Slack's clock when the request was signed."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds

    def now(self) -> Any:
        return super().now() + timedelta(seconds=self._seconds)


@pytest.fixture(autouse=True)
def acme(house: House) -> None:
    customers(house.database, "acme", name="Acme", created_on=day(100))


def test_rule_21_what_is_no_number_text_or_time_is_refused_in_words_beside_good_ones(
    writer: Client,
) -> None:
    bad = [f'{{"customer": "acme", "type": "login", {each}}}' for each, _ in NONE_OF_OURS]
    good = '{"customer": "acme", "type": "login"}'

    answer = writer.post(EVENTS, content=f"[{', '.join([*bad, good])}]", headers=JSON)

    receipt = answer.json()
    assert (receipt["accepted"], receipt["rejected"]) == (1, len(bad))
    reasons = [result["reason"] for result in receipt["results"][:-1]]
    for (said, word), reason in zip(NONE_OF_OURS, reasons, strict=True):
        assert word in reason, said


def test_rule_23_too_deep_too_large_and_of_the_wrong_kind_have_each_their_status(
    writer: Client,
) -> None:
    tried: dict[str, tuple[str | bytes, dict[str, str]]] = {
        "no JSON": ("{", JSON),
        "too deep": ("[" * 50_000, JSON),
        "no event": ("null", JSON),
        "another kind": ("<a/>", {"Content-Type": "text/xml"}),
        "too large": (b" " * 40_000_000, JSON),
    }

    found = {
        name: writer.post(EVENTS, content=content, headers=headers).status_code
        for name, (content, headers) in tried.items()
    }

    assert found == {
        "no JSON": 400,
        "too deep": 400,
        "no event": 422,
        "another kind": 415,
        "too large": 413,
    }


def test_rule_24_only_what_slack_signed_within_five_minutes_passes_and_once(house: House) -> None:
    # Nothing of this comes as far as the app: a signed check of the address is answered before.
    enter = door(cast("App", None), house, StoppedClock(), SlackSettings("x", "shh"))
    body = b"ssl_check=1&token=x"

    def status(seconds: int = 0, key: str = "shh", sent: bytes = body) -> int:
        signed = Wire(Ahead(seconds), key, "").signed(body, FORM)
        return enter("POST", signed, sent).status

    assert [status(), status(299), status(-299)] == [200, 200, 200]
    assert [status(301), status(-301), status(3_600)] == [401, 401, 401]
    assert [status(key="guessed"), status(sent=body + b" ")] == [401, 401]
