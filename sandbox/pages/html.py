"""HTML from plain calls; everything is escaped that was not made here."""

from collections.abc import Iterable
from html import escape

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Html(str):
    """Text that is HTML already, so that it is not escaped again."""

    __slots__ = ()


NOTHING = Html("")


def tag(name: str, /, *children: Html | str | Iterable[Html] | None, **attributes: object) -> Html:
    """Return one element.

    Names of attributes: a trailing underscore is dropped, others become hyphens. True stands
    for an attribute without a value; None and False leave it out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: Html | str | Iterable[Html] | None) -> Html:
    """Return children one after the other; what is no Html yet is escaped."""
    return Html("".join(_child(each) for each in children))


def _child(child: Html | str | Iterable[Html] | None) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    return escape(child) if isinstance(child, str) else "".join(child)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def hidden(**fields: str) -> Html:
    """Return hidden inputs."""
    inputs = (tag("input", type="hidden", name=key, value=fields[key]) for key in fields)
    return joined(*inputs)


def icon(sign: str) -> Html:
    """Return a sign that only decorates: screen readers pass over it."""
    return tag("span", sign, aria_hidden="true")


def sr_only(words: str) -> Html:
    """Return words that only screen readers say."""
    return tag("span", words, class_="sr-only")
