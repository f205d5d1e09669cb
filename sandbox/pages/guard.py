"""What keeps strangers' pages from acting here, and mails from acting at all."""

import hmac
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: https:; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A mail may style itself and show what it carries; it can run, fetch and send nothing.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
SHARED = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGE_HEADERS = {**SHARED, "Content-Security-Policy": PAGE_POLICY, "X-Frame-Options": "DENY"}
MAIL_HEADERS = {**SHARED, "Content-Security-Policy": MAIL_POLICY}


def page_token(directory: Path) -> str:
    """Return the token that forms carry; all processes of one directory know the same."""
    path = directory / "page-token"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        fresh = directory / f"page-token.{secrets.token_hex(8)}"
        fresh.write_text(secrets.token_urlsafe(32), encoding="ascii")
        # A link is made whole or not at all, so no process ever reads half a token.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text(encoding="ascii")


def is_ours(request: Request, given: str, token: str) -> bool:
    """Tell whether a form came from these pages: its token, and what the browser says."""
    origin = request.headers.get("origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())
