"""The daily digest in Slack: who turned, who came back, who is still at risk, by value at risk.

It may be longer than Slack takes in one message: the rest stands in its thread, and a list that is
cut says by how many.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from bot import blocks, wording
from bot.blocks import Block, Post
from bot.wording import band_words, points, sign
from scoring.bands import tone
from scoring.model import HealthModel

# Nobody reads further in Slack; the dashboard has everybody. News is worth more lines than state.
NEWS_SHOWN: Final = 200
STILL_SHOWN: Final = 100
PLAYBOOKS_SHOWN: Final = 20
_LINES_A_BLOCK: Final = 10

_FOOT: Final = (
    "Ordered by yearly revenue at risk. Bellwether's settings send the digest to this conversation."
)

Row = Mapping[str, Any]
Words = Callable[[Row], str]


def digest_posts(
    body: Mapping[str, Any], model: HealthModel, dashboard: str | None
) -> tuple[Post, ...]:
    """Return the digest as one message or, when long, several to be posted in order."""
    return blocks.pack(_parts(body, model, dashboard))


def _parts(
    body: Mapping[str, Any], model: HealthModel, dashboard: str | None
) -> Iterator[tuple[Block, str]]:
    title = f"Customer health, {wording.day(date.fromisoformat(body['as_of']))}"
    yield blocks.header(title), f"{title}."
    yield blocks.section(_summary(body)), _summary(body).replace("*", "")
    yield from _group("Newly at risk", body["newly"], model, NEWS_SHOWN, _turned)
    yield from _group("Worse", body["worse"], model, NEWS_SHOWN, _turned)
    yield from _group("Recovered", body["recovered"], model, NEWS_SHOWN, _turned)
    yield from _group("Still at risk", body["still"], model, STILL_SHOWN, _stayed)
    yield from _judged(body.get("judged") or ())
    if dashboard:
        yield blocks.actions(blocks.button("Open dashboard", "open", "digest", url=dashboard)), ""
    yield (
        blocks.context(_FOOT),
        "",
    )


def _judged(rows: Sequence[Row]) -> Iterator[tuple[Block, str]]:
    """Say once a week how many alerts people found useful, playbook by playbook."""
    if not rows:
        return
    lines = [_judgement(row) for row in rows[:PLAYBOOKS_SHOWN]]
    heading = "Were the alerts of the last 90 days useful?"
    yield (
        blocks.rich(
            blocks.line(blocks.said(heading, bold=True)),
            blocks.bullets([blocks.line(blocks.said(line)) for line in lines]),
        ),
        "\n".join([heading, *(blocks.literal(line) for line in lines)]),
    )
    for row in rows[:PLAYBOOKS_SHOWN]:
        if row.get("suggestion"):
            words = blocks.clean(str(row["suggestion"]), 500)
            yield blocks.rich(blocks.line(blocks.said(words))), blocks.literal(words, 500)


def _judgement(row: Row) -> str:
    answers, useful = int(row["answers"]), int(row["useful"])
    few = " (few answers yet)" if row.get("few") else ""
    said = f"{useful:,} of {wording.count(answers, 'answer')} useful"
    return f"{blocks.clean(str(row['title']), 100)}: {said}{few}"


def _summary(body: Mapping[str, Any]) -> str:
    names = (("newly", "newly at risk"), ("worse", "worse"), ("recovered", "recovered"))
    news = [f"*{len(body[key]):,}* {words}" for key, words in names if body[key]]
    still = (
        f"*{len(body['still']):,}* still at risk" if body["still"] else "nobody is still at risk"
    )
    of = f"of {wording.count(int(body['customers']), 'customer')}"
    if body.get("late"):
        day = wording.day(date.fromisoformat(body["as_of"]))
        return f"*No newer scores* than those of {day}; {still}, {of}."
    if not news:
        return f"*Nothing changed* since the last digest; {still}, {of}."
    return f"{', '.join([*news, still])}, {of}."


def _group(
    title: str, rows: Sequence[Row], model: HealthModel, shown: int, words: Words
) -> Iterator[tuple[Block, str]]:
    """Yield a group's lines, ten to a block, so that they can be divided between messages."""
    for start in range(0, min(len(rows), shown), _LINES_A_BLOCK):
        some = rows[start : min(start + _LINES_A_BLOCK, shown)]
        heading = f"{title} ({len(rows):,})" if start == 0 else f"{title}, continued"
        yield (
            blocks.rich(
                blocks.line(blocks.said(heading, bold=True)),
                blocks.bullets([_line(row, model, words) for row in some]),
            ),
            "\n".join([f"{heading}:", *(_spoken(row, words) for row in some)]),
        )
    if len(rows) > shown:
        more = f"and {len(rows) - shown:,} more {title.lower()}; the dashboard lists them all"
        yield blocks.context(more), more


def _line(row: Row, model: HealthModel, words: Words) -> Block:
    return blocks.line(
        blocks.said(f"{sign(tone(model, str(row['band'])))} "),
        blocks.named(str(row["name"])),
        blocks.said(f"  {words(row)}{_account(row)}"),
    )


def _spoken(row: Row, words: Words) -> str:
    return f"{blocks.literal(str(row['name']), 80)}: {words(row)}"


def _turned(row: Row) -> str:
    """Say from where to where."""
    now = f"{band_words(str(row['band']))} {points(Decimal(row['score']))}"
    if row.get("band_before") is None or row.get("score_before") is None:
        return now
    before = f"{band_words(str(row['band_before']))} {points(Decimal(row['score_before']))}"
    return f"{before} to {now}"


def _stayed(row: Row) -> str:
    """Say since how long."""
    days = wording.count(int(row["days"]), "day")
    return f"{band_words(str(row['band']))} {points(Decimal(row['score']))}, for {days}"


def _account(row: Row) -> str:
    """Say what is at stake, and whose customer it is."""
    arr = f"  ·  ARR {wording.money(Decimal(row['arr']))}" if row.get("arr") is not None else ""
    csm = f"  ·  {blocks.clean(str(row['csm']), 60)}" if row.get("csm") else ""
    return arr + csm
