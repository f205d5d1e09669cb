"""The alert of a play: why it was raised, what waits for a yes, and who did what since.

Always written anew from the database; nothing is ever taken from the message that was clicked.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from bot import blocks, wording
from bot.asks import ask_blocks, rung_words, survey_blocks, task_blocks
from bot.blocks import Block, Post
from bot.cards import open_button
from bot.charts import score_chart
from bot.mails import mail_blocks
from bot.wording import band_words, points, sign
from scoring.bands import tone
from scoring.model import HealthModel
from service.alert import AlertView, Cause

# What the menu offers; the last one asks for a time in a modal.
SNOOZES: Final = (("1h", "1 hour"), ("1d", "1 day"), ("1w", "1 week"), ("at", "Pick a time"))


SAID: Final = {"useful": "Useful", "false_alarm": "False alarm"}
NAMES_SHOWN: Final = 5

# How many mails are shown, and how much of each one's text, in characters: tried in this order,
# because they share the little over ten thousand characters that Slack takes in a message.
ROOMS: Final = (
    (99, blocks.RICH),
    (99, 1_500),
    (99, 1_000),
    (99, 500),
    (99, 250),
    (99, 120),
    (99, 0),
    (3, 0),
)
_CHECK: Final = "\N{HEAVY CHECK MARK}"
_DONE: Final = "\N{WHITE HEAVY CHECK MARK}"
_HOURGLASS: Final = "\N{HOURGLASS WITH FLOWING SAND}"
_BELL: Final = "\N{BELL WITH CANCELLATION STROKE}"


def alert_card(view: AlertView, model: HealthModel, *, page: str | None, today: date) -> Post:
    """Show a play's alert as it stands now. `page` is the customer's page in the dashboard."""
    for most, room in ROOMS:
        mails = tuple(_mails(view, most, room))
        shown = tuple(_alert_blocks(view, model, page, today, mails))
        if blocks.fits(shown):
            break
    return blocks.post(_spoken(view), *shown)


def rung_card(view: AlertView, model: HealthModel, *, page: str | None, today: date) -> Post:
    """Tell somebody else that nobody has taken an alert; whoever does is shown here as well."""
    name = view.card.customer.name
    text = next((str(rung.step.body.get("text", "")) for rung in view.rungs), "")
    told = _cut(text or "Nobody has acknowledged this alert yet.")
    taken = [words for words in _standing(view) if words.startswith((_CHECK, _DONE))]
    since = f"Alert of {blocks.moment(view.play.opened_at)}"
    return blocks.post(
        f"{blocks.literal(name)}: {blocks.literal(told, 2_000)} {_fall_words(view)}.",
        blocks.header(f"{_HOURGLASS} {blocks.clean(name, 100)}"),
        blocks.rich(blocks.line(blocks.said(told))),
        blocks.section(f"*{_fall_words(view)}*  ·  {blocks.literal(view.title)}"),
        _facts(view, model, today),
        blocks.context(*taken or [since]),
        *_rung_buttons(view, page),
    )


def _rung_buttons(view: AlertView, page: str | None) -> Iterator[Block]:
    buttons = []
    name, value = view.card.customer.name, f"rung:{view.play.id}"
    if view.play.state == "open" and not view.acknowledged_by:
        says = f"Acknowledge the alert about {name}"
        buttons.append(
            blocks.button("Acknowledge", "acknowledge", value, style="primary", says=says)
        )
    if page is not None:
        buttons.append(open_button(view.card.customer, page))
    if buttons:
        yield blocks.actions(*buttons)


def _spoken(view: AlertView) -> str:
    name = blocks.literal(view.card.customer.name)
    reason = _first_reason(view)
    why = f" {blocks.literal(reason)}" if reason else ""
    waits = any(mail.step.state == "waiting_approval" for mail in view.mails)
    asks = " A mail waits for your yes." if waits and view.play.state == "open" else ""
    asked = sum(ask.step.state == "waiting_answer" for ask in view.asks)
    if asked and view.play.state == "open":
        asks += f" {wording.count(asked, 'question')} to answer."
    about = _fall_words(view) if _crossed(view) else blocks.literal(view.title)
    return f"{name}: {about}.{why}{asks}{_closed(view)}"


def _first_reason(view: AlertView) -> str:
    """Return what explains the alert in a sentence: the strongest cause, or what was noticed."""
    if view.raised is None:
        return ""
    causes = [each.sentence for each in view.raised.causes[:1]]
    return causes[0] if causes and _crossed(view) else view.raised.reason


def _crossed(view: AlertView) -> bool:
    """Tell whether the customer came into another band; else the alert is about something else."""
    raised = view.raised
    return raised is None or raised.band_before not in {None, raised.band}


def _closed(view: AlertView) -> str:
    if view.play.state != "closed":
        return ""
    return f" Closed: {blocks.literal(view.play.reason or 'no reason given')}"


def _alert_blocks(
    view: AlertView, model: HealthModel, page: str | None, today: date, mails: tuple[Block, ...]
) -> Iterator[Block]:
    band = view.raised.band if view.raised else view.play.band
    name = blocks.clean(view.card.customer.name, 100)
    about = band_words(band) if _crossed(view) else blocks.clean(view.title, 60)
    yield blocks.header(f"{sign(tone(model, band))} {name}: {about}")
    yield from _noticed(view)
    if view.raised and view.raised.text:
        yield blocks.rich(blocks.line(blocks.said(_cut(view.raised.text))))
    if view.raised and view.raised.causes:
        yield _causes(view.raised.causes, "Why" if _crossed(view) else "Behind the score")
    if len(view.path) > 1:
        yield score_chart("Score of the last 30 days", view.path)
    yield _facts(view, model, today)
    yield from mails
    yield from ask_blocks(view)
    yield from task_blocks(view)
    if told := list(_standing(view)):
        yield blocks.context(*told)
    if buttons := list(_buttons(view, page)):
        yield blocks.actions(*buttons)
    yield blocks.actions(*_opinions(view))


def _mails(view: AlertView, most: int, room: int) -> Iterator[Block]:
    """Show the mails, those that wait for a yes first; what is left out is counted."""
    waiting_first = sorted(view.mails, key=lambda mail: mail.step.state != "waiting_approval")
    for number, mail in enumerate(waiting_first[:most], start=1):
        yield from mail_blocks(mail, number, room, open_play=view.play.state == "open")
        yield from survey_blocks(mail.step)
    if len(view.mails) > most:
        more = wording.count(len(view.mails) - most, "more mail")
        yield blocks.context(f"and {more}, shown once these are decided")


def _noticed(view: AlertView) -> Iterator[Block]:
    """Say what happened: the bands and figures of a crossing, or what a playbook noticed."""
    if _crossed(view):
        yield blocks.section(f"*{_fall_words(view)}*  ·  {blocks.literal(view.title)}")
    elif view.raised is not None:
        reason, before = blocks.literal(view.raised.reason, 500), view.raised.score_before
        moved = "" if before in {None, view.raised.score} else f"  ·  {_fall_words(view)}"
        yield blocks.section(f"*{reason}*{moved}")


def _causes(causes: Sequence[Cause], title: str) -> Block:
    lines = [blocks.line(blocks.said(blocks.clean(each.sentence, 400))) for each in causes]
    return blocks.rich(blocks.line(blocks.said(title, bold=True)), blocks.bullets(lines))


def _fall_words(view: AlertView) -> str:
    """Say from where to where, as far as it is known; these figures never change."""
    raised = view.raised
    if raised is None:
        return f"{points(view.play.score)} of 100, {band_words(view.play.band)}"
    score_before = raised.score_before
    if raised.band_before is None or score_before is None or score_before == raised.score:
        return f"{points(raised.score)} of 100, {band_words(raised.band)}"
    moved = raised.band_before != raised.band
    before = f"{band_words(raised.band_before)} to " if moved else ""
    return f"{before}{band_words(raised.band)}, {points(score_before)} to {points(raised.score)}"


def _cut(text: str) -> str:
    return blocks.cut(blocks.clean_lines(text).strip(), 2_000) or "-"


def _facts(view: AlertView, model: HealthModel, today: date) -> Block:
    customer, score = view.card.customer, view.card.score
    renewal = wording.away(customer.renewal_on, today) if customer.renewal_on else "not known"
    now = (
        f"{points(score.value)} {sign(tone(model, score.band))} {band_words(score.band)}"
        if score
        else "no score"
    )
    return blocks.fields(
        [
            ("Now", now),
            ("CSM", blocks.literal(customer.csm.name) if customer.csm else "nobody yet"),
            ("ARR", wording.money(customer.arr)),
            ("Renewal", renewal),
        ]
    )


def _standing(view: AlertView) -> Iterator[str]:
    """Say who took it, how long it rests, and why it ended."""
    if view.acknowledged_by:
        at = f" {blocks.moment(view.acknowledged_at)}" if view.acknowledged_at else ""
        yield f"{_CHECK} Acknowledged by {_who(view.acknowledged_by)}{at}"
    if view.snoozed_until:
        yield f"{_BELL} Snoozed until {blocks.moment(view.snoozed_until)}"
    yield from rung_words(view)
    if view.play.state == "closed":
        yield f"{_DONE}{_closed(view)}"
    for verdict, words in SAID.items():
        if names := [_who(each.by) for each in view.verdicts if each.verdict == verdict]:
            yield f"{words}: {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _opinions(view: AlertView) -> Iterator[Block]:
    """Ask whether the alert was worth it; once a person, to be changed at any time."""
    name, value = view.card.customer.name, f"play:{view.play.id}"
    says = f"This alert about {name} was useful"
    yield blocks.button("Useful", "useful", value, says=says)
    says = f"This alert about {name} was a false alarm"
    yield blocks.button("False alarm", "false_alarm", value, says=says)


def _who(name: str) -> str:
    return blocks.literal(name, 80)


def _buttons(view: AlertView, page: str | None) -> Iterator[Block]:
    play, name = view.play, view.card.customer.name
    if play.state == "open":
        if not view.acknowledged_by:
            says = f"Acknowledge the alert about {name}"
            yield blocks.button("Acknowledge", "acknowledge", f"play:{play.id}", says=says)
        options = [blocks.option(label, f"play:{play.id}:{key}") for key, label in SNOOZES]
        yield blocks.menu("Snooze", "snooze", options)
    if page is not None:
        yield open_button(view.card.customer, page)
