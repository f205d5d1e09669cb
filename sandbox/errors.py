"""Everything the sandbox refuses, in the words of those it stands in for."""


class SandboxError(Exception):
    """The root: something the sandbox was asked for and cannot do."""


class SlackRefusal(SandboxError):  # noqa: N818 - it is Slack's answer, not a failure of ours
    """Slack says no: `code` as Slack spells it, `messages` what was wrong in detail."""

    def __init__(
        self, code: str, messages: list[str] | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"Slack answered {code}: {'; '.join(messages or []) or 'no details'}.")
        self.code = code
        self.messages = messages or []
        self.retry_after = retry_after


class NotOnScreen(SandboxError):  # noqa: N818 - reads as what it says
    """Somebody was to click or fill in what is not there for them."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"There is no {what} in {where}.")
        self.what = what
        self.where = where


class NotStarted(SandboxError):  # noqa: N818 - reads as what it says
    """An address was asked for before `start()` gave the sandbox one."""

    def __init__(self) -> None:
        super().__init__("The sandbox has no address yet; call start() first.")
