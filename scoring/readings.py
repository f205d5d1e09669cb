"""What the answers to a measure's figures come to: the number to scale, and what to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, assert_never

from scoring import measures as kinds
from scoring.calendar import WEEKENDS_ONLY, Calendar
from scoring.figures import InvoiceDue, Tally
from scoring.measures import Measure

# Raw figures are shown and kept as JSON: whole numbers, and all other numbers as text.
Raw = str | int | None

PROMOTES = 9
DETRACTS = 6
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured: the number to be scaled and the raw figures a person is shown.

    `value` is None when the customer has nothing the measure could apply to.
    """

    value: Fraction | None
    raw: Mapping[str, Raw]


def reading(  # noqa: C901, PLR0911, PLR0912 - one branch a kind
    measure: Measure, found: Sequence[Any], until: date, calendar: Calendar = WEEKENDS_ONLY
) -> Reading:
    """Return what was measured; `found` answers `figures(measure, until)` in that order."""
    match measure:
        case kinds.Count() | kinds.Total() | kinds.ActiveDays():
            return _counted(found[0], measure.days)
        case kinds.Features() | kinds.Tickets():
            return _counted(found[0] if found else None, measure.days)
        case kinds.Change():
            return _change(found, measure.of.days)
        case kinds.Ratio():
            return _ratio(found, measure.part.days)
        case kinds.DaysSince():
            return _days_since(found[0], until)
        case kinds.Recency():
            return _recency(found, measure, until, calendar)
        case kinds.Tenure():
            return _tenure(found[0], until)
        case kinds.PaidOnTime():
            return _paid_on_time(found[0])
        case kinds.PaymentDelay():
            return _delay(found[0], measure.longest, until)
        case kinds.SincePaid():
            return _since_paid(found[0], until)
        case kinds.LatePayments():
            return _late(found[0], until, measure.days)
        case kinds.Rating():
            return _mean(found[0], measure.days)
        case kinds.SurveyMean():
            return _mean(found[0], measure.days)
        case kinds.RatedShare():
            return _rated_share(measure, found[0])
        case kinds.RatedCount():
            return _counted(_within(measure, found[0]), measure.days)
        case kinds.Nps():
            return _nps(found[0], measure.days)
        case kinds.SurveyChange():
            return _survey_change(found[0], found[1], measure)
        case _:
            assert_never(measure)


def number(value: Fraction | Decimal | int) -> str | int:
    """Return a number as it is shown and kept: whole, or with two decimals at most."""
    if isinstance(value, int):
        return value
    exact = Fraction(value)
    if exact.denominator == 1:
        return exact.numerator
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    return str(decimal.quantize(CENT, ROUND_HALF_UP).normalize())


def _exact(count: int | Decimal) -> int | Fraction:
    return count if isinstance(count, int) else Fraction(count)


def _counted(count: int | Decimal | None, days: int) -> Reading:
    if count is None:
        return Reading(None, {"count": None, "days": days})
    return Reading(Fraction(count), {"count": number(count), "days": days})


def _change(found: Sequence[int | Decimal], days: int) -> Reading:
    if not found:
        return Reading(None, {"count": None, "before": None, "days": days})
    now, *earlier = (_exact(count) for count in found)
    windows, together = len(earlier), sum(earlier)
    before = number(Fraction(together, windows))
    raw = {"count": number(now), "before": before, "days": days, "windows": windows}
    if together > 0:
        return Reading(Fraction(now * windows - together, together), raw)
    return Reading(Fraction(1) if now > 0 else None, raw)


def _ratio(found: Sequence[int | Decimal], days: int) -> Reading:
    part, whole = (_exact(count) for count in found or (0, 0))
    raw = {"count": number(part), "whole": number(whole), "days": days}
    return Reading(Fraction(part, whole) if whole > 0 else None, raw)


def _days_since(last: date | None, until: date) -> Reading:
    if last is None:
        return Reading(None, {"count": None, "last": None})
    days = (until - last).days
    return Reading(Fraction(days), {"count": days, "last": last.isoformat()})


def _recency(
    found: Sequence[Any], measure: kinds.Recency, until: date, calendar: Calendar
) -> Reading:
    last, first, active = found
    days = measure.days
    if last is None or first is None:
        return Reading(None, {"count": None, "last": None, "gap": None, "days": days})
    begin = max(first, until - timedelta(days=days - 1))
    silent, span = (until - last).days, (until - begin).days + 1
    if measure.working_days:
        silent = calendar.working_days(last + timedelta(days=1), until)
        span = max(1, calendar.working_days(begin, until))
    # One who was never active in all that time has a usual gap of that time at least.
    gap = Fraction(span, max(1, active))
    raw = {"count": silent, "last": last.isoformat(), "gap": number(gap), "days": days}
    if measure.working_days:
        raw["unit"] = "working days"
    return Reading(silent / gap, raw)


def _tenure(first: date | None, until: date) -> Reading:
    if first is None:
        return Reading(None, {"count": None, "first": None})
    days = (until - first).days
    return Reading(Fraction(days), {"count": days, "first": first.isoformat()})


def _delay(invoices: tuple[InvoiceDue, ...], longest: int, until: date) -> Reading:
    """Average the days late; a payment after the day asked about has not happened yet."""
    if not invoices:
        return Reading(None, {"delay": None, "count": 0})
    late = [min(longest, max(0, (_settled(due, until) - due.due_on).days)) for due in invoices]
    mean = Fraction(sum(late), len(late))
    return Reading(mean, {"delay": number(mean), "count": len(invoices)})


def _since_paid(invoices: tuple[InvoiceDue, ...], until: date) -> Reading:
    if not invoices:
        return Reading(None, {"count": None, "last": None})
    paid = [due.paid_on for due in invoices if due.paid_on is not None and due.paid_on <= until]
    last = max(paid, default=None)
    since = last or min(due.due_on for due in invoices)
    raw = {"count": (until - since).days, "last": last.isoformat() if last else None}
    return Reading(Fraction((until - since).days), raw)


def _settled(invoice: InvoiceDue, until: date) -> date:
    return min(invoice.paid_on or until, until)


def _paid_on_time(invoices: tuple[InvoiceDue, ...]) -> Reading:
    on_time = sum(not _is_late(invoice) for invoice in invoices)
    value = Fraction(on_time, len(invoices)) if invoices else None
    return Reading(value, {"on_time": on_time, "count": len(invoices)})


def _late(invoices: tuple[InvoiceDue, ...], until: date, days: int) -> Reading:
    """Count the late ones; a customer who was never billed was never late."""
    first = until - timedelta(days=days - 1)
    late = sum(_is_late(invoice) for invoice in invoices if invoice.due_on >= first)
    return _counted(late if invoices else None, days)


def _is_late(invoice: InvoiceDue) -> bool:
    """Judge a due invoice; paid by its due date is never later than the day we ask about."""
    return invoice.paid_on is None or invoice.paid_on > invoice.due_on


def _mean(tally: Tally, days: int) -> Reading:
    mean = _mean_of(tally)
    raw = {"mean": None if mean is None else number(mean), "answers": _size(tally), "days": days}
    return Reading(mean, raw)


def _rated_share(measure: kinds.RatedShare, tally: Tally) -> Reading:
    rated, within = _size(tally), _within(measure, tally) or 0
    raw = {"count": within, "whole": rated, "days": measure.days}
    return Reading(Fraction(within, rated) if rated else None, raw)


def _within(measure: kinds.Rated, tally: Tally) -> int:
    return sum(
        times
        for rating, times in tally
        if (measure.at_least is None or rating >= measure.at_least)
        and (measure.at_most is None or rating <= measure.at_most)
    )


def _nps(tally: Tally, days: int) -> Reading:
    answers = _size(tally)
    if not answers:
        return Reading(None, {"nps": None, "answers": 0, "days": days})
    promoters = sum(times for score, times in tally if score >= PROMOTES)
    detractors = sum(times for score, times in tally if score <= DETRACTS)
    nps = Fraction(100 * (promoters - detractors), answers)
    return Reading(nps, {"nps": number(nps), "answers": answers, "days": days})


def _survey_change(now: Tally, then: Tally, measure: kinds.SurveyChange) -> Reading:
    mean, before = _mean_of(now), _mean_of(then)
    raw = {
        "mean": None if mean is None else number(mean),
        "before": None if before is None else number(before),
        "days": measure.days,
        "ago": measure.ago,
    }
    return Reading(None if mean is None or before is None else mean - before, raw)


def _mean_of(tally: Tally) -> Fraction | None:
    total = sum((Fraction(score) * times for score, times in tally), Fraction(0))
    return total / _size(tally) if tally else None


def _size(tally: Tally) -> int:
    return sum(times for _, times in tally)
