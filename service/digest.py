"""The daily digest: who is newly at risk, worse, recovered, or still at risk; once a local day.

This room gathers the data; the bot words it and splits it past Slack's limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from scoring.model import UNKNOWN_BAND
from service import brake
from service.ports import House
from service.results import WINDOW, Result, results_in
from service.words import DIGEST, FRESH, SLACK
from storage import outbox, plays, snapshots, switches, views
from storage.database import Transaction
from storage.outbox import NewMessage
from storage.views import ScoredRow

# The newest day a digest has told of; the next one begins after it, so a lost day is not lost news.
TOLD: Final = "digest/told"
# The week in which playbooks were last spoken of: the first digest of a week does.
WEEK: Final = "digest/week"
LONGEST_LOOK_BACK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Entry:
    """One customer in the digest. Money is a year's revenue; `days` is the time in this band."""

    key: str
    name: str
    csm: str | None
    arr: Decimal | None
    band: str
    band_before: str | None
    score: Decimal
    score_before: Decimal | None
    days: int


@dataclass(frozen=True, slots=True)
class Digest:
    """What one digest tells; every list is ordered by value at risk, the largest first.

    `late`: the last digest told of the same scores, so nobody knows whether anything changed.
    `judged` is filled once a week: what people said of each playbook's alerts.
    """

    as_of: date
    newly: tuple[Entry, ...]
    worse: tuple[Entry, ...]
    recovered: tuple[Entry, ...]
    still: tuple[Entry, ...]
    customers: int
    late: bool = False
    judged: tuple[Result, ...] = ()

    @property
    def changed(self) -> bool:
        """Return whether anybody crossed a band since the last digest."""
        return bool(self.newly or self.worse or self.recovered)


def post_digest(house: House, *, now: datetime, local_day: date) -> Digest | None:
    """Enqueue the digest of a local day; a second call for the same day adds nothing.

    None when nobody has been scored yet. A run that the brake holds is told by its card alone:
    its digest waits, and leaves or goes with the run's other messages.
    """
    with house.database.transaction() as tx:
        as_of = snapshots.latest_day(tx)
        if as_of is None:
            return None
        found = digest(tx, house, as_of)
        if weekly := _first_of_week(tx, local_day):
            found = replace(found, judged=_judged(tx, house, now))
        run = brake.daily(as_of)
        held_by = run if brake.holding(tx, run) else None
        if outbox.enqueue(tx, [_message(house, found, local_day, now)], now=now, held_by=held_by):
            switches.set_switch(tx, TOLD, as_of.isoformat(), "digest", now)
            if weekly:
                switches.set_switch(tx, WEEK, _week(local_day), "digest", now)
    return found


def digest(tx: Transaction, house: House, as_of: date) -> Digest:
    """Gather what happened since the last digest, up to the scores of `as_of`."""
    told = _told(tx, as_of)
    moved = _moves(tx, house, told, as_of)
    newly: list[Entry] = []
    worse: list[Entry] = []
    recovered: list[Entry] = []
    still: list[Entry] = []
    rows = views.current_rows(tx)
    for row in rows:
        before = moved.get(row.id)
        entry = _entry(row, before, as_of)
        if before is not None and house.is_worse(row.band, before.band):
            (newly if house.tone(before.band) == "good" else worse).append(entry)
        elif before is not None and house.is_worse(before.band, row.band):
            recovered.append(entry)
        elif row.band != UNKNOWN_BAND and house.tone(row.band) != "good":
            still.append(entry)
    return Digest(
        as_of=as_of,
        newly=_ordered(newly),
        worse=_ordered(worse),
        recovered=_ordered(recovered),
        still=_ordered(still),
        customers=len(rows),
        late=told >= as_of,
    )


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _first_of_week(tx: Transaction, local_day: date) -> bool:
    stands = switches.switch(tx, WEEK)
    return stands is None or stands.value != _week(local_day)


def _judged(tx: Transaction, house: House, now: datetime) -> tuple[Result, ...]:
    """Return what people said of alerts lately, where anybody said anything."""
    return tuple(one for one in results_in(tx, house, now - WINDOW) if one.answers)


@dataclass(frozen=True, slots=True)
class _Before:
    """Where a customer stood when the last digest told of them."""

    band: str
    score: Decimal | None


def _moves(tx: Transaction, house: House, told: date, as_of: date) -> Mapping[int, _Before]:
    """Return where everybody who crossed a band since `told` came from, at first."""
    before: dict[int, _Before] = {}
    for name in house.model_names:
        for row in plays.transitions_on(tx, name, after=told, until=as_of):
            if row.kind in {"worsened", "improved"} and row.from_band is not None:
                before.setdefault(row.customer_id, _Before(row.from_band, row.score_before))
    return before


def _told(tx: Transaction, as_of: date) -> date:
    """Return the last day a digest has told of, at most a week back; at first, the day before."""
    stands = switches.switch(tx, TOLD)
    if stands is None:
        return as_of - timedelta(days=1)
    return max(date.fromisoformat(stands.value), as_of - LONGEST_LOOK_BACK)


def _entry(row: ScoredRow, before: _Before | None, as_of: date) -> Entry:
    return Entry(
        key=row.key,
        name=row.name,
        csm=row.csm_name,
        arr=row.arr,
        band=row.band,
        band_before=before.band if before is not None else None,
        score=row.score,
        score_before=before.score if before is not None else None,
        days=(as_of - row.band_since).days + 1,
    )


def _ordered(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=_value))


def _value(entry: Entry) -> tuple[bool, Decimal, Decimal, str]:
    """Order by money, the most first and the unknown last; then by score, then by name."""
    return (entry.arr is None, -(entry.arr or Decimal(0)), entry.score, entry.name)


def _message(house: House, found: Digest, local_day: date, now: datetime) -> NewMessage:
    body = {
        "view": DIGEST,
        "day": local_day.isoformat(),
        "as_of": found.as_of.isoformat(),
        "changed": found.changed,
        "late": found.late,
        "customers": found.customers,
        "newly": _lines(found.newly),
        "worse": _lines(found.worse),
        "recovered": _lines(found.recovered),
        "still": _lines(found.still),
        "judged": [
            {
                "title": one.title,
                "useful": one.useful,
                "answers": one.answers,
                "few": one.few_answers,
                "suggestion": one.suggestion,
            }
            for one in found.judged
        ],
    }
    return NewMessage(
        key=f"digest/{local_day.isoformat()}",
        channel=SLACK,
        recipient=house.digest_to,
        body=body,
        play_id=None,
        step_id=None,
        customer_id=None,
        due_at=now,
        expires_at=now + FRESH,
        verb="post",
        root_key=None,
    )


def _lines(entries: Sequence[Entry]) -> list[dict[str, object]]:
    return [
        {
            "key": entry.key,
            "name": entry.name,
            "csm": entry.csm,
            "arr": _text(entry.arr),
            "band": entry.band,
            "band_before": entry.band_before,
            "score": _text(entry.score),
            "score_before": _text(entry.score_before),
            "days": entry.days,
        }
        for entry in entries
    ]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
