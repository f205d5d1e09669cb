"""Is this request Slack's own? The signature over the raw body, judged before anything is parsed.

slack_bolt's own check turns a timestamp that is no number, or a signature that is not ASCII, into a
server error, and answers `ssl_check` before it looks at the signature at all.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

# Slack asks for five minutes either way.
WINDOW_SECONDS: Final = 300
_LONGEST_TIMESTAMP: Final = 15


def genuine(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str | None:
    """Return the signature of a request that Slack signed within the window, or None.

    `headers` may be spelt in any case. The signature is the one we computed, so that it names the
    request whatever the header looked like.
    """
    if not secret:
        # Socket Mode needs none, and what is signed with nothing is signed by anybody.
        return None
    given = {name.lower(): value for name, value in headers.items()}
    stamp = given.get("x-slack-request-timestamp", "")
    if not _timely(stamp, now):
        return None
    expected = _signature(secret, stamp, body)
    signed = given.get("x-slack-signature", "").encode("utf-8", "replace")
    return expected if hmac.compare_digest(expected.encode("ascii"), signed) else None


def _timely(stamp: str, now: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_TIMESTAMP):
        return False
    return abs(now.timestamp() - int(stamp)) <= WINDOW_SECONDS


def _signature(secret: str, stamp: str, body: bytes) -> str:
    signed = b"v0:" + stamp.encode("ascii") + b":" + body
    return "v0=" + hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
