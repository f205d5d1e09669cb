"""What `bellwether check` looks at: each part on its own, so that one fault hides no other."""

from collections.abc import Callable
from dataclasses import dataclass

from bellwether import doors as outward
from bellwether import house as building
from bellwether.clock import SystemClock
from bellwether.errors import BellwetherError, MailServerShut
from bellwether.settings import Settings
from bot.doctor import examine
from delivery.errors import DeliveryError
from delivery.smtp import SmtpChannel
from delivery.smtp_url import smtp_server
from playbooks.errors import PlaybookError
from scoring.errors import ScoringError
from service import webhooks
from service.errors import DeliveryTrouble
from storage.errors import StorageError

# Seconds that a person waits for a mail server.
_PATIENCE = 10.0
_FAULTS = (BellwetherError, DeliveryError, PlaybookError, ScoringError, StorageError)


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing looked at: its state in words, and whether it is well."""

    what: str
    well: bool
    words: str


def everything(settings: Settings) -> tuple[Checked, ...]:
    """Look at everything; a real workspace only when all else is well. Nothing is posted."""
    looks: dict[str, Callable[[Settings], str]] = {
        "settings": _settings,
        "model": _model,
        "playbooks": _playbooks,
        "database": _database,
        "slack": _slack,
        "mail": _mail,
        "webhooks": _webhooks,
    }
    found = tuple(_looked(what, look, settings) for what, look in looks.items())
    if settings.slack_is_real and all(one.well for one in found):
        found += _workspace(settings)
    return found


def _workspace(settings: Settings) -> tuple[Checked, ...]:
    """Ask the real workspace: token, scopes, clock, command, conversations. Posts nothing."""
    clock = SystemClock()
    with building.opened(settings) as house, outward.opened(settings, house, clock) as doors:
        findings = examine(house, clock, doors.slack)
    return tuple(
        Checked(f"slack {one.what}", one.well, f"{one.found} {one.remedy}".strip())
        for one in findings
    )


def _looked(what: str, look: Callable[[Settings], str], settings: Settings) -> Checked:
    try:
        return Checked(what, well=True, words=look(settings))
    except _FAULTS as fault:
        return Checked(what, well=False, words=str(fault))


def _settings(settings: Settings) -> str:
    return (
        f"scores at {settings.rescore_at:%H:%M}, digest at {settings.digest_at:%H:%M} "
        f"({settings.zone.key}) to {settings.digest_to}"
    )


def _model(settings: Settings) -> str:
    scored_by = building.models_in_use(settings)
    names = ", ".join(model.identity for model in scored_by.models)
    if scored_by.resolver is None:
        return names
    return f"{names}; {settings.resolver} picks, by default {scored_by.resolver.default}"


def _playbooks(settings: Settings) -> str:
    books = building.all_playbooks(settings, *building.models_in_use(settings).models)
    return ", ".join(f"{book.name} (version {book.version})" for book in books)


def _database(settings: Settings) -> str:
    database = building.database_of(settings)
    try:
        database.ping()
        state = "up to date" if database.is_current() else "to be migrated at the next start"
        return f"{database.dialect}, {state}"
    finally:
        database.close()


def _slack(settings: Settings) -> str:
    if not settings.slack_is_real:
        return "the sandbox's workspace (SLACK_BOT_TOKEN is unset)"
    return "Socket Mode" if settings.slack_app_token else "requests at /slack/events"


def _mail(settings: Settings) -> str:
    """Call the mail server and log in; no letter is spoken of."""
    if settings.smtp_url is None:
        return f"the sandbox's mailbox, {settings.mail_mode}"
    host = smtp_server(settings.smtp_url).host
    try:
        SmtpChannel(settings.smtp_url, SystemClock(), _PATIENCE).greet()
    except DeliveryTrouble as trouble:
        raise MailServerShut(host, trouble.code) from None
    return f"{host} lets us in, {settings.mail_mode}"


def _webhooks(settings: Settings) -> str:
    with building.opened(settings) as house:
        found = webhooks.listed(house)
    off = [each.name for each in found if each.disabled_at is not None]
    return f"{len(found)} endpoints" + (f", switched off: {', '.join(off)}" if off else "")
