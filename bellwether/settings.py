"""Settings: one frozen object read from the environment, nothing below this package sees it."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bellwether.errors import SettingsInvalid
from bellwether.setting import Setting
from bellwether.settings_table import BY_VARIABLE, TABLE

# Variables that carry our prefix but belong to the demo's options, read by the command line.
_DEMO = ("BELLWETHER_DEMO_CUSTOMERS", "BELLWETHER_DEMO_DAYS", "BELLWETHER_DEMO_SEED")
_LONGEST_SHOWN = 60
_SECRETS = frozenset(setting.field for setting in TABLE if setting.secret)


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything a deployment decides. What each one means stands in settings_table.py."""

    home: Path
    database_url: str
    host: str
    port: int
    url: str
    auth: Literal["keys", "off"]
    inbox: Literal["local", "open"]
    zone: ZoneInfo
    rescore_at: time
    digest_at: time
    workers: int
    model: str
    models: Path | None
    resolver: Path | None
    playbooks: Path | None
    library: tuple[str, ...] | None
    templates: Path | None
    quiet: tuple[time, time] | None
    csm_quiet: tuple[time, time] | None
    weekends: Literal["quiet", "work"]
    region: str | None
    caps: Mapping[str, int]
    digest_to: str
    alerts_to: str
    operator_to: str
    mail_mode: Literal["dry-run", "approval", "automatic"]
    mail_from: str
    tracking: Literal["off", "clicks", "all"]
    self_approval: Literal["allowed", "four-eyes", "managers"]
    approval_days: timedelta
    smtp_url: str | None
    bounces: Path | None
    slack_bot_token: str | None
    slack_signing_secret: str | None
    slack_app_token: str | None
    slack_api_url: str | None
    command: str
    secret: bytes | None
    keep_events: timedelta | None
    keep_messages: timedelta | None
    keep_quarantine: timedelta | None
    keep_audit: timedelta | None
    log_format: Literal["text", "json"]
    log_level: Literal["debug", "info", "warning", "error"]

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingsInvalid with every fault at once."""
        problems = list(_strangers(environment))
        values: dict[str, object] = {}
        for setting in TABLE:
            try:
                values[setting.field] = _value(setting, environment)
            except ValueError:
                problems.append(_sentence(setting, environment.get(setting.variable, "")))
        if not problems:
            values = _completed(values)
            problems += _contradictions(values)
        if problems:
            raise SettingsInvalid(problems)
        return cls(**values)  # type: ignore[arg-type]  # the table's readers give these types

    @property
    def sqlite_file(self) -> Path | None:
        """The database's file, None when a server holds it."""
        prefix = "sqlite:///"
        if not self.database_url.startswith(prefix):
            return None
        return Path(self.database_url.removeprefix(prefix))

    @property
    def slack_is_real(self) -> bool:
        """Whether messages leave for a real workspace."""
        return self.slack_bot_token is not None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret that is set, as text: what no log line may hold."""
        values = (getattr(self, field) for field in _SECRETS)
        return tuple(one.decode() if isinstance(one, bytes) else one for one in values if one)

    def __repr__(self) -> str:
        """Show every setting but the secret ones."""
        shown = ", ".join(f"{one.name}={self._shown(one.name)}" for one in fields(self))
        return f"Settings({shown})"

    def _shown(self, field: str) -> str:
        value = getattr(self, field)
        return "***" if field in _SECRETS and value else repr(value)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach the host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _leads_nowhere(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def _value(setting: Setting, environment: Mapping[str, str]) -> object:
    # An empty variable counts as unset: compose files pass `${SMTP_URL:-}` through.
    text = environment.get(setting.variable, "").strip() or setting.default
    return setting.read(text) if text else None


def _sentence(setting: Setting, found: str) -> str:
    shown = "a value (not shown, it is secret)" if setting.secret else repr(found[:_LONGEST_SHOWN])
    return f"{setting.variable}: found {shown}; allowed: {setting.allowed}."


def _strangers(environment: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environment):
        if not name.startswith("BELLWETHER_") or name in BY_VARIABLE or name in _DEMO:
            continue
        near = difflib.get_close_matches(name, BY_VARIABLE, n=1)
        hint = f"did you mean {near[0]}?" if near else "see docs/operations.md for all settings."
        yield f"{name}: there is no such setting; {hint}"


def _completed(values: dict[str, object]) -> dict[str, object]:
    home = values["home"]
    database = values["database_url"] or f"sqlite:///{home}/bellwether.db"
    host = str(values["host"])
    shown = f"[{host}]" if ":" in host else host
    url = values["url"] or f"http://{shown}:{values['port']}"
    return {**values, "database_url": database, "url": url}


def _contradictions(values: Mapping[str, object]) -> Iterator[str]:
    if values["auth"] == "off" and not is_loopback(str(values["host"])):
        yield (
            f"BELLWETHER_AUTH: found 'off' with BELLWETHER_HOST {values['host']!r}; "
            "allowed: off on a loopback host only (127.0.0.1), keys elsewhere."
        )
    if values["workers"] != 1 and str(values["database_url"]).startswith("sqlite"):
        yield (
            f"BELLWETHER_WORKERS: found {values['workers']} with SQLite; allowed: 1, for SQLite "
            "has one writer. PostgreSQL shares a run among many."
        )
    if values["slack_bot_token"] and not (
        values["slack_signing_secret"] or values["slack_app_token"]
    ):
        yield (
            "SLACK_SIGNING_SECRET: found nothing beside SLACK_BOT_TOKEN; allowed: the app's "
            "signing secret, or SLACK_APP_TOKEN for Socket Mode."
        )
    if values["slack_app_token"] and not values["slack_bot_token"]:
        yield "SLACK_BOT_TOKEN: found nothing beside SLACK_APP_TOKEN; allowed: the bot's token."
    if values["smtp_url"] and values["tracking"] != "off" and _leads_nowhere(str(values["url"])):
        yield (
            f"BELLWETHER_TRACKING: found {values['tracking']!r} while BELLWETHER_URL leads to this "
            "machine alone; allowed: off, or a BELLWETHER_URL that your customers can reach, for "
            "every link in their mail leads there first."
        )
    if (
        values["smtp_url"]
        and str(values["mail_from"]) == BY_VARIABLE["BELLWETHER_MAIL_FROM"].default
    ):
        yield (
            "BELLWETHER_MAIL_FROM: found the example address beside SMTP_URL; allowed: the "
            "address your customers should see."
        )
