"""What can go wrong before anything is sent. What goes wrong while sending is service.errors'.

DeliveryError
├── SmtpUrlInvalid     the mail server's address cannot be read; never shows the password
└── LetterInvalid      a message that must not be put on the wire: a header or address is unfit
"""
# ruff: noqa: N818  # The names are outcomes in the product's words; "Error" would add nothing.


class DeliveryError(Exception):
    """Root of what this room raises before it talks to anybody."""


class SmtpUrlInvalid(DeliveryError):
    """The mail server's address cannot be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"SMTP_URL is not usable: {reason}. "
            "It looks like smtp://user:password@host:587 or smtps://user:password@host:465."
        )
        self.reason = reason


class LetterInvalid(DeliveryError):
    """A message is unfit to be sent; `part` names the unfit part, never its content."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"The letter's {part} {reason}.")
        self.part = part
        self.reason = reason
