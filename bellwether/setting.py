"""One row of the table of settings."""

from dataclasses import dataclass

from bellwether.settings_readers import Reader


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable. `read` turns its text into a value, or raises ValueError.

    `allowed` completes the sentence "allowed: …"; `default` is text as a person would write it,
    "" when the setting may be absent.
    """

    variable: str
    field: str
    default: str
    allowed: str
    meaning: str
    read: Reader
    secret: bool = False
