"""The links in a mail's HTML: found where a mail client finds them, and led elsewhere.

Only what a link leads to is written anew; every other character stays, so the words do too.
"""

import html as entities
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from html.parser import HTMLParser
from itertools import accumulate
from typing import Final

# One attribute of a tag: its name, and its value with the quotes it may have.
_ATTRIBUTE: Final = re.compile(r"""([^\s"'>/=]+)(?:(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_END: Final = re.compile("</body>", re.IGNORECASE)
Lead = Callable[[str], str | None]


def redirected(html: str, lead: Lead) -> str:
    """Let every link lead to what `lead` answers for where it led; None leaves it as it is."""
    parts, end = [], 0
    for start, tag in _anchors(html):
        parts += [html[end:start], _redirected(tag, lead)]
        end = start + len(tag)
    return "".join([*parts, html[end:]])


def with_picture(html: str, address: str) -> str:
    """Add a picture that nobody sees, at the end of the body."""
    picture = f'<img src="{entities.escape(address)}" width="1" height="1" alt="" border="0">'
    # Not looked for in small letters: some names grow by that, and the place would be another.
    at = max((end.start() for end in _END.finditer(html)), default=len(html))
    return html[:at] + picture + html[at:]


def _redirected(tag: str, lead: Lead) -> str:
    for part in _ATTRIBUTE.finditer(tag, len("<a")):
        name, _, value = part.groups()
        if name.lower() == "href" and value:
            target = entities.unescape(value.strip("\"'")).strip()
            to = lead(target) if target else None
            if to is None:
                return tag
            return f'{tag[: part.start(3)]}"{entities.escape(to)}"{tag[part.end(3) :]}'
    return tag


def _anchors(html: str) -> Iterator[tuple[int, str]]:
    finder = _Finder()
    # What no mail program could read either ends the search; links before it are found.
    with suppress(AssertionError):
        finder.feed(html)
    lines = [0, *accumulate(len(line) for line in html.split("\n"))]
    for line, column, tag in finder.found:
        # Every line before this one ended with a line feed, which `split` dropped.
        start = lines[line - 1] + (line - 1) + column
        if html.startswith(tag, start):
            yield start, tag


class _Finder(HTMLParser):
    """Finds the tags that begin a link; what stands in comments, scripts and styles is none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a link begins."""
        written = self.get_starttag_text()
        if tag == "a" and written is not None and any(name == "href" for name, _ in attrs):
            self.found.append((*self.getpos(), written))
