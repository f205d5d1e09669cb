"""From an outbox body, which is data, to what Slack shows: one visible table of views."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bot import notes
from bot.alerts import alert_card, rung_card
from bot.blocks import Post
from bot.brakes import brake_card
from bot.connection import Desk
from bot.digest import digest_posts
from bot.errors import NotAView
from service import words
from service.alert import AlertView, alert_view

Body = Mapping[str, Any]
View = Callable[[Desk, Body, datetime], tuple[Post, ...]]


def compose(desk: Desk, body: Body, now: datetime) -> tuple[Post, ...]:
    """Draw a body as one message, or as several to be posted in order.

    What a body names is read from the database as it is now. Raises NotAView for a body nobody
    draws, and UnknownPlay for a play that is gone.
    """
    view = VIEWS.get(str(body.get("view")))
    if view is None:
        raise NotAView(body.get("view"))
    return view(desk, body, now)


def _alert(desk: Desk, body: Body, now: datetime) -> tuple[Post, ...]:
    return (_about_play(desk, body, now, alert_card),)


def _escalation(desk: Desk, body: Body, now: datetime) -> tuple[Post, ...]:
    return (_about_play(desk, body, now, rung_card),)


def _about_play(desk: Desk, body: Body, now: datetime, card: Callable[..., Post]) -> Post:
    view = _play(desk, body, now)
    page = desk.slack.page(view.card.customer.key)
    today = now.astimezone(UTC).date()
    score, house = view.card.score, desk.house
    model = house.named(score.model) if score else house.model
    return card(view, model, page=page, today=today)


def _slack_post(desk: Desk, body: Body, now: datetime) -> tuple[Post, ...]:
    return (notes.slack_post(body, _play(desk, body, now).card.customer.name),)


def _thread_note(_desk: Desk, body: Body, _now: datetime) -> tuple[Post, ...]:
    return (notes.thread_note(body),)


def _operator_note(_desk: Desk, body: Body, _now: datetime) -> tuple[Post, ...]:
    return (notes.operator_note(body),)


def _note(_desk: Desk, body: Body, _now: datetime) -> tuple[Post, ...]:
    return (notes.slack_post(body, str(body.get("name", ""))),)


def _brake(_desk: Desk, body: Body, _now: datetime) -> tuple[Post, ...]:
    return (brake_card(body),)


def _digest(desk: Desk, body: Body, _now: datetime) -> tuple[Post, ...]:
    return digest_posts(body, desk.house.model, desk.slack.dashboard_url)


def _play(desk: Desk, body: Body, now: datetime) -> AlertView:
    return alert_view(desk.house, int(body["play_id"]), now=now)


VIEWS: Final[Mapping[str, View]] = {
    words.ALERT: _alert,
    words.ESCALATION: _escalation,
    words.SLACK_POST: _slack_post,
    words.THREAD_NOTE: _thread_note,
    words.OPERATOR_NOTE: _operator_note,
    words.NOTE: _note,
    words.BRAKE: _brake,
    words.DIGEST: _digest,
}
