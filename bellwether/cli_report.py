"""`bellwether plays report`: what each playbook came to."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Json, house, show

if TYPE_CHECKING:
    from decimal import Decimal

    from rich.console import Console

    from service.results import Result


def report(
    days: Annotated[
        int, typer.Option("--days", min=1, max=3650, help="Plays begun within so many days.")
    ] = 90,
    as_json: Json = False,
) -> None:
    """Tell what each playbook came to: recoveries, time to acknowledge, and whether alerts help.

    Recovered counts plays whose customer came back after it; it does not say that the play brought
    them back. "few" marks what rests on too little to be relied on.

    Example: [cyan]bellwether plays report --days 30[/cyan]
    """
    from service import results

    with house() as (_, opened):
        found = results.results(opened, now=datetime.now(UTC), window=timedelta(days=days))

    def words(out: "Console") -> None:
        from rich.table import Table

        if not found:
            out.print(f"No play has begun within {days} days.")
            return
        table = Table("playbook", "started", "recovered", "acknowledged", "ARR recovered", "useful")
        for one in found:
            table.add_row(*_cells(one))
        out.print(table)
        for one in found:
            if one.suggestion:
                out.print(one.suggestion, markup=False)

    show([_data(one) for one in found], as_json=as_json, words=words)


def _cells(one: "Result") -> tuple[str, ...]:
    from rich.markup import escape

    from service.results import span

    wait = f"in {span(one.to_acknowledge)}, of {one.acknowledged}" if one.to_acknowledge else "-"
    return (
        escape(one.playbook),
        f"{one.started:,}",
        _share(one.recovered, one.ended, one.recovery, few=one.few_ends),
        wait + (" (few)" if one.acknowledged and one.few_acknowledged else ""),
        f"{one.saved:,.0f}",
        _share(one.useful, one.answers, one.precision, few=one.few_answers),
    )


def _share(part: int, whole: int, share: "Decimal | None", *, few: bool) -> str:
    if share is None:
        return "-"
    return f"{part:,} of {whole:,}, {100 * share:.0f} %" + (" (few)" if few else "")


def _data(one: "Result") -> dict[str, object]:
    wait = one.to_acknowledge
    return {
        "playbook": one.playbook,
        "started": one.started,
        "ended": one.ended,
        "recovered": one.recovered,
        "acknowledged": one.acknowledged,
        "secondsToAcknowledge": wait.total_seconds() if wait is not None else None,
        "arrRecovered": one.saved,
        "useful": one.useful,
        "falseAlarms": one.false_alarms,
        "few": {
            "ended": one.few_ends,
            "acknowledged": one.few_acknowledged,
            "answers": one.few_answers,
        },
        "suggestion": one.suggestion,
    }
