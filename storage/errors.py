"""What can go wrong in storage. Each error takes data and builds its own sentence.

    StorageError
    ├── Refused              a value no database of ours may hold
    │   ├── NaiveTime, UnfitText, UnfitNumber, UnfitJson
    ├── AlreadyThere         a unique key said no
    ├── RuleBroken           another constraint said no
    ├── Busy                 somebody else holds the lock; trying again later is right
    ├── TookTooLong          a statement or a whole transaction passed its deadline
    ├── Unreachable          no connection, or it was lost
    ├── DatabaseFault        anything else the database said
    ├── BadDatabaseUrl       the address cannot be used
    ├── NotMigrated          the tables are missing or older than the code
    ├── CannotDistribute     the database cannot spread its tables over machines
    ├── UnreadableRecord     a score was packed in a way this version does not know
    └── UnknownFigure        scoring asks for a kind of figure storage was not taught

Values never appear in a sentence: drivers print them into their messages, and messages reach logs.
"""

# Outcomes in the product's words; "Error" would add nothing.

# Outcomes in the product's words; "Error" would add nothing.

# ruff: noqa: N818  # Outcomes in the product's words; "Error" would add nothing.

from datetime import datetime

from sqlalchemy.exc import DontWrapMixin


class StorageError(Exception):
    """Something storage could not do."""


class Refused(StorageError, DontWrapMixin, ValueError):
    """A value that must not be stored, refused alike whichever database is below."""


class NaiveTime(Refused):
    """A time without a zone."""

    def __init__(self, value: datetime) -> None:
        self.value = value
        super().__init__("A time without a time zone cannot be stored; give it one, best UTC.")


class UnfitText(Refused):
    """Text with a NUL or a lone surrogate in it."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"Text that contains {found} cannot be stored.")


class UnfitNumber(Refused):
    """A number that is not finite, too large, or finer than its column."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"This number cannot be stored: {problem}.")


class UnfitJson(Refused):
    """A JSON document that holds something JSON has no word for."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"This JSON document cannot be stored: {problem}.")


class AlreadyThere(StorageError):
    """A unique key said no: what was to be added exists."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"There is already {what}.")


class RuleBroken(StorageError):
    """A constraint of the database said no."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(f"The database refused the change: {rule}.")


class Busy(StorageError):
    """Another process holds what was needed; nothing was changed."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"The database is busy ({code}); nothing was changed, try again.")


class TookTooLong(StorageError):
    """A statement or transaction passed its deadline; nothing was changed."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"The database took too long: {what} was given up.")


class Unreachable(StorageError):
    """There is no connection to the database, or it broke."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The database cannot be reached: {reason}.")


class DatabaseFault(StorageError):
    """The database failed in a way none of the other errors describes."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"The database reported a fault ({code}).")


class BadDatabaseUrl(StorageError):
    """The database's address cannot be used; the address itself may hold a password."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"The database address cannot be used: {problem}. "
            "Give sqlite:///path/to/file or postgresql://user:password@host/name."
        )


class NotMigrated(StorageError):
    """The database's tables do not fit the code."""

    def __init__(self, found: str | None) -> None:
        self.found = found
        state = f"at revision {found}" if found else "empty"
        super().__init__(f"The database is {state}; run `bellwether migrate` first.")


class CannotDistribute(StorageError):
    """The tables stay on one machine: the database knows no other."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The tables were not distributed: {reason}. They work as they are, on one machine; "
            "docs/decisions/0014-more-than-one-postgres.md says what distributing needs."
        )


class UnreadableRecord(StorageError):
    """A snapshot's record in a form this version cannot read."""

    def __init__(self) -> None:
        super().__init__(
            "A stored score cannot be read; it was written by a newer version. Update Bellwether."
        )


class UnknownFrame(UnreadableRecord):
    """A record whose frame this process has not learned yet; `storage.frames.opened` does so."""


class UnknownFigure(StorageError):
    """Scoring asks for a kind of figure that storage has no branch for."""

    def __init__(self, figure: str) -> None:
        self.figure = figure
        super().__init__(f"Storage cannot answer {figure}; add its branch to storage/answering.py.")
