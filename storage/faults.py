"""Turns what drivers raise into our own errors, without the values drivers print."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.errors import (
    AlreadyThere,
    Busy,
    DatabaseFault,
    RuleBroken,
    StorageError,
    TookTooLong,
    Unreachable,
)

# What a unique key protects, in words. SQLite names the columns, PostgreSQL the constraint.
UNIQUE = {
    "uq_customer_key": "a customer with this key",
    "uq_member_email_folded": "a member with this e-mail address",
    "uq_member_slack_id": "a member with this Slack id",
    "uq_api_key_name": "an API key of this name",
    "uq_api_key_prefix": "an API key with this prefix",
    "uq_play_customer_id_playbook_episode": "a play of this playbook for this episode",
    "uq_step_play_id_name_occurrence": "this step of the play",
    "uq_message_key": "a message with this key",
}
BUSY = {"40001", "40P01", "55P03"}
CANCELLED = {"57014", "25P03", "25P04"}
GONE = ("08", "57P")


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in place of the driver's; the original is dropped, for it holds values."""
    try:
        yield
    except PoolTimeout:
        raise Busy("all connections are in use") from None
    except DBAPIError as error:
        raise _translate(error) from None


def _translate(error: DBAPIError) -> StorageError:
    code = getattr(error.orig, "pgcode", None) or ""
    words = str(error.orig)
    if code.startswith("23") or words.split(" ", 1)[0] in {"UNIQUE", "CHECK", "NOT", "FOREIGN"}:
        return _constraint(code, words, error)
    if code in BUSY or "database is locked" in words or "database table is locked" in words:
        return Busy(code or "locked")
    if code in CANCELLED:
        return TookTooLong("a statement")
    if error.connection_invalidated or code.startswith(GONE) or _lost(error, code):
        return Unreachable(type(error.orig).__name__)
    return DatabaseFault(code or type(error.orig).__name__)


def _lost(error: DBAPIError, code: str) -> bool:
    """Tell a refused or broken connection: psycopg2 gives it no code, SQLite only a sentence."""
    name = type(error.orig).__name__
    return not code and (
        name == "InterfaceError"
        or (name == "OperationalError" and type(error.orig).__module__.startswith("psycopg2"))
        or "unable to open database" in str(error.orig)
    )


def _constraint(code: str, words: str, error: DBAPIError) -> StorageError:
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or _sqlite_name(words)
    if code == "23505" or words.startswith("UNIQUE"):
        return AlreadyThere(UNIQUE.get(name, f"a row with this key ({name})"))
    return RuleBroken(name)


def _sqlite_name(words: str) -> str:
    """Build the constraint's name from `UNIQUE constraint failed: play.customer_id, play.…`."""
    kind, _, rest = words.partition(" constraint failed")
    columns = re.findall(r"(\w+)\.(\w+)", rest)
    if not columns:
        return rest.strip(": ") or kind.lower()
    prefix = "uq" if kind == "UNIQUE" else kind.lower().replace(" ", "_")
    return "_".join([prefix, columns[0][0], *(column for _, column in columns)])
