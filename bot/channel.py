"""The channel to Slack: posts, replies and updates, once as far as Slack allows.

Slack has no idempotency key. So each message carries its intent's key as metadata, and whatever is
sent a second time is first looked for in the conversation.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from http.client import HTTPException
from typing import Any, Final

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.blocks import Post
from bot.charts import drawn
from bot.connection import SlackSettings, desk
from bot.conversations import Conversations
from bot.errors import NotATarget, NotAView, error_code, trouble
from bot.messages import compose
from service.errors import Refused, UnknownPlay, UnknownStep
from service.ports import Clock, House, Receipt
from storage.outbox import Message

INTENT: Final = "bellwether_intent"
# Slack asks for no more than one message a second in a conversation.
PACE_SECONDS: Final = 1.0
# Clocks differ a little: the search begins this long before the message could first have gone.
_SLACK_IN_CLOCKS: Final = timedelta(minutes=10)
_PAGE: Final = 200
_PAGES: Final = 10
_FIRST_ATTEMPT: Final = 1
_FAILURES: Final = (OSError, HTTPException, SlackClientError)


class SlackChannel:
    """Implements service.ports.Channel for Slack. One may serve several threads."""

    def __init__(self, house: House, clock: Clock, slack: SlackSettings) -> None:
        self._desk = desk(house, clock, slack)
        self._conversations = Conversations(self._desk)

    @property
    def name(self) -> str:
        """Return the channel's name in the outbox."""
        return "slack"

    def send(self, message: Message, root: Mapping[str, str] | None) -> Receipt:
        """Post, reply or update. What was Lost may be sent again: it is looked for first."""
        posts = self._composed(message)
        try:
            return self._deliver(message, posts, root)
        except _FAILURES as error:
            raise trouble(error) from None  # The error's own words quote what was sent.
        except NotATarget:
            raise Refused("not_a_recipient") from None

    def _composed(self, message: Message) -> tuple[Post, ...]:
        try:
            return compose(self._desk, message.body, self._desk.clock.now())
        except (NotAView, UnknownPlay, UnknownStep) as error:
            raise Refused(type(error).__name__) from error

    def _deliver(
        self, message: Message, posts: tuple[Post, ...], root: Mapping[str, str] | None
    ) -> Receipt:
        match message.verb:
            case "post":
                return self._post(message, posts, self._conversations.find(message.recipient))
            case "reply":
                return self._reply(message, posts, _known(root))
            case _:
                return self._update(posts, _known(root))

    def _post(self, message: Message, posts: tuple[Post, ...], channel: str) -> Receipt:
        """Post the first part to the conversation and the others into its thread."""
        found = self._already(message, channel, None)
        first = found.get(0) or self._say(message, 0, posts[0], channel, None)
        if len(posts) > 1:
            parts = self._already(message, channel, first)
            for part in (part for part in range(1, len(posts)) if part not in parts):
                self._desk.clock.sleep(PACE_SECONDS)
                self._say(message, part, posts[part], channel, first)
        return Receipt({"channel": channel, "ts": first})

    def _reply(self, message: Message, posts: tuple[Post, ...], root: Mapping[str, str]) -> Receipt:
        channel, thread = root["channel"], root["ts"]
        found = self._already(message, channel, thread)
        said = [
            found.get(part) or self._say(message, part, post, channel, thread)
            for part, post in enumerate(posts)
        ]
        return Receipt({"channel": channel, "ts": said[0]})

    def _update(self, posts: tuple[Post, ...], root: Mapping[str, str]) -> Receipt:
        channel, ts = root["channel"], root["ts"]
        drawn(
            posts[0].blocks,
            lambda shown: self._desk.web.chat_update(
                channel=channel, ts=ts, text=posts[0].text, blocks=shown
            ),
        )
        return Receipt({"channel": channel, "ts": ts})

    def _say(
        self, message: Message, part: int, post: Post, channel: str, thread: str | None
    ) -> str:
        """Post one part and return its ts."""
        answer = drawn(
            post.blocks,
            lambda shown: self._desk.web.chat_postMessage(
                channel=channel,
                thread_ts=thread,
                text=post.text,
                blocks=shown,
                metadata={
                    "event_type": INTENT,
                    "event_payload": {"key": message.key, "part": part},
                },
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return str(answer["ts"])

    def _already(self, message: Message, channel: str, thread: str | None) -> Mapping[int, str]:
        """Find which parts of this message stand there since an earlier attempt, by part."""
        if message.attempts <= _FIRST_ATTEMPT:
            return {}
        try:
            said = list(self._said(message, channel, thread))
        except SlackApiError as error:
            if error_code(error) in {"missing_scope", "not_in_channel"}:
                # Where we may not look we post again: at least once is what is promised.
                return {}
            raise
        found: dict[int, str] = {}
        for ts, metadata in said:
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == INTENT and payload.get("key") == message.key:
                found.setdefault(int(payload.get("part", 0)), ts)
        return found

    def _said(
        self, message: Message, channel: str, thread: str | None
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Go through what was said since the message became due, with its metadata."""
        since = f"{(message.due_at - _SLACK_IN_CLOCKS).timestamp():.6f}"
        cursor = ""
        for _ in range(_PAGES):
            page = self._page(channel, thread, since, cursor)
            for each in page.get("messages") or []:
                yield str(each["ts"]), each.get("metadata") or {}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _page(self, channel: str, thread: str | None, since: str, cursor: str) -> SlackResponse:
        if thread is None:
            return self._desk.web.conversations_history(
                channel=channel,
                oldest=since,
                cursor=cursor,
                limit=_PAGE,
                include_all_metadata=True,
            )
        return self._desk.web.conversations_replies(
            channel=channel,
            ts=thread,
            oldest=since,
            cursor=cursor,
            limit=_PAGE,
            include_all_metadata=True,
        )


def _known(root: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return where the message spoken of stands; a reply to nothing is refused."""
    if root is None or not {"channel", "ts"} <= root.keys():
        raise Refused("no_root")
    return root
