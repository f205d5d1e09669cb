"""From what rescoring saw to plays, steps, outbox rows and a reason for every decision.

Everything happens in the caller's transaction, so a customer's snapshot, transition, plays and
intents are there together or not at all (rule 1), and doing it twice adds nothing (rule 2).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from playbooks.decide import Close, Decision, Skip, Start, decide_in_turn, in_turn
from playbooks.steps import ThreadNote
from playbooks.triggers import LeavesBand
from service import opening
from service.addressees import Addressees, addressees
from service.begin import Around
from service.capping import Case, capped
from service.closing import Ending, close
from service.memory import DEFERRED, remember
from service.opening import Opening
from service.ports import House
from service.seen import Seen
from storage import outbox, plays
from storage.database import Transaction
from storage.outbox import NewMessage

__all__ = ["Acted", "Seen", "act"]


@dataclass(frozen=True, slots=True)
class Acted:
    """How many plays were started and closed, and how many starts were withheld with a reason."""

    started: int = 0
    closed: int = 0
    skipped: int = 0

    def __add__(self, other: "Acted") -> "Acted":
        return Acted(
            self.started + other.started, self.closed + other.closed, self.skipped + other.skipped
        )


@dataclass(slots=True)
class _Batch:
    """What carrying out a batch needs, and what it leaves behind, to be written in one go."""

    tx: Transaction
    house: House
    to: Addressees
    now: datetime
    messages: list[NewMessage] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    acted: Acted = Acted()

    def carry_out(self, case: Case) -> None:
        """Do what was decided about one customer."""
        thanks = _thanks(case.decisions)
        for decision in case.decisions:
            match decision:
                case Close():
                    self._close(case, decision, thanks)
                case Start() if _opens(decision):
                    self._open(case, decision)
                case Start():
                    pass  # A recovery opens nothing: it is said in what it closes.
                case Skip():
                    self.acted += Acted(skipped=1)

    def _close(self, case: Case, decision: Close, thanks: str | None) -> None:
        play = next(play for play in case.plays if play.id == decision.play_id)
        words = thanks if decision.outcome == "recovered" else None
        self.endings.append(Ending(case.seen.customer, play, decision, words))
        self.acted += Acted(closed=1)

    def _open(self, case: Case, decision: Start) -> None:
        who = case.seen.customer
        self.openings.append(
            Opening(
                case.seen,
                decision,
                self.to.at(who),
                case.situation,
                self.to.tips.get(who.id),
            )
        )

    def close_down(self) -> None:
        """Close all plays that were found to be over, however many, in the same few statements."""
        self.messages += close(self.tx, self.house, self.endings, now=self.now)

    def open_up(self) -> None:
        """Open all plays that were found to begin, however many, in the same few statements.

        Those of whom most would be lost come first.
        """
        self.openings.sort(key=lambda one: -(one.seen.customer.arr or 0))
        around = Around(self.house, self.now, self.to.colleagues)
        for sent in opening.open_all(self.tx, around, self.openings):
            self.messages += sent
            self.acted += Acted(started=int(bool(sent)))


def act(tx: Transaction, house: House, seen: Sequence[Seen], *, now: datetime, run: str) -> Acted:
    """Decide for every customer of a batch and enqueue what follows, held under `run`.

    The rows leave when `service.brake.finish_run` finds the run sane. Returns counts.
    """
    cases = capped(tx, house, list(_cases(tx, house, seen, now)), now)
    batch = _Batch(tx, house, _addressees(tx, house, cases, now), now)
    for case in cases:
        batch.carry_out(case)
    batch.close_down()
    batch.open_up()
    outbox.enqueue(tx, batch.messages, now=now, held_by=run)
    plays.record_decisions(tx, [record for case in cases for record in _records(case, now)])
    return batch.acted


def _cases(tx: Transaction, house: House, seen: Sequence[Seen], now: datetime) -> Iterator[Case]:
    """Yield the customers about whom something was decided; on most days that is hardly anybody."""
    memory, books = remember(tx, house, seen), in_turn(house.playbooks, house.model)
    for each in seen:
        situation = memory.situation(each)
        decisions = decide_in_turn(situation, books, house.model, now)
        if decisions:
            plays_open = memory.plays.get(each.customer.id, ())
            yield Case(each, situation, decisions, plays_open)


def _addressees(tx: Transaction, house: House, cases: Iterable[Case], now: datetime) -> Addressees:
    """Return whom to write to at the customers for whom a play opens."""
    opening_for = {
        case.seen.customer.id: case.seen.customer
        for case in cases
        if any(map(_opens, case.decisions))
    }
    books = {
        decision.playbook.name: decision.playbook
        for case in cases
        for decision in case.decisions
        if isinstance(decision, Start)
    }
    return addressees(tx, house, opening_for, books.values(), now.date())


def _opens(decision: Decision) -> bool:
    return isinstance(decision, Start) and not isinstance(decision.playbook.when, LeavesBand)


def _thanks(decisions: Sequence[Decision]) -> str | None:
    """Return the words of the playbook that answers a recovery, where one starts."""
    for decision in decisions:
        if isinstance(decision, Start) and not _opens(decision):
            notes = [step.text for step in decision.playbook.then if isinstance(step, ThreadNote)]
            return notes[0] if notes else None
    return None


def _records(case: Case, now: datetime) -> Iterator[plays.Decision]:
    for decision in case.decisions:
        match decision:
            case Start(playbook=playbook, reason=reason):
                name, outcome = playbook.name, "started"
            case Skip(playbook=playbook, reason=reason):
                name, outcome = playbook.name, DEFERRED if decision.deferred else "skipped"
            case Close(playbook=name, reason=reason):
                outcome = "closed"
        yield plays.Decision(
            customer_id=case.seen.customer.id,
            as_of=case.seen.current.as_of,
            playbook=name,
            outcome=outcome,
            reason=reason,
            at=now,
        )
