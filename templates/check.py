"""Are an operator's words well formed? Asked before they are used, so that a slip mails nobody."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from jinja2 import BaseLoader, TemplateError, TemplateSyntaxError

from templates.sandbox import Sandbox

ENDINGS: Final = frozenset({".txt", ".html"})


def check_words(texts: Mapping[str, Sequence[str]]) -> None:
    """Refuse words of Slack that are no template. Raises ValueError with every fault."""
    environment = Sandbox(BaseLoader())
    faults = [
        f"{where}: {fault}"
        for where, several in texts.items()
        for text in several
        if (fault := _fault(environment, text)) is not None
    ]
    if faults:
        raise ValueError("\n".join(faults))


def faults_of(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the mail templates of a folder, each with its file and line."""
    environment = Sandbox(BaseLoader())
    for path in sorted(folder.rglob("*")):
        if path.suffix not in ENDINGS or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            yield f"{path.relative_to(folder)}: {type(error).__name__}"
            continue
        if (fault := _fault(environment, text)) is not None:
            yield f"{path.relative_to(folder)}: {fault}"


def _fault(environment: Sandbox, text: str) -> str | None:
    try:
        environment.parse(text)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    except TemplateError as error:
        return str(error)
    return None
