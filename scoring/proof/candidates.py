"""What a tuned model may be made of: measures over several windows, of data there really is.

They are first measured raw, by a probe: a model like any other whose scales are so wide that the
number measured can be read off the factor's worth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scoring import figures as asked
from scoring.figures import Source
from scoring.model import HealthModel

# Windows in days: a month says what is, a quarter what is usual, a year and more who stays.
SHORT: Final = (30, 90, 180, 365)
LIFELONG: Final = 3650
INVOICES: Final = (1, 3, 6, 12)
# More kinds of event than this would mostly be noise, and each costs figures to ask for.
MOST_KINDS: Final = 4
# A factor's worth is kept to six decimals of 0-100, so a probe this wide still tells counts apart.
WIDEST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """One measure a model may use, as a model file says it."""

    name: str
    title: str
    noun: str
    measure: Mapping[str, Any]
    low: int
    high: int

    def number(self, worth: float) -> float:
        """Return the number measured, of the worth the probe gave it."""
        return self.low + (self.high - self.low) * worth / 100


def candidates(sources: Sequence[Source], kinds: Sequence[str]) -> tuple[Candidate, ...]:
    """Return what can be measured: `sources` speak, `kinds` of event are the most frequent."""
    found = [
        Candidate(
            "tenure", "Days as a customer", "days as a customer", {"kind": "tenure"}, 0, WIDEST
        )
    ]
    if asked.EVENTS in sources:
        found += _of_events("any", "activity")
        for at, kind in enumerate(kinds[:MOST_KINDS] if len(kinds) > 1 else ()):
            found += _of_kind(f"kind_{at + 1}", kind)
    if asked.FEATURES in sources:
        found += (
            _counted(f"features_{days}", f"Features used in {days} days", "features", days,
                     {"kind": "features", "features": "any"})
            for days in SHORT
        )  # fmt: skip
    if asked.TICKETS in sources:
        found += _of_tickets()
    if asked.INVOICES in sources:
        found += _of_invoices()
    return tuple(found)


def probe(chosen: Sequence[Candidate]) -> HealthModel:
    """Return the model that measures all candidates and judges none."""
    return HealthModel.model_validate(
        {
            "name": "probe",
            "version": 1,
            "title": "Probe",
            "bands": [
                {"name": "upper", "at_least": 50, "tone": "good"},
                {"name": "lower", "at_least": 0, "tone": "bad"},
            ],
            "factors": [_probed(each) for each in chosen],
        }
    )


def _probed(each: Candidate) -> dict[str, Any]:
    return {
        "name": each.name,
        "title": each.title,
        "noun": each.noun,
        "weight": 1,
        "measure": each.measure,
        "scale": {"kind": "linear", "zero_at": each.low, "full_at": each.high},
    }


def _of_events(kind: str, noun: str) -> Iterator[Candidate]:
    for days in (*SHORT, LIFELONG):
        what = {"kind": "active_days", "events": kind}
        words = "ten years" if days == LIFELONG else f"{days} days"
        yield _counted(f"active_days_{days}", f"Active days in {words}", "active days", days, what)
    for days in SHORT[:3]:
        what = {"kind": "count", "events": kind}
        yield _counted(f"events_{days}", f"Events in {days} days", "events", days, what)
    yield Candidate(
        "days_since", "Days since the last activity", "days since the last activity",
        {"kind": "days_since", "events": kind}, 0, WIDEST,
    )  # fmt: skip
    yield Candidate(
        "recency", "Silence against the usual", noun,
        {"kind": "recency", "events": kind, "days": 180}, 0, 1000,
    )  # fmt: skip
    for days, against in ((30, 3), (90, 1)):
        of = {"kind": "active_days", "events": kind, "days": days}
        yield Candidate(
            f"change_{days}", f"Active days, {days} against {days * against} before", noun,
            {"kind": "change", "of": of, "against": against}, -1, 9,
        )  # fmt: skip


def _of_kind(name: str, kind: str) -> Iterator[Candidate]:
    for days in SHORT[:3]:
        what = {"kind": "active_days", "events": kind}
        title = f"Days with {kind} in {days} days"[:120]
        yield _counted(f"{name}_{days}", title, f"days with {kind}"[:120], days, what)


def _of_tickets() -> Iterator[Candidate]:
    for days in SHORT[:2]:
        title = f"Tickets in {days} days"
        yield _counted(f"tickets_{days}", title, "tickets", days, {"kind": "tickets"})


def _of_invoices() -> Iterator[Candidate]:
    for last in INVOICES:
        yield Candidate(
            f"on_time_{last}",
            "The last invoice paid on time" if last == 1 else f"Last {last} invoices paid on time",
            "invoices paid on time", {"kind": "paid_on_time", "invoices": last}, 0, 1,
        )  # fmt: skip
    for last in INVOICES[1:3]:
        yield Candidate(
            f"delay_{last}", f"Days paid late, last {last} invoices", "days late",
            {"kind": "payment_delay", "invoices": last}, 0, 1000,
        )  # fmt: skip
    yield Candidate(
        "since_paid", "Days since the last payment", "days since the last payment",
        {"kind": "since_paid"}, 0, WIDEST,
    )  # fmt: skip
    for days in SHORT[:3]:
        what = {"kind": "late_payments"}
        title = f"Late payments in {days} days"
        yield _counted(f"late_{days}", title, "late payments", days, what)


def _counted(name: str, title: str, noun: str, days: int, what: dict[str, Any]) -> Candidate:
    return Candidate(name, title, noun, {**what, "days": days}, 0, WIDEST)
