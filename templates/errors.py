"""What can go wrong when words are made: one error, naming the template and the cause.

TemplateFailed           a template that could not be rendered; costs one message, never more
"""
# ruff: noqa: N818  # The name is an outcome in the product's words; "Error" would add nothing.


class TemplateFailed(Exception):
    """A template could not be rendered: unknown name, undefined value, or a limit was met."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The template “{name}” could not be rendered: {reason}")
        self.name = name
        self.reason = reason
