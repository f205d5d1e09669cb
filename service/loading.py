"""Accept events by the sheet: the door of `ingest` for files, at the pace of the database.

While one sheet is being written the next is read, and spelled as if all of it were new and its
customers stayed who they are; whoever writes it looks whether that holds. Two that share no id are
written at once on PostgreSQL. Each is one transaction, so that whoever stops in the middle leaves
whole sheets behind, and sending the same again goes on from there.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import compress
from operator import itemgetter
from typing import Any, Final

from service.chunks import writing
from service.events import FUTURE_TOLERANCE, Arrival, digests, laid_down
from service.ingest import (
    Outcome,
    Status,
    at_the_door,
    create_missing,
    hold_back,
    kept_since,
)
from service.ports import House
from service.sheets import Plain, Reader, Sheet
from storage.activity import Foreseen, Given, NewEvent, append, foresee, given_by
from storage.customers import all_present, known_keys, resolve_keys
from storage.database import Transaction

REFUSED: Final = ("rejected", "conflict")
AT_ONCE: Final = 2  # Sheets written at once, where the database can.
ALL_TIME: Final = timedelta(days=365 * 1000)
Said = tuple[int, Status, str | None]  # Where a row stands, what became of it, why.


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a sheet: rows by outcome, and those refused with their places."""

    counts: Mapping[str, int]
    refused: Sequence[Said]


def accept_sheets(
    house: House,
    feed: str,
    sheets: Iterable[Sheet],
    *,
    now: datetime,
    create_customers: bool = False,
    rehearse: bool = False,
) -> Iterator[Settled]:
    """Accept sheets of events, as `accept_events` does its items; every row has an id.

    A sheet is committed before it is yielded as settled; by then more may have been read. When
    somebody interrupts, the sheets being written are finished, and told, before it ends.
    """
    reader = Reader(now)
    work = _Work(house, feed, now, create_customers, rehearse)
    foresight = _Foresight(work)
    with ThreadPoolExecutor(AT_ONCE, "bellwether-load") as pool:
        underway, done = _Underway(), deque[Settled]()
        try:
            for sheet in sheets:
                plain, careful = reader.read(sheet)
                foreseen = foresight.of(plain)
                ids = work.ids_apart(plain, careful, foreseen)
                done.extend(underway.make_room(ids))
                future = pool.submit(work.write, sheet, plain, careful, foreseen)
                underway.add(future, ids)
                while done:
                    foresight.learn(done[0])
                    yield done.popleft()
            yield from underway.rest()
        except KeyboardInterrupt:
            yield from done
            yield from underway.rest()
            raise


class _Underway:
    """Sheets being written, in their order, each with its ids if another may go beside it."""

    def __init__(self) -> None:
        self._sheets: deque[tuple[Future[Settled], AbstractSet[str] | None]] = deque()

    def add(self, future: Future[Settled], ids: AbstractSet[str] | None) -> None:
        """Note a sheet as being written."""
        self._sheets.append((future, ids))

    def make_room(self, ids: AbstractSet[str] | None) -> Iterator[Settled]:
        """Wait until a sheet may be written beside those that still are; yield those done."""
        while len(self._sheets) >= AT_ONCE or not self._bears(ids):
            yield self._first()

    def rest(self) -> Iterator[Settled]:
        """Wait for all, in their order."""
        while self._sheets:
            yield self._first()

    def _bears(self, ids: AbstractSet[str] | None) -> bool:
        """Tell whether no row of these can be one of those being written."""
        return all(
            ids is not None and others is not None and ids.isdisjoint(others)
            for _, others in self._sheets
        )

    def _first(self) -> Settled:
        done = self._sheets[0][0].result()
        self._sheets.popleft()
        return done


@dataclass(frozen=True, slots=True)
class _Work:
    """How sheets are written: whose, into which feed, as of when."""

    house: House
    feed: str
    now: datetime
    create_customers: bool
    rehearse: bool

    def ids_apart(
        self, plain: Plain, careful: list[int], foreseen: "_Laid | None"
    ) -> AbstractSet[str] | None:
        """Return the ids of a sheet beside which another may be written; None where none may.

        That is where its rows might bear on another's: who comes first has an id, and makes a
        customer. And SQLite has one writer.
        """
        if self.house.database.dialect == "sqlite" or self.create_customers or careful:
            return None
        return set(plain.ids) if foreseen and foreseen.foreseen and not foreseen.bad else None

    def write(
        self, sheet: Sheet, plain: Plain, careful: list[int], foreseen: "_Laid | None" = None
    ) -> Settled:
        """Write one sheet, in a transaction."""
        doors = {place: self._door(sheet, place) for place in careful}
        unread = [_said(at, door) for at, door in doors.items() if isinstance(door, Outcome)]
        arrivals = {at: door for at, door in doors.items() if isinstance(door, Arrival)}
        with writing(self.house.database, rehearse=self.rehearse) as tx:
            said = [*unread, *self._admit(tx, sheet, plain, arrivals, foreseen)]
        counts = Counter[str](status for _, status, _ in said)
        counts["accepted"] += sheet.size - len(said)
        refused = (one for one in said if one[1] in REFUSED)
        return Settled(+counts, sorted(refused, key=itemgetter(0)))

    def _door(self, sheet: Sheet, place: int) -> Arrival | Outcome:
        return at_the_door(*sheet.item(place), self.now, None)

    def _admit(
        self,
        tx: Transaction,
        sheet: Sheet,
        plain: Plain,
        arrivals: dict[int, Arrival],
        foreseen: "_Laid | None",
    ) -> list[Said]:
        """Lay down what can be laid down; say what became of all that was not accepted."""
        careful = [(one.key, one.occurred_at) for one in arrivals.values()]
        holds = foreseen is not None and self._holds(tx, foreseen)
        if self.create_customers:
            seen = [] if holds else zip(plain.keys, plain.moments, strict=True)
            create_missing(tx, [*careful, *seen], self.now)
        laid = foreseen if foreseen and holds else self.laid(tx, plain)
        for place in laid.bad:
            door = self._door(sheet, place)
            if isinstance(door, Arrival):
                arrivals[place] = door
        said, late = self._look_at(tx, dict(sorted(arrivals.items()))) if arrivals else ([], {})
        events = laid.foreseen if not late else None
        return said + self._append(tx, *_merged(laid.places, laid.given, late), events)

    def laid(
        self, tx: Transaction, plain: Plain, known: Mapping[str, int] | None = None
    ) -> "_Laid":
        """Part what may be laid down, of these customers, from the places of what must wait."""
        ids = resolve_keys(tx, plain.keys) if known is None else known
        oldest = min(plain.moments, default=self.now)
        since = kept_since(tx, [oldest], self.now)
        good, bad = _sorted_out(plain, ids, since, self.now)
        return _Laid(good.places, bad, _given(good, ids, self.feed), oldest, since)

    def _holds(self, tx: Transaction, laid: "_Laid") -> bool:
        """Tell whether a sheet may be laid down as foreseen."""
        there = all_present(tx, sorted(set(laid.given.customer_id)))
        return there and kept_since(tx, [laid.oldest], self.now) == laid.since

    def _look_at(
        self, tx: Transaction, arrivals: Mapping[int, Arrival]
    ) -> tuple[list[Said], dict[int, NewEvent]]:
        """Hold back what must wait of the rows read with care; return the others as events."""
        ids = resolve_keys(tx, {one.key for one in arrivals.values()})
        since = kept_since(tx, (one.occurred_at for one in arrivals.values()), self.now)
        whom = list(arrivals.values())
        held = hold_back(tx, self.feed, whom, ids=ids, since=since, now=self.now)
        said: list[Said] = []
        late: dict[int, NewEvent] = {}
        for (place, arrival), outcome in zip(arrivals.items(), held, strict=True):
            if outcome:
                said.append(_said(place, outcome))
            else:
                late[place] = laid_down(arrival, ids[arrival.key], self.feed)
        return said, late

    def _append(
        self, tx: Transaction, places: Sequence[int], events: Given, foreseen: Foreseen | None
    ) -> list[Said]:
        """Lay events down in the order of their places."""
        statuses = append(tx, events, self.now, foreseen)
        if statuses.count("accepted") == len(statuses):
            return []
        pairs = zip(places, statuses, strict=True)
        return [(place, status, None) for place, status in pairs if status != "accepted"]


@dataclass(frozen=True, slots=True)
class _Laid:
    """What may be laid down of a sheet, the places of what must wait, and what both rest on."""

    places: Sequence[int]
    bad: Sequence[int]
    given: Given
    oldest: datetime
    since: datetime | None
    foreseen: Foreseen | None = None


class _Foresight:
    """Spells sheets before their turn; knows the customers of those before."""

    def __init__(self, work: _Work) -> None:
        self._work = work
        self._ids: dict[str, int] = {}
        self._worthwhile = True

    def learn(self, done: Settled) -> None:
        """Take down whether a sheet was new; what was sent before is hardly alone."""
        self._worthwhile = set(done.counts) <= {"accepted", "rejected", "quarantined"}

    def of(self, plain: Plain) -> _Laid | None:
        """Spell a sheet, as things stand; None where that is no use."""
        keys = set(plain.keys)
        if not (self._worthwhile and keys):
            return None
        with self._work.house.database.reading() as tx:
            self._ids |= known_keys(tx, keys - self._ids.keys())
            if not keys <= self._ids.keys():
                return None
            laid = self._work.laid(tx, plain, self._ids)
            foreseen = foresee(tx, laid.given, self._work.now) if laid.given.feed else None
        return replace(laid, foreseen=foreseen)


def _said(place: int, outcome: Outcome) -> Said:
    return place, outcome.status, outcome.reason


def _sorted_out(
    plain: Plain, ids: Mapping[str, int], since: datetime | None, now: datetime
) -> tuple[Plain, list[int]]:
    """Part what may be laid down from the places of what must wait, for whatever reason."""
    soonest, latest = since or now - ALL_TIME, now + FUTURE_TOLERANCE
    last, first = max(plain.moments, default=now), min(plain.moments, default=now)
    if soonest <= first and last <= latest and ids.keys() >= set(plain.keys):
        return plain, []
    fit = [
        key in ids and soonest <= at <= latest
        for key, at in zip(plain.keys, plain.moments, strict=True)
    ]
    columns: list[list[Any]] = [list(compress(column, fit)) for column in plain]
    good = Plain(*columns)
    return good, [place for place, fits in zip(plain.places, fit, strict=True) if not fits]


def _given(plain: Plain, ids: Mapping[str, int], feed: str) -> Given:
    owners = [ids[key] for key in plain.keys]
    return Given(
        owners, [feed] * len(owners), plain.ids, plain.kinds, plain.features, plain.moments,
        plain.values, plain.users, plain.properties, digests(owners, plain.content),
    )  # fmt: skip


def _merged(
    places: Sequence[int], given: Given, late: dict[int, NewEvent]
) -> tuple[Sequence[int], Given]:
    """Put the events that were read with care where they stood in the file."""
    if not late:
        return places, given
    events = dict(zip(places, map(NewEvent._make, zip(*given, strict=True)), strict=True)) | late
    return sorted(events), given_by([events[place] for place in sorted(events)])
