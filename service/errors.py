"""What can go wrong in a use case. Every error takes data and builds its own sentence.

ServiceError
├── UnknownCustomer      nobody has this key
├── EventConflict        this event id is taken by another body
├── DraftInvalid         what a person or machine wrote breaks a rule; names every field
├── ScoringFailed        one customer's data broke the calculation
├── UnknownPlay, UnknownStep
├── UnknownWebhook, WebhookInvalid, RotatedBefore
├── PlayClosed           somebody or something closed the play before
├── AddressInvalid, NotSuppressed, TheirOwnWord
├── NeedsExtra           a library that is not installed by default
└── DeliveryTrouble      what a channel answers when a message did not surely arrive
    ├── TryLater         nothing was delivered; the same message may go again
    │   └── Away         nobody answers at all: the others may spare themselves the way, too
    ├── Refused          the other side said no; it is final when `permanent`
    ├── Lost             the outcome is unknown; never sent again by itself
    └── Suspended        the whole channel is closed to us until a person acts
"""
# ruff: noqa: N818  # The names are outcomes in the product's words; "Error" would add nothing.

from dataclasses import dataclass
from datetime import datetime


class ServiceError(Exception):
    """Root of everything a use case raises on purpose."""


class UnknownCustomer(ServiceError):
    """Nobody has this key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"No customer has the key {key!r}.")
        self.key = key


class EventConflict(ServiceError):
    """An event of this feed already has this id, with another body."""

    def __init__(self, feed: str, event_id: str) -> None:
        super().__init__(
            f"Event {event_id!r} of feed {feed!r} was received before with another content; "
            "send the changed event under an id of its own."
        )
        self.feed = feed
        self.event_id = event_id


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of one item."""

    field: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}; {self.allowed}"


class DraftInvalid(ServiceError):
    """What was written breaks a rule; every broken field is named at once."""

    def __init__(self, what: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"Invalid {what}: " + "; ".join(str(problem) for problem in problems))
        self.what = what
        self.problems = problems


class ScoringFailed(ServiceError):
    """One customer's data broke the calculation; the sentence holds no value of theirs."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"Customer {key!r} could not be scored: {reason}.")
        self.key = key
        self.reason = reason


class NeedsExtra(ServiceError):
    """What was asked for needs a library that only an extra brings."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"This needs {library}, which is not installed. Install it with "
            f"pip install 'bellwether[{extra}]'."
        )


class UnknownPlay(ServiceError):
    """No play has this id (any more)."""

    def __init__(self, play_id: int) -> None:
        super().__init__(f"There is no play {play_id}.")
        self.play_id = play_id


class PlayClosed(ServiceError):
    """The play is closed already; whoever closed it was faster."""

    def __init__(self, play_id: int, reason: str | None) -> None:
        super().__init__(f"Play {play_id} is closed already: {reason or 'no reason given'}")
        self.play_id = play_id


class UnknownStep(ServiceError):
    """No step has this id (any more)."""

    def __init__(self, step_id: int) -> None:
        super().__init__(f"There is no step {step_id}.")
        self.step_id = step_id


class AddressInvalid(ServiceError):
    """What was given as an address is none."""

    def __init__(self, given: str) -> None:
        super().__init__(f"{given!r} is not an e-mail address, like carla@your-company.com.")
        self.given = given


class NotSuppressed(ServiceError):
    """The address is written to anyway; the sentence does not repeat it."""

    def __init__(self) -> None:
        super().__init__("This address is not suppressed: it may be written to.")


class TheirOwnWord(ServiceError):
    """The person said themselves that they want no mail; only they can take it back."""

    def __init__(self, reason: str, at: datetime) -> None:
        said = "called our mail spam" if reason == "complaint" else "unsubscribed"
        super().__init__(
            f"They {said} themselves, on {at:%Y-%m-%d}. Only if they asked to be written to again: "
            "say so with --they-asked, and how in --reason."
        )
        self.reason = reason
        self.at = at


class UnknownWebhook(ServiceError):
    """No endpoint has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no webhook endpoint named {name!r}.")
        self.name = name


class WebhookInvalid(ServiceError):
    """An endpoint cannot be as it was given; the sentence never shows its address."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This webhook endpoint is not usable: {reason}.")
        self.reason = reason


class RotatedBefore(ServiceError):
    """Two secrets sign already; a third would leave behind who still checks by the oldest."""

    def __init__(self, name: str, until: datetime) -> None:
        super().__init__(
            f"The secret of {name!r} was rotated before, and the old one signs as well until "
            f"{until:%Y-%m-%d %H:%M} UTC. Wait for that, or say --at-once: then both old ones end."
        )
        self.name = name
        self.until = until


class DeliveryTrouble(ServiceError):
    """A channel's answer other than success. `code` is short and free of addresses and words."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class TryLater(DeliveryTrouble):
    """Surely not delivered; may go again after `after` seconds (0: when the caller sees fit)."""

    def __init__(self, after: float, code: str) -> None:
        super().__init__(f"Not delivered now ({code}); again in {after:g} s.", code)
        self.after = after


class Away(TryLater):
    """Surely not delivered, and nothing to do with this message: nobody answers over there."""


class Refused(DeliveryTrouble):
    """Surely not delivered. `permanent`: this recipient will never take it (hard bounce, gone)."""

    def __init__(self, code: str, *, permanent: bool = True) -> None:
        super().__init__(f"Refused by the other side ({code}).", code)
        self.permanent = permanent


class Lost(DeliveryTrouble):
    """Perhaps delivered, perhaps not: the answer never came."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The answer was lost ({code}); whether it arrived is unknown.", code)


class Suspended(DeliveryTrouble):
    """The channel as a whole is closed to us (token revoked, login refused) until a person acts."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The channel is closed to us ({code}) until a person mends it.", code)
