"""A conversation: its messages by day, threads folded below them, and the composer."""

from collections.abc import Sequence
from itertools import groupby

from sandbox.pages.blocks import blocks_html
from sandbox.pages.elements import Place
from sandbox.pages.emoji import SIGNS
from sandbox.pages.frame import Frame
from sandbox.pages.html import NOTHING, Html, icon, joined, sr_only, tag
from sandbox.pages.mrkdwn import mrkdwn
from sandbox.state import Message

SHOWN = 150
TILES = 6


def conversation_html(messages: Sequence[Message], frame: Frame, *, everything: bool) -> Html:
    """Return a conversation's messages, oldest first; old ones only where `everything` is on."""
    roots = [each for each in messages if not each.is_reply]
    threads: dict[str, list[Message]] = {}
    for each in messages:
        if each.is_reply:
            threads.setdefault(str(each.thread_ts), []).append(each)
    shown = roots if everything else roots[-SHOWN:]
    days = groupby(shown, key=lambda each: frame.calendar.moment(each.ts).date())
    return joined(
        _earlier(len(roots) - len(shown), frame),
        *(_day([*group], threads, frame) for _date, group in days),
    )


def _earlier(count: int, frame: Frame) -> Html:
    if not count:
        return NOTHING
    link = tag("a", f"Show {count} earlier messages", href=frame.link(frame.here, all="1"))
    return tag("p", link, class_="earlier")


def _day(messages: Sequence[Message], threads: dict[str, list[Message]], frame: Frame) -> Html:
    name = frame.calendar.day(frame.calendar.moment(messages[0].ts))
    title = tag("h2", tag("span", name), class_="day")
    rows = (message_html(each, threads.get(each.ts, []), frame) for each in messages)
    return tag("section", title, rows, aria_label=name)


def message_html(message: Message, replies: Sequence[Message], frame: Frame) -> Html:
    """Return one message with its thread."""
    only_you = message.seen_by is not None
    return tag(
        "article",
        _tile(message, frame),
        tag(
            "div",
            _only_you(message, frame) if only_you else NOTHING,
            _byline(message, frame),
            _body(message, frame),
            _reactions(message, frame),
            _thread(message, replies, frame),
            class_="m-body",
        ),
        class_="message ephemeral" if only_you else "message",
        id=f"m{message.ts}",
        tabindex="-1",
    )


def _only_you(message: Message, frame: Frame) -> Html:
    dismiss = tag(
        "form",
        frame.form_fields("dismiss", target=message.ts),
        tag("button", "Dismiss", sr_only(" this message"), class_="link"),
        method="post",
        action=frame.act,
        class_="control",
    )
    return tag("div", icon("👁 "), "Only visible to you · ", dismiss, class_="only-you")


def _tile(message: Message, frame: Frame) -> Html:
    name = frame.name_of(message.user)
    member = frame.members.get(message.user)
    number = "bot" if member and member.is_bot else str(sum(map(ord, message.user)) % TILES)
    initials = "".join(word[:1] for word in name.split()[:2]).upper() or "?"
    return tag("div", initials, class_=f"tile tile-{number}", aria_hidden="true")


def _byline(message: Message, frame: Frame) -> Html:
    moment = frame.calendar.moment(message.ts)
    member = frame.members.get(message.user)
    app = tag("span", "APP", class_="app") if member and member.is_bot else NOTHING
    time = tag("time", frame.calendar.clock(moment), datetime=moment.isoformat())
    return tag("p", tag("b", frame.name_of(message.user)), app, time, class_="byline")


def _body(message: Message, frame: Frame) -> Html:
    place = Place(frame, "click", message.ts)
    body = (
        blocks_html(message.blocks, place, {})
        if message.blocks
        else tag("div", mrkdwn(message.text, frame), class_="b-text")
    )
    edited = tag("span", "(edited)", class_="edited") if message.edited_ts else NOTHING
    return joined(body, edited)


def _reactions(message: Message, frame: Frame) -> Html:
    if not message.reactions:
        return NOTHING
    names = dict.fromkeys(name for name, _user in message.reactions)
    chips = []
    for name in names:
        users = [frame.name_of(user) for each, user in message.reactions if each == name]
        sign = SIGNS.get(name, f":{name}:")
        said = sr_only(f"{name} by {', '.join(users)}")
        chips.append(tag("span", icon(f"{sign} {len(users)}"), said, class_="chip"))
    return tag("div", chips, class_="reactions")


def _thread(message: Message, replies: Sequence[Message], frame: Frame) -> Html:
    if not replies:
        return NOTHING
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    last = frame.calendar.moment(replies[-1].ts)
    day = frame.calendar.day(last)
    on = day.lower() if day in {"Today", "Yesterday"} else day
    when = f"Last reply {on} at {frame.calendar.clock(last)}"
    summary = tag("summary", tag("b", count), tag("span", when, class_="muted"))
    rows = (message_html(each, [], frame) for each in replies)
    return tag("details", summary, rows, class_="thread", id=f"t{message.ts}")


def composer_html(title: str, target: str, frame: Frame) -> Html:
    """Return the line where the viewer writes, or runs a command."""
    hint = f"Message {title}, or a command such as {frame.command} acme"
    field = tag(
        "input",
        name="text",
        placeholder=hint,
        aria_label=hint,
        autocomplete="off",
        required=True,
        maxlength=4000,
    )
    send = tag("button", icon("➤"), sr_only("Send"), class_="send")
    quick = (
        tag("button", line, type="button", data_line=line, class_="chip")
        for line in (frame.command, f"{frame.command} help")
    )
    form = tag(
        "form",
        frame.form_fields("say", target=target),
        tag("div", field, send, class_="line"),
        tag("p", "Try ", quick, class_="hints"),
        method="post",
        action=frame.act,
        class_="composer",
        data_clear=True,
    )
    return tag("div", form, class_="composer-wrap")
