"""A backtest's findings as JSON, on the terminal, and as one page."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bellwether.errors import Unreadable
from playbooks.hindsight import Record, records
from scoring.proof.evidence import Evidence
from scoring.proof.ranking import Interval
from scoring.proof.words import headline, sentences
from service.backtest import Backtest, Question
from service.tune import Outcome, TooFew, Tuned
from templates.filters import DASH
from templates.report import backtest_page

_TONES = {"good": "green", "warning": "yellow", "bad": "red", "critical": "bold red"}
_STYLES = {"signal": "bold green", "no signal": "bold yellow", "inverted": "bold red"}
_BAR = 24


def tells(found: Backtest) -> bool:
    """Say whether there were enough churns to say anything."""
    return isinstance(found.verdict, Evidence)


def data(found: Backtest, question: Question) -> dict[str, Any]:
    """Return everything found, for other programs."""
    replayed = found.replayed
    return {
        "verdict": found.verdict.signal if isinstance(found.verdict, Evidence) else "too little",
        "headline": headline(found.verdict),
        "meaning": sentences(found.verdict),
        "notes": list(_notes(found, question)),
        **_plays(found, question),
        "unscored": replayed.unscored,
        "broken": replayed.broken,
        "strangers": replayed.strangers,
        "bands": [band.name for band in question.model.bands],
        **asdict(found.verdict),
    }


def words(out: Console, found: Backtest, question: Question) -> None:
    """Print what was found."""
    verdict = found.verdict
    study = verdict.study
    out.print(
        f"[bold]{study.model}@{study.version}[/bold] on {study.customers:,} customers, "
        f"{study.first} to {study.last} every {study.every} days, "
        f"churn within {study.horizon} days"
    )
    out.print(f"Churn is {study.labels}.", markup=False)
    out.print()
    style = _STYLES[verdict.signal] if isinstance(verdict, Evidence) else "bold yellow"
    out.print(headline(verdict), style=style)
    for sentence in sentences(verdict):
        out.print(f"  {sentence}", markup=False, soft_wrap=False)
    if isinstance(verdict, Evidence):
        _tables(out, verdict)
    for note in _notes(found, question):
        out.print(note, style="dim", markup=False)


def write(path: Path, found: Backtest, question: Question, now: datetime) -> None:
    """Write the page: the whole of it, or nothing. Raises Unreadable."""
    _write(path, backtest_page(found.verdict, question.model, tuple(_notes(found, question)), now))


def proposes(found: Outcome) -> bool:
    """Say whether there is a proposal that did at least as well as the model in use."""
    return isinstance(found, Tuned) and found.better


def keep(path: Path, found: Outcome) -> None:
    """Write the proposed model: the whole of it, or nothing. Raises Unreadable."""
    if isinstance(found, Tuned):
        _write(path, found.proposal.text)


def tuned_data(found: Outcome, question: Question) -> dict[str, Any]:
    """Return what tuning found, for other programs."""
    if isinstance(found, TooFew):
        return {"verdict": "too little", **asdict(found)}
    return {
        "verdict": "better" if found.better else "keep yours",
        "current": question.model.identity,
        "split": found.split,
        "taught": found.taught,
        "judged": found.judged,
        "family": found.family,
        "proposed": asdict(found.ours),
        "yours": asdict(found.yours),
        "gain": asdict(found.gain),
        "alone": dict(found.alone),
        "model": found.proposal.text,
    }


def tuned_words(out: Console, found: Outcome, question: Question, path: Path) -> None:
    """Print what tuning found."""
    if isinstance(found, TooFew):
        out.print("Too few churns to learn from.", style="bold yellow")
        out.print(
            f"  The earlier half of history holds {found.taught}, the later half {found.judged}; "
            f"each needs {found.needed}. Give more history, or a longer --horizon."
        )
        return
    style = "bold green" if found.better else "bold yellow"
    out.print("Here is a better one." if found.better else "Keep yours.", style=style)
    out.print(
        f"  Learned from the days up to {found.split} ({found.taught} churns), judged on the days "
        f"after it ({found.judged} churns)."
    )
    table = Table("There", "AUC", "95 %", box=None, pad_edge=False)
    rows = (("The proposal", found.ours.auc), (question.model.identity, found.yours.auc))
    for title, auc in rows:
        table.add_row(title, f"{auc.value:.3f}", _span(auc))
    table.add_row("Difference", f"{found.gain.value:+.3f}", _span(found.gain))
    out.print(table)
    if found.better and found.gain.low < 0:
        out.print("  The difference may be luck: its interval contains nothing at all.")
    if found.better:
        out.print(f"Written to {path}. Nothing uses it until BELLWETHER_MODEL names it.")


def _notes(found: Backtest, question: Question) -> Iterator[str]:
    replayed = found.replayed
    if replayed.unscored:
        yield f"Cases left out because nothing at all was known: {replayed.unscored:,}."
    if replayed.broken:
        yield f"Could not be scored: {_few(replayed.broken)}."
    if replayed.strangers:
        yield f"In the list, but no customer of ours: {_few(replayed.strangers)}."
    for record in _records(found, question):
        yield _played(record, question)


def _records(found: Backtest, question: Question) -> tuple[Record, ...]:
    fired = [one for _, one in found.replayed.fired]
    return records(question.playbooks, fired, question.horizon, question.model)


def _played(record: Record, question: Question) -> str:
    """Say what a playbook would have been worth."""
    if not record.started:
        return f"Playbook {record.playbook} would never have started."
    times = "once" if record.started == 1 else f"{record.started:,} times"
    ahead = "" if record.days_ahead is None else f" (median {record.days_ahead:g} days ahead)"
    return (
        f"Playbook {record.playbook} would have started {times}: {record.followed:,} before a "
        f"churn within {question.horizon} days{ahead}, {record.false:,} for nothing."
    )


def _plays(found: Backtest, question: Question) -> dict[str, Any]:
    """Return what playbooks would have done, where that was asked."""
    if not question.playbooks:
        return {}
    starts = [
        {
            "playbook": one.playbook,
            "customer": key,
            "on": one.on,
            "churned_on": one.churned_on,
            "days_ahead": one.days_ahead(question.horizon),
        }
        for key, one in found.replayed.fired
    ]
    return {"playbooks": [asdict(one) for one in _records(found, question)], "starts": starts}


def _write(path: Path, text: str) -> None:
    try:
        descriptor, fresh = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(fresh).chmod(0o644)
        Path(fresh).replace(path)
    except OSError as error:
        raise Unreadable(str(path), error.strerror or str(error)) from error


def _few(keys: tuple[str, ...]) -> str:
    more = f" and {len(keys) - 5:,} more" if len(keys) > 5 else ""  # noqa: PLR2004 - a handful
    return ", ".join(keys[:5]) + more


def _tables(out: Console, found: Evidence) -> None:
    out.print()
    out.print(_skills(found))
    out.print()
    out.print(_bands(found))
    out.print()
    out.print(_tenths(found))


def _skills(found: Evidence) -> Table:
    table = Table(
        "Measure alone", "AUC", "95 %", "Avg. precision", "95 %", box=None, pad_edge=False
    )
    rows = [("The score", found.score), *((told.title, told.skill) for told in found.rivals)]
    rows += [(f"· {told.title}", told.skill) for told in found.factors]
    for title, skill in rows:
        if skill is None:
            table.add_row(title, DASH, "no data", DASH, "", style="dim")
            continue
        auc, precision = skill.auc, skill.precision
        table.add_row(
            title, f"{auc.value:.3f}", _span(auc), f"{precision.value:.3f}", _span(precision),
            style="bold" if skill is found.score else None,
        )  # fmt: skip
    table.add_row("Chance", "0.500", "", f"{found.base:.3f}", "", style="dim")
    return table


def _bands(found: Evidence) -> Table:
    table = Table(
        "Band", "Cases", "Share", "Churned", "Recall", "or worse: share", "precision", "recall",
        box=None, pad_edge=False,
    )  # fmt: skip
    for row in found.bands:
        if not row.cases:
            continue
        table.add_row(
            row.band, f"{row.cases:,}", _percent(row.share), _percent(row.precision),
            _percent(row.recall), _percent(row.share_or_worse), _percent(row.precision_or_worse),
            _percent(row.recall_or_worse), style=_TONES.get(row.tone, "dim"),
        )  # fmt: skip
    return table


def _tenths(found: Evidence) -> Table:
    table = Table("Scores, by tenths", "Churned", "", box=None, pad_edge=False)
    most = max((row.rate for row in found.tenths), default=0) or 1
    for row in found.tenths:
        length = round(_BAR * row.rate / most)
        table.add_row(f"{row.low:.1f} to {row.high:.1f}", _percent(row.rate), "█" * length)
    return table


def _span(found: Interval) -> str:
    return f"{found.low:.3f}{DASH}{found.high:.3f}"


def _percent(share: float | None) -> str:
    return DASH if share is None else f"{100 * share:.1f} %"
