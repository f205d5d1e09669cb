"""The two seams, clock and channel, and the House: what every use case is given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from playbooks.playbook import Playbook
from scoring.bands import is_worse, tone
from scoring.figures import CustomerFacts
from scoring.model import UNKNOWN_BAND, HealthModel
from scoring.resolver import Resolver, resolved
from storage.database import Database
from storage.outbox import Message

MailMode = Literal["dry-run", "approval", "automatic"]
# Whether links in customer mail are counted, and whether a picture tells of opening as well.
Tracking = Literal["off", "clicks", "all"]
Approver = Literal["allowed", "four-eyes", "managers"]


class Clock(Protocol):
    """Time as an argument. Only the doors hold a clock; use cases are told `now`."""

    def now(self) -> datetime:
        """Answer the present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a delivered message now lives, e.g. `{"channel": "D1", "ts": "17…"}`."""

    reference: Mapping[str, str]


class Channel(Protocol):
    """A way to deliver one message. Must hold no database transaction while it works."""

    @property
    def name(self) -> str:
        """Answer the channel's name as it stands in the outbox: "slack", "email", "webhook"."""
        ...

    def send(self, message: Message, root: Mapping[str, str] | None) -> Receipt:
        """Deliver once; `root` is the reference of the message this one replies to or updates.

        Raises TryLater, Refused, Lost or Suspended (service.errors), and nothing else on purpose.
        """
        ...


@runtime_checkable
class Lingering(Protocol):
    """A channel that keeps its line open between messages."""

    def hang_up(self) -> None:
        """Close what is open: nothing is due any more."""
        ...


# From when until when, in local time; over midnight when the first is the later.
Quiet = tuple[time, time]


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """How mail to customers leaves the house. `secret` keys unsubscribe tokens and suppression.

    `templates` is a folder of the operator's own; their `email/<name>/…` win over the shipped.
    `quiet` are the hours, where the customer is, at which no mail goes out; `weekly` is how many
    a customer gets within seven days at most.
    """

    sender: str
    mode: MailMode
    base_url: str
    secret: bytes
    templates: Path | None = None
    quiet: Quiet | None = None
    weekly: int = 2
    tracking: Tracking = "off"

    def __repr__(self) -> str:
        """Show everything but the secret."""
        return f"MailPolicy(sender={self.sender!r}, mode={self.mode!r}, base_url={self.base_url!r})"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who may say yes to mail for customers, and for how long the question stands.

    "allowed": whoever may act, also to words of their own. "four-eyes": not who edited it.
    "managers": managers and admins only, and not who edited it.
    """

    who: Approver = "allowed"
    within: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what is old is kept; None is for ever. Plays go with their messages."""

    events: timedelta | None = None
    messages: timedelta | None = None
    quarantine: timedelta | None = None
    audit: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """How much is said at most, whatever playbooks want; None is as much as there is.

    What is over waits for the next day. `csm_a_day` are alerts and posts to one of us that are not
    urgent, `mails_a_day` customer mails of the whole house, `playbook_a_day` those of one playbook.
    """

    csm_a_day: int | None = None
    mails_a_day: int | None = None
    playbook_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class House:
    """Everything a use case needs that is not its argument. Built once, by the composition root.

    digest_to, operator_to and alerts_to are Slack recipients ("#name", "C…", "U…",
    "member:<email>"); alerts_to is where an alert goes when a customer has no CSM.

    `model` is the one in use where nothing else is said. Where a `resolver` is given, it picks
    each customer's model among `models`. `region` is whose holidays are kept (DE-BY); at the hours
    of `csm_quiet`, where they are, and on weekends unless `weekends`, our people are left alone.
    """

    database: Database
    model: HealthModel
    playbooks: tuple[Playbook, ...]
    mail: MailPolicy
    zone: ZoneInfo
    digest_to: str
    operator_to: str
    alerts_to: str
    models: tuple[HealthModel, ...] = ()
    resolver: Resolver | None = None
    keep: Keep = Keep()
    approval: Approval = Approval()
    caps: Caps = Caps()
    region: str | None = None
    csm_quiet: Quiet | None = None
    weekends: bool = True

    def under(self, model: HealthModel) -> "House":
        """Answer the same house with another model in use."""
        return self if model is self.model else replace(self, model=model)

    def model_for(self, facts: CustomerFacts, as_of: date) -> HealthModel:
        """Answer the model that scores this customer on that day. Raises NoModel."""
        if self.resolver is None:
            return self.model
        return resolved(self.resolver, self.known_models, facts, as_of)

    def scores_by(self, facts: CustomerFacts, as_of: date, name: str) -> bool:
        """Tell whether a model of this name scores the customer; without a resolver, any does."""
        return self.resolver is None or self.model_for(facts, as_of).name == name

    @property
    def known_models(self) -> tuple[HealthModel, ...]:
        """Answer every model in the house, the one in use first."""
        return (self.model, *(one for one in self.models if one is not self.model))

    def named(self, name: str) -> HealthModel:
        """Answer the newest version of the model of this name, or the one in use."""
        versions = [one for one in self.known_models if one.name == name]
        return max(versions, key=lambda one: one.version, default=self.model)

    @property
    def model_names(self) -> tuple[str, ...]:
        """Answer the names of all models in the house, each once."""
        return tuple(dict.fromkeys(one.name for one in self.known_models))

    def is_worse(self, band: str, than: str) -> bool:
        """Tell whether `band` is worse than the other in a model that knows both."""
        return any(is_worse(one, band, than) for one in self.known_models)

    def tone(self, band: str) -> str:
        """Answer how a band is to be shown, whichever model it is of, or "unknown"."""
        tones = (tone(one, band) for one in self.known_models)
        return next((found for found in tones if found != UNKNOWN_BAND), UNKNOWN_BAND)
