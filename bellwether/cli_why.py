"""`bellwether why`: why something, or nothing, happened for a customer."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bellwether.cli_base import Json, house, show
from bellwether.cli_look import meant
from bellwether.cli_plays import message_data, message_line, play_data, step_data

if TYPE_CHECKING:
    from rich.console import Console

    from service.why import Why
    from storage.plays import Play

Name = Annotated[str, typer.Argument(help="A customer's name or key.")]
Days = Annotated[int, typer.Option(min=1, max=730, help="How many days to look back.")]


def why(name: Name, days: Days = 14, as_json: Json = False) -> None:
    """Say why something, or nothing, happened for a customer.

    Every decision of the last days, also not to act, with its reason; the bands entered and left;
    plays with their steps; and each message with what became of it: sent, held, cancelled, why.

    [cyan]bellwether why acme[/cyan], or further back [cyan]bellwether why acme --days 90[/cyan]
    """
    from service import why as service

    now = datetime.now(UTC)
    with house() as (_, opened):
        customer = meant(opened, name)
        found = service.why(opened, customer.key, days=days, now=now)
    answer = service.answer(found, now=now)
    show(_data(found, answer), as_json=as_json, words=lambda out: _words(out, found, answer))


def _data(found: "Why", answer: tuple[str, ...]) -> dict[str, object]:
    current = found.current
    return {
        "id": found.customer.key,
        "name": found.customer.name,
        "status": found.customer.status,
        "since": found.since,
        "asOf": current.as_of if current else None,
        "score": current.score if current else None,
        "band": current.band if current else None,
        "answer": answer,
        "decisions": [
            {"asOf": one.as_of, "playbook": one.playbook, "outcome": one.outcome,
             "reason": one.reason, "at": one.at}
            for one in found.decisions
        ],
        "transitions": [
            {"asOf": one.as_of, "model": one.model, "kind": one.kind, "from": one.from_band,
             "to": one.to_band, "scoreBefore": one.score_before, "scoreAfter": one.score_after}
            for one in found.moves
        ],
        "plays": [
            {**play_data(play), "steps": [step_data(step) for step in found.steps[play.id]]}
            for play in found.plays
        ],
        "messages": [message_data(message) for message in found.messages],
    }  # fmt: skip


def _words(out: "Console", found: "Why", answer: tuple[str, ...]) -> None:
    from rich.markup import escape

    out.print(f"[bold]{escape(found.customer.name)}[/bold] since {found.since}")
    for sentence in answer:
        out.print(f"  {escape(sentence)}")
    _section(out, "Decided", [
        f"{one.as_of} {one.playbook} {one.outcome}: {one.reason}" for one in found.decisions
    ])  # fmt: skip
    _section(out, "Bands", [
        f"{one.as_of} {one.kind}: {one.from_band or 'never seen'} → {one.to_band}, "
        f"at {one.score_after}"
        for one in found.moves
    ])  # fmt: skip
    _section(out, "Plays", [line for play in found.plays for line in _play(found, play)])
    _section(out, "Messages", [message_line(message) for message in found.messages])


def _play(found: "Why", play: "Play") -> list[str]:
    ended = f"; {play.reason}" if play.state == "closed" else ""
    head = f"{play.id} {play.version}, opened {play.opened_at:%Y-%m-%d}, {play.state}{ended}"
    steps = [
        f"  {step.name} ({step.kind}) {step.state}{f': {step.reason}' if step.reason else ''}"
        for step in found.steps[play.id]
    ]
    return [head, *steps]


def _section(out: "Console", title: str, lines: list[str]) -> None:
    from rich.markup import escape

    if lines:
        out.print(f"[bold]{title}[/bold]")
    for line in lines:
        out.print(f"  {escape(line)}")
