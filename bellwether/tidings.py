"""What the daily job tells the operator: first sights, model changes, faults. Once a day each."""

from collections.abc import Iterator, Sequence
from datetime import date

from scoring.feeds import FeedState
from service.feeds import feeds_on
from service.notices import operator_note
from service.ports import Clock, House
from service.rescore import RescoreReport
from storage import outbox

# So many customers are named; the log and `bellwether rescore` name them all.
_NAMED = 5


def tell(house: House, trouble: str, text: str, clock: Clock) -> None:
    """Put one note to the operator into the outbox, unless it went out today already."""
    now = clock.now()
    with house.database.transaction() as tx:
        outbox.enqueue(tx, [operator_note(house, trouble, text, now)], now=now)


def tell_of(house: House, report: RescoreReport, clock: Clock) -> None:
    """Tell what a run brought that nobody is alarmed about but somebody should know."""
    for trouble, text in _notes(report):
        tell(house, trouble, text, clock)


def tell_of_feeds(house: House, as_of: date, before: date, clock: Clock) -> None:
    """Tell which feeds stopped, or came back, since the day `before`: once, when it happens.

    A stopped feed alarms nobody about a customer, so this is all that is heard of it.
    """
    for model in house.known_models:
        under = house.under(model)
        with house.database.reading() as tx:
            now, then = feeds_on(tx, under, as_of), feeds_on(tx, under, before)
        for source, state in sorted(now.items()):
            if (text := _turn(state, then[source])) is not None:
                tell(house, f"feed/{source}", text, clock)


def _turn(now: FeedState, then: FeedState) -> str | None:
    match then.status, now.status:
        case "live", "stopped":
            return (
                f"Nothing has come in of {now.source} since {now.last_day}, from anybody. Scores "
                "keep what was known last and say so; nobody is alerted because of it. Please "
                "look at what sends it."
            )
        case "stopped", "live":
            return f"Data of {now.source} comes in again, up to {now.last_day}."
        case _:
            return None


def _notes(report: RescoreReport) -> Iterator[tuple[str, str]]:
    if report.failures:
        yield "scoring", _failures(report)
    if report.baselines:
        yield "baseline", _baselines(report)
    if report.rebanded:
        yield "model-change", _rebanded(report)


def _failures(report: RescoreReport) -> str:
    who = _some([key for key, _ in report.failures])
    return (
        f"{_customers(len(report.failures))} could not be scored as of {report.as_of}: {who}. "
        f"All others were. Run `bellwether rescore --as-of {report.as_of}` for the reasons."
    )


def _baselines(report: RescoreReport) -> str:
    return (
        f"{_customers(report.baselines)} scored for the first time as of {report.as_of}: "
        "a silent baseline, so no alert and no mail."
    )


def _rebanded(report: RescoreReport) -> str:
    who = _some([f"{key} ({before} → {after})" for key, before, after in report.rebanded])
    return (
        f"The new version of the health model moved {_customers(len(report.rebanded))}: {who}. "
        "Nobody was alerted."
    )


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count} customers"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
