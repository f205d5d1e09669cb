"""What is known of many customers on a day, in columns: one column a figure, one row a customer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.columns.numbers import Ints
from scoring.figures import (
    ActiveDays,
    Answers,
    CustomerFacts,
    EventCount,
    EventTotal,
    Ever,
    FeaturesUsed,
    Figure,
    FirstActivity,
    InvoiceDue,
    InvoicesDue,
    LastActivity,
    TicketsOpened,
)
from scoring.scales import Who
from scoring.score import Plan

COUNTS: Final = (EventCount, FeaturesUsed, TicketsOpened, ActiveDays)
DAYS: Final = (LastActivity, FirstActivity)
# The total of events is kept in millionths, which is what storage keeps of a value.
MICROS: Final = 10**6
# Larger totals stay Python's own numbers.
MOST_MICROS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Invoices:
    """The newest invoices of each customer, newest first, by the ordinals of their days.

    Where `due` is 0 there is no such invoice; where `paid` is 0 it is unpaid.
    """

    due: NDArray[np.int32]
    paid: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Words:
    """A column of text as places in a vocabulary, which may hold None for what has no word."""

    codes: NDArray[np.int32]
    words: tuple[str | None, ...]

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> "Words":
        """Return texts as a column."""
        words = tuple(dict.fromkeys(texts))
        places = {word: place for place, word in enumerate(words)}
        return cls(np.array([places[text] for text in texts], dtype=np.int32), words)

    def at(self, row: int) -> str | None:
        """Return the word of a row."""
        return self.words[int(self.codes[row])]


@dataclass(frozen=True, slots=True)
class Facts:
    """What scoring knows of customers besides activity; days are ordinals, -1 seats unknown.

    Only a plan that `wants_people` looks at more than the beginning.
    """

    created_on: NDArray[np.int32]
    segment: Words | None = None
    plan: Words | None = None
    seats: Ints | None = None

    def who(self, row: int) -> Who:
        """Return what a target may depend on."""
        seats = -1 if self.seats is None else int(self.seats[row])
        return Who(
            self.segment.at(row) if self.segment else None,
            None if seats < 0 else seats,
            self.plan.at(row) if self.plan else None,
        )


Column = NDArray[Any] | Invoices


@dataclass(frozen=True, slots=True)
class Block:
    """The answers of `size` customers; a figure left out is one nobody has an answer to.

    Counts are whole numbers, totals whole millionths, days ordinals with 0 for none, invoices
    `Invoices`, and everything else the Python answers. Any column may hold Python answers
    instead (dtype object): it is slower, and never wrong.
    """

    size: int
    facts: Facts
    answers: Mapping[Figure[Any], Column] = field(default_factory=dict)

    def at(self, row: int) -> tuple[CustomerFacts, Answers]:
        """Return what is known of one customer, as `Plan.score` takes it."""
        who = self.facts.who(row)
        facts = CustomerFacts(
            id=0,
            key="",
            name="",
            created_on=date.fromordinal(int(self.facts.created_on[row])),
            segment=who.segment,
            plan=who.plan,
            seats=who.seats,
        )
        return facts, Answers({each: answer_at(each, c, row) for each, c in self.answers.items()})

    def take(self, index: NDArray[Any]) -> "Block":
        """Return these rows as a block of their own."""
        facts = Facts(
            self.facts.created_on[index],
            _words_of(self.facts.segment, index),
            _words_of(self.facts.plan, index),
            None if self.facts.seats is None else self.facts.seats[index],
        )
        return Block(len(facts.created_on), facts, taken(self.answers, index))


def taken(answers: Mapping[Figure[Any], Column], index: NDArray[Any]) -> dict[Figure[Any], Column]:
    """Return these rows of every column."""
    return {figure: _taken(column, index) for figure, column in answers.items()}


def wants_people(plan: Plan) -> bool:
    """Tell whether the scores depend on segment, plan or seats."""
    return any(each.personal for each in plan.measured)


def block_of(
    people: Sequence[tuple[CustomerFacts, Answers]], figures: Iterable[Figure[Any]]
) -> Block:
    """Return customers as a block."""
    seats = [-1 if facts.seats is None else facts.seats for facts, _ in people]
    facts = Facts(
        np.array([facts.created_on.toordinal() for facts, _ in people], dtype=np.int32),
        Words.of([facts.segment for facts, _ in people]),
        Words.of([facts.plan for facts, _ in people]),
        np.array(seats, dtype=np.int64),
    )
    columns = {
        figure: column_of(figure, [answers[figure] for _, answers in people]) for figure in figures
    }
    return Block(len(people), facts, columns)


def column_of(figure: Figure[Any], found: Sequence[Any]) -> Column:
    """Return the answers to a figure as a column."""
    if isinstance(figure, COUNTS) and all(_is_count(count) for count in found):
        return np.array(found, dtype=np.int64)
    if isinstance(figure, DAYS):
        return np.array([day.toordinal() if day else 0 for day in found], dtype=np.int32)
    if isinstance(figure, InvoicesDue):
        return _invoices(found, max((len(due) for due in found), default=0))
    if isinstance(figure, Ever):
        return np.array(found, dtype=np.bool_)
    if isinstance(figure, EventTotal) and all(_is_total(total) for total in found):
        return np.array([int(Decimal(total).scaleb(6)) for total in found], dtype=np.int64)
    return _objects(found)


def answer_at(figure: Figure[Any], column: Column, row: int) -> object:
    """Return one customer's answer, as Python has it."""
    if isinstance(column, Invoices):
        return _invoices_at(column, row)
    if column.dtype == np.object_:
        return column[row]
    if isinstance(figure, EventTotal):
        return Decimal(int(column[row])).scaleb(-6)
    if isinstance(figure, DAYS):
        return date.fromordinal(int(column[row])) if column[row] else None
    return bool(column[row]) if isinstance(figure, Ever) else int(column[row])


def _is_count(count: object) -> bool:
    return isinstance(count, int) and abs(count) < MOST_MICROS


def _is_total(total: Decimal | int) -> bool:
    micros = Decimal(total).scaleb(6)
    if not micros.is_finite() or abs(micros) >= MOST_MICROS:
        return False
    return Decimal(int(micros)).scaleb(-6) == total


def _objects(found: Sequence[Any]) -> NDArray[Any]:
    # Row by row: NumPy would take equally long answers for a table.
    column = np.empty(len(found), dtype=np.object_)
    for row, answer in enumerate(found):
        column[row] = answer
    return column


def _invoices(found: Sequence[Sequence[InvoiceDue]], last: int) -> Invoices:
    due = np.zeros((len(found), last), dtype=np.int32)
    paid = np.zeros((len(found), last), dtype=np.int32)
    for row, invoices in enumerate(found):
        for place, invoice in enumerate(invoices):
            due[row, place] = invoice.due_on.toordinal()
            paid[row, place] = invoice.paid_on.toordinal() if invoice.paid_on else 0
    return Invoices(due, paid)


def _invoices_at(column: Invoices, row: int) -> tuple[InvoiceDue, ...]:
    pairs = zip(column.due[row].tolist(), column.paid[row].tolist(), strict=True)
    return tuple(
        InvoiceDue(date.fromordinal(due), date.fromordinal(paid) if paid else None)
        for due, paid in pairs
        if due
    )


def _words_of(words: Words | None, index: NDArray[Any]) -> Words | None:
    return None if words is None else Words(words.codes[index], words.words)


def _taken(column: Column, index: NDArray[Any]) -> Column:
    if isinstance(column, Invoices):
        return Invoices(column.due[index], column.paid[index])
    rows: NDArray[Any] = column[index]
    return rows
