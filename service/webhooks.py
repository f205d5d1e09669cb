"""Endpoints of other systems: named by the operator, told by playbooks, signed for each.

A message to one is an outbox row like any other (`service.intents.webhook`). Its signature follows
the Standard Webhooks convention; the key is made of the endpoint's nonce and the house's secret, so
it can be shown again by nobody who holds a copy of the database alone.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NoReturn
from urllib.parse import urlsplit

import storage.webhooks as stored
from service.errors import RotatedBefore, UnknownWebhook, WebhookInvalid
from service.ports import House
from service.words import WEBHOOK, WEBHOOK_FRESH
from storage import audit, outbox
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.webhooks import Endpoint

PREFIX: Final = "whsec_"
# What the other side has to put the new secret in the place of the old.
BOTH_FOR: Final = timedelta(hours=24)
GONE: Final = "410 Gone"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_LONGEST_URL: Final = 2000
_HTTP, _HTTPS = 80, 443


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect and what to ask for. `path` may hold a secret of the other side's."""

    host: str
    port: int
    path: str = field(repr=False)
    tls: bool


def add(house: House, name: str, url: str, *, inside: bool, by: str, now: datetime) -> str:
    """Keep an endpoint and answer the secret it checks our signatures with.

    `inside` permits addresses of one's own network, and http. Raises WebhookInvalid, and
    storage.errors.AlreadyThere when the name is taken.
    """
    if not _NAME.fullmatch(name):
        raise WebhookInvalid("its name is not small letters, digits, - and _, 63 at most")
    target(url, inside=inside)
    nonce = secrets.token_hex(16)
    with house.database.transaction() as tx:
        stored.add_endpoint(tx, name=name, url=url, nonce=nonce, inside=inside, now=now)
        audit.append(tx, by, "webhook-add", f"webhook/{name}", {"inside": inside}, now)
        kept = stored.endpoint(tx, name)
    if kept is None:
        raise UnknownWebhook(name)
    return _shown(house, kept)


def rotate(house: House, name: str, *, at_once: bool, by: str, now: datetime) -> str:
    """Give an endpoint a new secret and answer it; the old one signs as well for another day.

    `at_once` is for a secret that others know: the old one signs nothing more. Raises
    UnknownWebhook, and RotatedBefore while two secrets sign already, for the other side may still
    check by the older.
    """
    with house.database.transaction() as tx:
        found = _must_exist(tx, name)
        if not at_once and len(found.nonces(now)) > 1 and found.previous_until is not None:
            raise RotatedBefore(name, found.previous_until)
        until = now if at_once else now + BOTH_FOR
        nonce = secrets.token_hex(16)
        if not stored.change_nonce(tx, name, seen=found.nonce, nonce=nonce, until=until):
            raise RotatedBefore(name, until)
        audit.append(tx, by, "webhook-rotate", f"webhook/{name}", {"at_once": at_once}, now)
        kept = _must_exist(tx, name)
    return _shown(house, kept)


def listed(house: House) -> tuple[Endpoint, ...]:
    """Answer every endpoint, by name."""
    with house.database.reading() as tx:
        return stored.endpoints(tx)


def known(house: House, name: str) -> Endpoint | None:
    """Answer the endpoint of this name."""
    with house.database.reading() as tx:
        return stored.endpoint(tx, name)


def disable(house: House, name: str, *, by: str, now: datetime) -> bool:
    """Send it nothing more; what waits for it is dropped at its turn. False when it was off."""
    with house.database.transaction() as tx:
        _must_exist(tx, name)
        changed = stored.switch_off(tx, name, f"by {by}", now)
        if changed:
            audit.append(tx, by, "webhook-disable", f"webhook/{name}", {}, now)
    return changed


def enable(house: House, name: str, *, by: str, now: datetime) -> bool:
    """Send to it again; False when it was on."""
    with house.database.transaction() as tx:
        _must_exist(tx, name)
        changed = stored.switch_on(tx, name)
        if changed:
            audit.append(tx, by, "webhook-enable", f"webhook/{name}", {}, now)
    return changed


def try_out(house: House, name: str, *, by: str, now: datetime) -> str:
    """Put a test message for the endpoint into the outbox; answer its key."""
    key = f"webhook/{name}/test/{secrets.token_hex(8)}"
    with house.database.transaction() as tx:
        _must_exist(tx, name)
        outbox.enqueue(tx, [_test_message(name, key, now)], now=now)
        audit.append(tx, by, "webhook-test", f"webhook/{name}", {}, now)
    return key


def signing_key(house: House, endpoint: Endpoint) -> bytes:
    """Return the newest key the endpoint's messages are signed with: 32 bytes."""
    return _key(house, endpoint, endpoint.nonce)


def signatures(
    house: House, endpoint: Endpoint, message_id: str, payload: bytes, now: datetime
) -> str:
    """Return what stands in `webhook-signature`: one for each secret that holds, newest first."""
    stamp = int(now.timestamp())
    keys = [_key(house, endpoint, nonce) for nonce in endpoint.nonces(now)]
    return " ".join(signature(key, message_id, stamp, payload) for key in keys)


def signature(key: bytes, message_id: str, timestamp: int, payload: bytes) -> str:
    """Return one signature (Standard Webhooks, v1)."""
    words = f"{message_id}.{timestamp}.".encode() + payload
    return "v1," + base64.b64encode(hmac.digest(key, words, hashlib.sha256)).decode()


def body(kind: str, data: object, now: datetime) -> dict[str, object]:
    """Return a message's body: what happened, when, and the facts."""
    return {"type": kind, "timestamp": now.isoformat(), "data": data}


def closed(tx: Transaction, name: str) -> str | None:
    """Return why nothing may be sent to the endpoint of this name, or None."""
    found = stored.endpoint(tx, name)
    if found is None:
        return f"there is no webhook endpoint named {name}"
    if found.disabled_at is not None:
        return f"the webhook endpoint {name} is switched off"
    return None


def target(url: str, *, inside: bool) -> Target:
    """Read an endpoint's address. Raises WebhookInvalid, which never shows it."""
    if len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        _refuse("its address is too long, or holds spaces or control characters")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError):
        _refuse("the host or port in its address cannot be read")
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        _refuse("its address must begin with https://")
    if not host or port == 0:
        _refuse("its address names no host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        _refuse("its address must hold no login and no #fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        _refuse("its path must be written in ASCII, with %-signs for the rest")
    tls = parts.scheme == "https"
    return Target(host, port or (_HTTPS if tls else _HTTP), path, tls)


def _refuse(reason: str) -> NoReturn:
    raise WebhookInvalid(reason) from None


def _shown(house: House, endpoint: Endpoint) -> str:
    """Write a secret as the convention's libraries read it."""
    return PREFIX + base64.b64encode(signing_key(house, endpoint)).decode()


def _key(house: House, endpoint: Endpoint, nonce: str) -> bytes:
    words = f"webhook/{endpoint.name}/{nonce}".encode()
    return hmac.digest(house.mail.secret, words, hashlib.sha256)


def _must_exist(tx: Transaction, name: str) -> Endpoint:
    found = stored.endpoint(tx, name)
    if found is None:
        raise UnknownWebhook(name)
    return found


def _test_message(name: str, key: str, now: datetime) -> NewMessage:
    return NewMessage(
        key=key,
        channel=WEBHOOK,
        recipient=name,
        body=body("bellwether.test", {"endpoint": name}, now),
        play_id=None,
        step_id=None,
        customer_id=None,
        due_at=now,
        expires_at=now + WEBHOOK_FRESH,
        verb="post",
        root_key=None,
    )
