"""Modals and the Home tab as HTML."""

from collections.abc import Sequence

from sandbox.pages.blocks import blocks_html
from sandbox.pages.elements import Place, bare
from sandbox.pages.frame import Frame
from sandbox.pages.html import NOTHING, Html, icon, sr_only, tag
from sandbox.state import View


def modal_html(stack: Sequence[View], frame: Frame) -> Html:
    """Return the uppermost modal of a stack, or nothing."""
    if not stack:
        return NOTHING
    view = stack[-1]
    form = tag(
        "form",
        frame.form_fields("modal", target=view.id),
        _head(view),
        _content(view, frame),
        _foot(view),
        method="post",
        action=frame.act,
        class_="modal",
        role="dialog",
        aria_modal="true",
        aria_labelledby="modal-title",
        data_hash=view.hash,
    )
    return tag("div", form, class_="overlay")


def _head(view: View) -> Html:
    # The first submit button is what Enter presses, so it must not be the one that closes.
    enter = tag("button", "Submit", name="do", value="submit", class_="sr-only", tabindex="-1")
    close = tag(
        "button",
        icon("✕"),
        sr_only("Close"),
        name="do",
        value="close",
        class_="plain",
        formnovalidate=True,
    )
    title = tag("h2", bare(view.payload["title"]), id="modal-title")
    return tag("header", enter if "submit" in view.payload else NOTHING, title, close)


def _content(view: View, frame: Frame) -> Html:
    errors = dict(view.errors)
    general = errors.pop("", "")
    trouble = tag("p", f"⚠ {general}", class_="b-error", role="alert") if general else NOTHING
    blocks = blocks_html(view.payload["blocks"], Place(frame, "modal", view.id), errors)
    return tag("div", trouble, blocks, class_="modal-body")


def _foot(view: View) -> Html:
    cancel = bare(view.payload.get("close")) or "Cancel"
    submit = (
        tag(
            "button",
            bare(view.payload["submit"]),
            name="do",
            value="submit",
            class_="button primary",
        )
        if "submit" in view.payload
        else NOTHING
    )
    return tag(
        "footer",
        tag("button", cancel, name="do", value="close", class_="button", formnovalidate=True),
        submit,
    )


def home_html(view: View | None, frame: Frame) -> Html:
    """Return the Home tab as the app last published it for the viewer."""
    if view is None:
        return tag("p", "The app has not published a Home tab for you yet.", class_="empty")
    place = Place(frame, "click_view", view.id)
    return tag("div", blocks_html(view.payload["blocks"], place, {}), class_="home")
