"""`bellwether explain`: why a customer's score moved between two days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Failed, Json, house, show
from bellwether.cli_look import meant
from bellwether.errors import WrongUse

if TYPE_CHECKING:
    from rich.console import Console

    from scoring.score import FactorScore, Score
    from service.explain import Explanation, Figure

Name = Annotated[str, typer.Argument(help="A customer's name or key.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="YYYY-MM-DD", help="The earlier day; 30 days before when unsaid."),
]
_NOTES = {
    "behaviour": "",
    "late_data": "late data",
    "coverage": "coverage",
    "model": "model change",
    "override": "override",
}


def explain(name: Name, since: Since = None, as_json: Json = False) -> None:
    """Say why a customer's score moved: the drivers, in points that add up to the change.

    Each driver says its cause: what the customer did, data that arrived late, what could be seen
    (coverage), another model, or a person's override. Below stand the figures then and now.

    [cyan]bellwether explain acme[/cyan]

    [cyan]bellwether explain "Acme Corp" --since 2026-11-01 --json[/cyan]
    """
    from service.explain import explain as explained

    day, now = read_day(since, "--since"), datetime.now(UTC)
    if day is not None and day >= now.date():
        raise WrongUse(f"--since {day} is not a day before today, {now.date()}.")
    with house() as (_, opened):
        customer = meant(opened, name)
        found = explained(opened, customer.key, since=day, now=now)
    if found is None:
        raise Failed(f"{customer.name} has no score: the customer is {customer.status}.")
    show(_data(found), as_json=as_json, words=lambda out: _words(out, found))


def read_day(text: str | None, option: str) -> date | None:
    """Read a day a person typed. Raises WrongUse."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{option} {text!r} is not a day, like 2026-11-19.") from None


def _words(out: "Console", found: "Explanation") -> None:
    for line in _lines(found):
        out.print(line, markup=False, soft_wrap=True)


def _lines(found: "Explanation") -> Iterator[str]:
    yield f"{found.customer.name}: {_movement(found)}"
    yield from _said(found)
    if not found.drivers:
        yield "Nothing moved: every factor stands where it stood."
    for driver in found.drivers:
        note = _NOTES[driver.cause]
        yield f"  {driver.sentence}" + (f"  [{note}]" if note else "")
    yield ""
    for figure in found.figures:
        then, now = figure.words
        yield f"  {figure.title}: {then} → {now}" if found.before else f"  {figure.title}: {now}"
    for line in found.evidence:
        yield f"  · {line}"
    for one in found.corrections:
        yield f"  {one.as_of} stood at {one.score} {one.band} until it was corrected"


def _movement(found: "Explanation") -> str:
    from scoring.words import signed

    after = f"{found.after.value} {found.after.band} on {found.after.as_of}"
    if found.before is None or found.change is None:
        return f"{after}; there is no earlier score to compare with, so this is what it lacks:"
    before = f"{found.before.value} {found.before.band} on {found.before.as_of}"
    how = "" if found.stored else ", told now because that day was never scored"
    return f"{before}{how} → {after}: {signed(found.change)} points"


def _said(found: "Explanation") -> Iterator[str]:
    from scoring.override import computed, override_words

    if found.override is not None:
        yield f"  Shown under an override: {override_words(found.override, computed(found.after).value)}"  # noqa: E501  # one sentence
    if found.card.pulse is not None:
        pulse = found.card.pulse
        yield f"  Pulse: {pulse.mood}, says {pulse.author} until {pulse.until}: {pulse.note}"


def _data(found: "Explanation") -> dict[str, object]:
    return {
        "id": found.customer.key,
        "name": found.customer.name,
        "before": _score(found.before) if found.before else None,
        "after": _score(found.after),
        "beforeStored": found.stored,
        "change": found.change,
        "drivers": [
            {"factor": one.factor, "title": one.title, "points": one.points, "cause": one.cause,
             "sentence": one.sentence}
            for one in found.drivers
        ],
        "factors": [_figure(one) for one in found.figures],
        "evidence": list(found.evidence),
        "corrections": [
            {"asOf": one.as_of, "model": f"{one.model}@{one.version}", "score": one.score,
             "band": one.band, "computedAt": one.computed_at}
            for one in found.corrections
        ],
    }  # fmt: skip


def _score(score: "Score") -> dict[str, object]:
    from scoring.override import computed, override_in

    said = override_in(score)
    return {
        "asOf": score.as_of,
        "score": score.value,
        "band": score.band,
        "coverage": score.coverage,
        "model": score.identity,
        "computedScore": computed(score).value,
        "override": None if said is None else {
            "kind": said.kind, "value": said.value, "author": said.author, "until": said.until,
            "reason": said.reason,
        },
    }  # fmt: skip


def _figure(figure: "Figure") -> dict[str, object]:
    return {
        "factor": figure.factor,
        "title": figure.title,
        "before": _measured(figure.before),
        "after": _measured(figure.after),
    }


def _measured(factor: "FactorScore | None") -> dict[str, object] | None:
    from scoring.explain import factor_words

    if factor is None:
        return None
    return {
        "value": round(factor.value, 2),
        "points": factor.contribution,
        "status": factor.status,
        "words": factor_words(factor),
        "raw": dict(factor.raw),
    }
