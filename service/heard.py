"""What was heard of customers on each of many past days, looked up once for all of them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from playbooks.life import Heard
from playbooks.playbook import Playbook
from playbooks.situation import ANY_KIND, Record, Silence
from playbooks.triggers import RecordArrives, Silent
from service.noticed import ALIVE, RHYTHM, silence_of
from storage import arrivals, habits
from storage.database import Transaction


class PastDays:
    """The days between two, for some customers: `on` answers what was heard by then."""

    def __init__(
        self, tx: Transaction, books: Iterable[Playbook], ids: Sequence[int], days: Sequence[date]
    ) -> None:
        whens = [book.when for book in books]
        first, last = days[0], days[-1]
        self._asked = {when.of for when in whens if isinstance(when, Silent)}
        self._active: Mapping[str, Mapping[int, tuple[date, ...]]] = {
            what: habits.active_days(tx, ids, _kind(what), first - 2 * RHYTHM, last)
            for what in self._asked
        }
        self._alive = {
            what: sorted({day for found in active.values() for day in found})
            for what, active in self._active.items()
        }
        kinds = frozenset(when.record for when in whens if isinstance(when, RecordArrives))
        self._records: Mapping[int, tuple[tuple[Record, date], ...]] = (
            arrivals.spans(tx, ids, kinds, first, last) if kinds else {}
        )
        self._known = bool(kinds)

    def on(self, customer: int, day: date) -> Heard:
        """Return what was heard of a customer by the end of a day."""
        found = {what: self._silence(what, customer, day) for what in self._asked}
        return Heard(
            silences={what: silence for what, silence in found.items() if silence is not None},
            records=tuple(
                record
                for record, until in self._records.get(customer, ())
                if record.on <= day <= until
            ),
            known=self._known,
        )

    def _silence(self, what: str, customer: int, day: date) -> Silence | None:
        days = self._active[what].get(customer, ())
        known = days[: bisect_right(days, day)]
        if not known or not _alive(self._alive[what], day):
            return None
        return silence_of(known[-1], [one for one in known if one > known[-1] - RHYTHM], day)


def _alive(days: Sequence[date], day: date) -> bool:
    """Tell whether anybody was heard of lately: else the feed itself was silent."""
    at = bisect_right(days, day)
    return at > 0 and days[at - 1] >= day - ALIVE


def _kind(what: str) -> str | None:
    return None if what == ANY_KIND else what
