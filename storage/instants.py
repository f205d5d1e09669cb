"""Instants by the column: as microseconds since 1970, and spelled, with no call of ours each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql

from storage.columns import UtcTime

Ints = npt.NDArray[np.int64]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
# A float tells seconds to the microsecond up to here; what lies beyond is counted with care.
_EXACT_SECONDS: Final = 2.0**31
_MOMENT: Final = UtcTime()
_POSTGRES: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's.


def in_utc(moments: Sequence[datetime]) -> Sequence[datetime]:
    """Return the instants in UTC; one without a zone is refused by the column's own type."""
    if {moment.tzinfo for moment in moments} == {UTC}:
        return moments
    instants = [_MOMENT.process_bind_param(moment, _POSTGRES) for moment in moments]
    return [instant for instant in instants if instant is not None]


def since_epoch(moments: Sequence[datetime]) -> Ints:
    """Return the instants as microseconds since 1970."""
    seconds = np.fromiter(map(datetime.timestamp, moments), np.float64, len(moments))
    if np.abs(seconds).max(initial=0.0) < _EXACT_SECONDS:
        return np.rint(seconds * _SECOND).astype(np.int64)
    return np.array(list(map(microseconds, moments)), np.int64)


def microseconds(moment: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def isoformats(moments: Sequence[datetime], mark: str = "") -> list[str]:
    """Return what `isoformat` says of each of these instants, which are in UTC, between marks."""
    micros = since_epoch(moments)
    parts = (micros % _SECOND).tolist()
    texts = np.datetime_as_string((micros // _SECOND).view("M8[s]")).tolist()
    if not any(parts):
        return [f"{mark}{text}+00:00{mark}" for text in texts]
    return [
        f"{mark}{text}.{part:06}+00:00{mark}" if part else f"{mark}{text}+00:00{mark}"
        for text, part in zip(texts, parts, strict=True)
    ]


def spaced(micros: Ints) -> list[str]:
    """Spell instants as SQLite keeps them: SQLAlchemy's way, with a space."""
    texts = np.datetime_as_string(micros.view("M8[us]"))
    texts.view(np.uint32).reshape(len(texts), -1)[:, len("YYYY-MM-DD")] = ord(" ")
    return texts.tolist()  # type: ignore[no-any-return] # NumPy's.
