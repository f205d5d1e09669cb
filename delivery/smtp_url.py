"""Where mail leaves the house: `smtp://user:password@host:587?starttls=required`, read once."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from delivery.errors import SmtpUrlInvalid

StartTls = Literal["auto", "required", "off"]
SUBMISSION, IMPLICIT_TLS = 587, 465


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server to hand letters to. `ca` is a file of certificates to trust besides none."""

    host: str
    port: int
    tls: bool
    starttls: StartTls
    user: str | None
    password: str | None = field(repr=False)
    ca: Path | None

    @property
    def needs_tls(self) -> bool:
        """Whether words must not leave in the clear: asked for, or a password would."""
        if self.starttls == "required":
            return True
        return self.user is not None and self.starttls != "off" and not _is_loopback(self.host)


def smtp_server(url: str) -> SmtpServer:
    """Read a mail server's address; raises SmtpUrlInvalid, which never shows the password."""
    parts = _split(url)
    options = _options(parts)
    tls = parts.scheme == "smtps"
    starttls = options.get("starttls", "off" if tls else "auto")
    if starttls not in {"auto", "required", "off"}:
        raise SmtpUrlInvalid("starttls must be auto, required or off")
    return SmtpServer(
        host=cast("str", parts.hostname),
        port=parts.port or (IMPLICIT_TLS if tls else SUBMISSION),
        tls=tls,
        starttls=cast("StartTls", starttls),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        ca=Path(options["ca"]) if "ca" in options else None,
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise SmtpUrlInvalid("the host or port cannot be read") from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise SmtpUrlInvalid("it must begin with smtp:// or smtps://")
    if not parts.hostname:
        raise SmtpUrlInvalid("it names no host")
    if (parts.username is None) != (parts.password is None):
        raise SmtpUrlInvalid("it needs both a user and a password, or neither")
    return parts


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query))
    unknown = sorted(options.keys() - {"starttls", "ca"})
    if unknown:
        raise SmtpUrlInvalid(f"unknown option {unknown[0]!r}; allowed are starttls and ca")
    return options


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
