"""Signed requests seen before, so that a replayed one changes nothing."""

from datetime import datetime

from sqlalchemy import delete

from storage.bulk import add_new
from storage.database import Transaction
from storage.tables_acts import request


def remember_request(tx: Transaction, digest: str, now: datetime) -> bool:
    """Remember a request by its digest; False when it was seen before."""
    return bool(add_new(tx, request, [{"digest": digest, "at": now}], request.c.digest))


def forget_requests(tx: Transaction, before: datetime) -> int:
    """Forget the requests older than any that would still be accepted; return how many."""
    return tx.execute(delete(request).where(request.c.at < before)).rowcount
