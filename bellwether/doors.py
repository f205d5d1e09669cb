"""The doors outwards: Slack and mail, real where the settings name them, else the sandbox's."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bellwether.house import secret_of
from bellwether.settings import Settings, is_loopback
from bot.channel import SlackChannel
from bot.connection import SlackSettings
from delivery.smtp import SmtpChannel
from delivery.webhook import WebhookChannel
from playbooks.steps import SlackAlert, SlackPost, every
from sandbox.server import Sandbox
from service.ports import Channel, Clock, House
from storage.people import members

_SANDBOX = "sandbox"
# Releases what the brake holds: in a real workspace, any of its admins.
_ADMIN = "admin@sandbox.example"
_API = "https://slack.com/api/"


@dataclass(frozen=True, slots=True)
class Doors:
    """What messages leave by. `sandbox` is None when both Slack and mail are real."""

    slack: SlackSettings
    channels: Mapping[str, Channel]
    sandbox: Sandbox | None

    def welcome(self, house: House) -> None:
        """Make the sandbox's workspace know the house's conversations and CSMs.

        A real workspace has its members already; ours must be told of those it should have.
        """
        if self.sandbox is None:
            return
        spoken_to = {house.digest_to, house.alerts_to, house.operator_to, *_named(house)}
        for name in sorted(spoken_to):
            if name.startswith("#"):
                self.sandbox.ensure_channel(name)
        with house.database.reading() as tx:
            people = members(tx)
        self.sandbox.ensure_member(_ADMIN, "Workspace Admin", admin=True)
        for person in people:
            self.sandbox.ensure_member(person.email, person.name, person.timezone or house.zone.key)


def _named(house: House) -> Iterator[str]:
    """Yield the conversations that playbooks speak to by name."""
    for step in every([step for book in house.playbooks for step in book.then]):
        if isinstance(step, SlackAlert | SlackPost):
            yield step.to


@contextmanager
def opened(settings: Settings, house: House, clock: Clock) -> Iterator[Doors]:
    """Open the doors; the sandbox runs, on loopback, as long as the block does."""
    if settings.slack_bot_token and settings.smtp_url:
        yield _doors(settings, house, clock, None)
        return
    with sandbox_of(settings, clock) as sandbox:
        doors = _doors(settings, house, clock, sandbox)
        doors.welcome(house)
        yield doors


def sandbox_of(settings: Settings, clock: Clock) -> Sandbox:
    """Build the sandbox. It posts to this very service, which is reached on loopback."""
    inside = settings.host if is_loopback(settings.host) else "127.0.0.1"
    return Sandbox(
        settings.home / _SANDBOX,
        clock,
        signing_secret=_sandbox_secret(settings),
        app_url=f"http://{inside}:{settings.port}",
        command=settings.command,
    )


def _sandbox_secret(settings: Settings) -> str:
    """Return what the sandbox signs with: made of our secret, so that nobody can guess it."""
    return hashlib.sha256(b"sandbox" + secret_of(settings)).hexdigest()


def _doors(settings: Settings, house: House, clock: Clock, sandbox: Sandbox | None) -> Doors:
    slack = _slack(settings, sandbox)
    smtp = settings.smtp_url or (sandbox.smtp_url if sandbox else "")
    channels: tuple[Channel, ...] = (
        SlackChannel(house, clock, slack),
        SmtpChannel(smtp, clock),
        WebhookChannel(house, clock),
    )
    return Doors(slack, {channel.name: channel for channel in channels}, sandbox)


def _slack(settings: Settings, sandbox: Sandbox | None) -> SlackSettings:
    known = SlackSettings(
        token=settings.slack_bot_token or "",
        signing_secret=settings.slack_signing_secret or "",
        base_url=_with_slash(settings.slack_api_url or _API),
        command=settings.command,
        app_token=settings.slack_app_token,
        dashboard_url=_dashboard(settings),
    )
    if settings.slack_bot_token or sandbox is None:
        return known
    return replace(
        known,
        token=sandbox.token,
        signing_secret=_sandbox_secret(settings),
        base_url=sandbox.slack_url,
        app_token=None,
    )


def _dashboard(settings: Settings) -> str | None:
    """Return the dashboard's address; a real workspace is spared links that lead nowhere."""
    if settings.slack_is_real and is_loopback(urlsplit(settings.url).hostname or ""):
        return None
    return f"{settings.url}/api/dashboard"


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
