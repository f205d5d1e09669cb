"""API keys: made once, shown once, kept as a digest, and compared in constant time.

A key reads `bw_<prefix>_<secret>`. The prefix finds the row; the secret is 256 random bits, so a
plain SHA-256 keeps it as well as any slower digest would.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Final

import storage.keys as stored
from storage.database import Database

WRITE: Final = "write"
_FORM: Final = re.compile(r"bw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
# Compared with when no row was found, so that an unknown prefix takes as long as a known one.
_NOBODY: Final = hashlib.sha256(b"nobody").hexdigest()


def create(
    database: Database, name: str, scopes: tuple[str, ...] = (WRITE,), *, now: datetime
) -> str:
    """Make a key and answer its plain text, which nobody can read again.

    Raises storage.errors.AlreadyThere when a key of this name exists, revoked or not.
    """
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with database.transaction() as tx:
        stored.add_key(tx, name=name, prefix=prefix, digest=_digest(secret), scopes=scopes, now=now)
    return f"bw_{prefix}_{secret}"


def allowed(database: Database, presented: str, scope: str) -> str | None:
    """Answer the name of the key presented when it is genuine, live and has the scope."""
    form = _FORM.fullmatch(presented)
    if form is None:
        return None
    prefix, secret = form.groups()
    with database.reading() as tx:
        key = stored.key_by_prefix(tx, prefix)
    genuine = hmac.compare_digest(_digest(secret), key.digest if key else _NOBODY)
    if key is None or not genuine or key.revoked_at is not None or scope not in key.scopes:
        return None
    return key.name


def revoke(database: Database, name: str, *, now: datetime) -> bool:
    """End a key at once; False when no live key has this name."""
    with database.transaction() as tx:
        return stored.revoke_key(tx, name, now)


def listed(database: Database) -> tuple[stored.Key, ...]:
    """Answer every key ever made, without its secret."""
    with database.reading() as tx:
        return stored.keys(tx)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
