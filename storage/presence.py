"""Nobody is erased while something is being written about customers, and nothing meanwhile.

Rows of the large tables refer to no customer's row, so that nothing else would say no to rows of
somebody who was just erased. SQLite has one writer at a time anyway.
"""

from typing import Final

from sqlalchemy import text

from storage.database import Transaction

# Any number will do, as long as all take the same; migrations and months have their own.
LOCK_NUMBER: Final = 20_250_416
# Half of PostgreSQL's deadlock_timeout.
PATIENCE_MS: Final = 500


def keep_present(tx: Transaction) -> None:
    """Let nobody be erased until the end of the transaction; waits for an erasure under way.

    To be called before looking who is there.
    """
    _lock(tx, "pg_advisory_xact_lock_shared")


def keep_others_out(tx: Transaction) -> None:
    """Let nobody write about customers until the end of the transaction; waits for who does."""
    _lock(tx, "pg_advisory_xact_lock")


def give_way(tx: Transaction) -> None:
    """Wait for nobody's rows for long from here on; raises Busy instead.

    The database waits longer before it looks whether two wait for each other, so it is never the
    other who is thrown out.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))


def _lock(tx: Transaction, how: str) -> None:
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"SELECT {how}(:n)"), {"n": LOCK_NUMBER})
