"""Requests to the app as Slack sends them: form-encoded, signed, answered within three seconds."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.clock import Clock
from sandbox.state import Json

ACK_WITHIN = 3.0
OK = 200
Door = Callable[[str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered. `error` is Slack's word for what went wrong, or None."""

    status: int
    body: bytes
    error: str | None = None

    @property
    def acknowledged(self) -> bool:
        """Tell whether the app took the request, in time."""
        return self.error is None

    @property
    def content(self) -> Json:
        """Return the answer's JSON object; plain text comes as its `text`."""
        if not self.body.strip():
            return {}
        try:
            read = json.loads(self.body)
        except ValueError:
            return {"text": self.body.decode("utf-8", "replace")}
        return read if isinstance(read, dict) else {}


class Wire:
    """The way to the app: by HTTP to `<app_url>/slack/events`, or through a door in-process.

    `ack_within` is how many seconds the app has; Slack gives three.
    """

    def __init__(self, clock: Clock, signing_secret: str, app_url: str) -> None:
        self.app_url = app_url
        self.door: Door | None = None
        self.ack_within = ACK_WITHIN
        self._clock = clock
        self._secret = signing_secret.encode()

    def send_form(self, fields: Mapping[str, str]) -> Answer:
        """Send a slash command, or an interaction as its `payload`."""
        return self._send(urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def send_interaction(self, payload: Mapping[str, Any]) -> Answer:
        """Send what somebody clicked or submitted."""
        return self.send_form({"payload": json.dumps(payload)})

    def send_event(self, envelope: Mapping[str, Any]) -> Answer:
        """Send an event of the Events API."""
        return self._send(json.dumps(envelope).encode(), "application/json")

    def signed(self, body: bytes, content_type: str) -> dict[str, str]:
        """Return the headers Slack puts on a request, with the signature over the raw body."""
        seconds = str(int(self._clock.now().timestamp()))
        base = b"v0:" + seconds.encode() + b":" + body
        digest = hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        return {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": seconds,
            "x-slack-signature": f"v0={digest}",
        }

    def _send(self, body: bytes, content_type: str) -> Answer:
        headers = self.signed(body, content_type)
        if self.door is not None:
            status, _headers, answered = self.door("POST", headers, body)
            return _judged(status, answered)
        address = f"{self.app_url.rstrip('/')}/slack/events"
        try:
            response = httpx.post(address, content=body, headers=headers, timeout=self.ack_within)
        except httpx.TimeoutException:
            return Answer(0, b"", "operation_timeout")
        except httpx.HTTPError:
            return Answer(0, b"", "dispatch_unreachable")
        return _judged(response.status_code, response.content)


def _judged(status: int, body: bytes) -> Answer:
    return Answer(status, body, None if status == OK else "dispatch_failed")
