"""Words made of templates: mails for people outside, pages for people inside.

Mail templates may be an operator's own, so they run in the sandbox; pages are ours alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import css_inline
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
)
from markupsafe import Markup, escape

from templates.errors import TemplateFailed
from templates.filters import FILTERS, plain
from templates.limits import LimitMet
from templates.sandbox import Sandbox, render, render_text

# What a template may raise while it runs: its own faults, and those of its sums.
_FAULTS = (
    TemplateError, LimitMet, ArithmeticError, LookupError, TypeError, ValueError, AttributeError,
    RecursionError, MemoryError, OSError,
)  # fmt: skip
LONGEST_SUBJECT = 200
# Whatever a template does begins with it: a text without is as it is.
_MARK = "{"
REWRITTEN = "email/_rewritten.html"
# What a person wrote as an address is one; every other part of a line is one.
_LINK = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's words: one-line subject, plain text, and HTML with its styles inlined."""

    subject: str
    text: str
    html: str


def mail(name: str, context: Mapping[str, object], folder: Path | None = None) -> Mail:
    """Word the mail `name` ("outreach_at_risk") from plain values.

    `folder` holds an operator's own `email/<name>/…`, which win over the shipped ones.
    Raises TemplateFailed, which costs this one message.
    """
    safe = safe_from(context)
    subject, text, html = (
        _part(f"email/{name}/{part}", safe, folder)
        for part in ("subject.txt", "body.txt", "body.html")
    )
    return Mail(
        subject=plain(subject, LONGEST_SUBJECT),
        text=text.strip() + "\n",
        html=_inlined(f"email/{name}/body.html", html),
    )


def rewritten(
    subject: str, text: str, context: Mapping[str, object], folder: Path | None = None
) -> str:
    """Set a text that a person wrote in the layout of our mails, line by line as they wrote it.

    Raises TemplateFailed, as an operator's own layout may.
    """
    safe = safe_from(context)
    parts = (part for part in re.split(r"\n\s*\n", text) if part.strip())
    paragraphs = [[_LINK.split(line) for line in part.splitlines()] for part in parts]
    own = {"subject": subject, "paragraphs": paragraphs}
    return _inlined(REWRITTEN, _part(REWRITTEN, safe | own, folder))


class Safe(dict[str, object]):
    """What templates may speak of, made harmless once for several texts."""


def safe_from(context: Mapping[str, object]) -> Safe:
    """Return the values without what strangers' texts could do to a line."""
    return Safe((key, _harmless(value)) for key, value in context.items())


def words(name: str, text: str, context: Mapping[str, object]) -> str:
    """Word a text that stands in a playbook; `name` says whose it is when it fails.

    Raises TemplateFailed, as where it asks for something that is not known of the customer.
    """
    if _MARK not in text and "\r" not in text:
        return text.strip()
    safe = context if isinstance(context, Safe) else safe_from(context)
    try:
        return render_text(_mails(None), text, safe).strip()
    except _FAULTS as fault:
        raise TemplateFailed(name, str(fault) or type(fault).__name__) from fault


def page(name: str, context: Mapping[str, object]) -> str:
    """Render one of our own pages, `web/<name>`, escaped throughout."""
    try:
        return _pages().get_template(f"web/{name}").render(**context)
    except TemplateError as fault:
        raise TemplateFailed(name, str(fault)) from fault


def report(name: str, context: Mapping[str, object]) -> str:
    """Render one of our own reports, `report/<name>`: a page that needs nothing but itself."""
    try:
        return _pages().get_template(f"report/{name}").render(**context)
    except TemplateError as fault:
        raise TemplateFailed(name, str(fault)) from fault


def _part(name: str, context: Mapping[str, object], folder: Path | None) -> str:
    try:
        # A link to an operator's words may lead elsewhere by now, and to words of another name.
        return render(_mails(folder.resolve() if folder else None), name, context)
    except _FAULTS as fault:
        raise TemplateFailed(name, str(fault) or type(fault).__name__) from fault


def _inlined(name: str, html: str) -> str:
    try:
        return _inliner().inline(html)
    except css_inline.InlineError as fault:
        raise TemplateFailed(name, str(fault)) from fault


def _harmless(value: object) -> object:
    """Strangers' texts lose line breaks and direction marks before any template sees them."""
    match value:
        case str():
            return plain(value, 1000) if "://" in value else plain(value)
        case Mapping():
            return {key: _harmless(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_harmless(inner) for inner in value]
        case _:
            return value


@cache
def _mails(folder: Path | None) -> Sandbox:
    own: list[BaseLoader] = [FileSystemLoader(folder)] if folder else []
    return Sandbox(ChoiceLoader([*own, _shipped()]))


@cache
def _pages() -> Environment:
    environment = Environment(
        loader=_shipped(),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, coded=_coded)
    return environment


def _coded(text: str) -> Markup:
    """Escape a text and set what stands between backticks as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part)
        for at, part in enumerate(text.split("`"))
    ]
    return Markup().join(parts)


@cache
def _inliner() -> css_inline.CSSInliner:
    # The style block stays for what cannot be inlined: dark mode and small screens.
    return css_inline.CSSInliner(
        keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False
    )


def _shipped() -> FileSystemLoader:
    return FileSystemLoader(str(files("templates")))
