"""Only Slack's own requests pass, and a malformed header is a no, never an error."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.guard import genuine

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "shh"
BODY = b"command=%2Fhealth&text=acme"


def signed(at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


def test_a_request_signed_by_the_sdks_own_verifier_passes() -> None:
    assert genuine(SECRET, signed(), BODY, NOW) == signed()["X-Slack-Signature"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_outside_five_minutes_is_refused(minutes: int) -> None:
    assert genuine(SECRET, signed(NOW + timedelta(minutes=minutes)), BODY, NOW) is None


def test_another_body_another_secret_or_no_header_is_refused() -> None:
    assert genuine(SECRET, signed(), BODY + b"x", NOW) is None
    assert genuine("other", signed(), BODY, NOW) is None
    assert genuine(SECRET, {}, BODY, NOW) is None


def test_without_a_secret_nothing_is_genuine_though_it_is_signed_with_nothing() -> None:
    stamp = str(int(NOW.timestamp()))
    forged = hmac.new(b"", f"v0:{stamp}:".encode() + BODY, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={forged}"}

    assert genuine("", headers, BODY, NOW) is None


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "-1", "١٢٣", "9" * 400, "1795165200.5", " 1"])
def test_a_timestamp_that_is_no_number_is_refused(stamp: str) -> None:
    assert genuine(SECRET, signed() | {"X-Slack-Request-Timestamp": stamp}, BODY, NOW) is None


@pytest.mark.parametrize("signature", ["", "v0=", "v0=é", "\udcff", "v1=abc", "x" * 100_000])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    assert genuine(SECRET, signed() | {"X-Slack-Signature": signature}, BODY, NOW) is None


def test_a_body_that_is_no_text_can_be_signed_too() -> None:
    assert genuine(SECRET, signed(), b"\xff\xfe", NOW) is None
