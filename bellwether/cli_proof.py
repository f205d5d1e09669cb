"""`bellwether backtest` and `bellwether tune`: is the score any good, could it be better."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether import cli_history as its
from bellwether.cli_base import Failed, Json, bar, console, settings, show, stopping, told
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from playbooks.playbook import Playbook
    from scoring.model import HealthModel
    from service.backtest import Backtest, Question
    from service.tune import Outcome
    from storage.database import Database

Alarm = Annotated[
    list[str] | None,
    typer.Option(metavar="BAND", help="Bands that alarm. [dim]those of a bad tone[/dim]"),
]
Playbooks = Annotated[
    bool,
    typer.Option("--playbooks", help="Tell which playbooks would have started, and for what."),
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one page.")
]

NOTHING = "There is no history here yet. Import events first, or give --events FILE."


def backtest(
    model: its.Model = None,
    first: its.First = None,
    last: its.Last = None,
    every: its.Every = 7,
    horizon: its.Horizon = 30,
    labels: its.LabelsFile = None,
    inactive_after: its.Silent = None,
    events: its.Events = None,
    customers: its.Customers = None,
    tickets: its.Tickets = None,
    invoices: its.Invoices = None,
    surveys: its.Surveys = None,
    maps: its.Map = None,
    sets: its.Set = None,
    zone: its.Zone = None,
    alarm: Alarm = None,
    playbooks: Playbooks = False,
    resamples: its.Resamples = 400,
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Tell how well the score would have foretold churn, from your own history.

    Every past day is scored with only what had happened by then, and held against who left
    within the next 30 days. Nothing is written to the store.

    Churns come from a list (--labels; an empty churnedOn means stayed; where the list holds only
    churns, everybody else stayed), or from silence (--inactive-after).

    [cyan]bellwether backtest --labels churned.csv --html report.html[/cyan]

    [cyan]bellwether backtest --events logins.csv.gz --map customer=org --map occurredAt=ts
    --set type=login --inactive-after 120[/cyan]

    [cyan]bellwether backtest --model mine.yaml --from 2025-01-01 --alarm churn-risk[/cyan]

    [cyan]bellwether backtest --labels churned.csv --playbooks[/cyan]
    """
    from bellwether import proof_report
    from service.backtest import Question

    paths = {
        "customers": customers,
        "events": events,
        "tickets": tickets,
        "invoices": invoices,
        "surveys": surveys,
    }
    asked = its.Asked(model, paths, labels, inactive_after, maps, sets, zone)
    with told(), _stopping():
        chosen = its.model_of(asked)
        question = Question(
            model=chosen,
            labels=its.labels_of(asked),
            first=its.day(first, "--from"),
            last=its.day(last, "--to"),
            every=every,
            horizon=horizon,
            alarming=_bands(chosen, alarm or ()),
            times=resamples,
            playbooks=_library(chosen) if playbooks else (),
        )
        with its.history(asked, question.labels, quiet=as_json) as database:
            found = _replayed(database, question, quiet=as_json)
        if html is not None:
            proof_report.write(html, found, question, datetime.now(UTC))
    show(
        proof_report.data(found, question),
        as_json=as_json,
        words=lambda out: proof_report.words(out, found, question),
    )
    if html is not None and not as_json:
        console(error=True).print(f"The report: {html}", markup=False)
    if not proof_report.tells(found):
        raise typer.Exit(1)


def tune(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where the proposal is written.")],
    model: its.Model = None,
    first: its.First = None,
    last: its.Last = None,
    every: its.Every = 14,
    horizon: its.Horizon = 30,
    labels: its.LabelsFile = None,
    inactive_after: its.Silent = None,
    events: its.Events = None,
    customers: its.Customers = None,
    tickets: its.Tickets = None,
    invoices: its.Invoices = None,
    surveys: its.Surveys = None,
    maps: its.Map = None,
    sets: its.Set = None,
    zone: its.Zone = None,
    as_json: Json = False,
) -> None:
    """Propose a model from your own history, or say that yours should be kept.

    The earlier half of history teaches what to measure, how to scale and how to weigh it; the
    later half judges the proposal beside the model in use. The file written is a model like any
    other, with the evidence in its header. Nothing uses it until you point BELLWETHER_MODEL at
    it. Needs scikit-learn, which the extra "tune" brings.

    [cyan]bellwether tune proposed.yaml --labels churned.csv[/cyan]

    [cyan]bellwether models try proposed.yaml[/cyan]   shows who would change band.
    """
    from bellwether import proof_report
    from service.backtest import Question

    paths = {
        "customers": customers,
        "events": events,
        "tickets": tickets,
        "invoices": invoices,
        "surveys": surveys,
    }
    asked = its.Asked(model, paths, labels, inactive_after, maps, sets, zone)
    with told(), _stopping():
        question = Question(
            model=its.model_of(asked),
            labels=its.labels_of(asked),
            first=its.day(first, "--from"),
            last=its.day(last, "--to"),
            every=every,
            horizon=horizon,
        )
        with its.history(asked, question.labels, quiet=as_json) as database:
            found = _tuned(database, question, out.stem, quiet=as_json)
    if proof_report.proposes(found):
        proof_report.keep(out, found)
    show(
        proof_report.tuned_data(found, question),
        as_json=as_json,
        words=lambda screen: proof_report.tuned_words(screen, found, question, out),
    )
    if not proof_report.proposes(found):
        raise typer.Exit(1)


def _tuned(database: "Database", question: "Question", name: str, *, quiet: bool) -> "Outcome":
    import re

    from service.tune import tune as run

    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    with bar("learning", 1000, quiet=quiet) as advance:
        found = run(
            database,
            question,
            today=datetime.now(UTC).date(),
            name=plain if plain[:1].isalpha() else "tuned",
            progress=lambda done, total: advance(done * 1000 // max(1, total)),
        )
    if found is None:
        raise Failed(NOTHING)
    return found


def _replayed(database: "Database", question: "Question", *, quiet: bool) -> "Backtest":
    from service.backtest import backtest as run

    with bar("replaying", 1000, quiet=quiet) as advance:
        found = run(
            database,
            question,
            today=datetime.now(UTC).date(),
            progress=lambda done, total: advance(done * 1000 // max(1, total)),
        )
    if found is None:
        raise Failed(NOTHING)
    return found


def _stopping() -> AbstractContextManager[None]:
    """Say after Ctrl-C that looking back changes nothing."""
    return stopping(lambda: "Nothing was written")


def _library(model: "HealthModel") -> "tuple[Playbook, ...]":
    from bellwether.house import all_playbooks

    return all_playbooks(settings(), model)


def _bands(model: "HealthModel", named: Sequence[str]) -> tuple[str, ...]:
    known = [band.name for band in model.bands]
    for name in named:
        if name not in known:
            raise WrongUse(f"--alarm {name!r} is no band of {model.name}: {', '.join(known)}.")
    return tuple(named)
