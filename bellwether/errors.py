"""What can go wrong at the front door; every sentence says what to do next."""
# ruff: noqa: N818  # The names say what happened; "Error" would add nothing.

from collections.abc import Sequence

from scoring.errors import Fault


class BellwetherError(Exception):
    """A fault a person at the keyboard can mend; its text is all they need to read."""


class WrongUse(BellwetherError):
    """The command was called in a way it does not understand (exit code 2)."""


class SettingsInvalid(BellwetherError):
    """One or more settings are wrong; all of them are told at once.

    `problems` holds one sentence per setting: variable, what was found, what is allowed.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"Bellwether cannot start with these settings:\n{lines}")


class NotADemo(BellwetherError):
    """The database holds customers that the demo did not put there."""

    def __init__(self, customers: int) -> None:
        super().__init__(
            f"This database already holds {customers} customers that are not the demo's. "
            "Point BELLWETHER_HOME (or DATABASE_URL) to an empty place and run it again."
        )


class CannotReset(BellwetherError):
    """Starting over deletes the database file, which a server does not have."""

    def __init__(self) -> None:
        super().__init__(
            "--reset deletes a SQLite file; DATABASE_URL names a server. Empty that database "
            "yourself (with Docker: docker compose down --volumes) and start again."
        )


class NoSuchModel(BellwetherError):
    """BELLWETHER_MODEL names neither a shipped model nor a readable file."""

    def __init__(self, found: str, near: str | None = None) -> None:
        hint = f" Did you mean '{near}'?" if near else ""
        super().__init__(
            f"BELLWETHER_MODEL is {found!r}: that is neither a shipped model, nor one in the "
            f"folder BELLWETHER_MODELS names, nor a readable YAML file.{hint} "
            "Leave it unset for saas-five-factor."
        )


class TwiceTheModel(BellwetherError):
    """Two files describe the same version of the same model."""

    def __init__(self, identity: str, first: str, second: str) -> None:
        super().__init__(
            f"{first} and {second} both say they are {identity}. Give the newer one a higher "
            "version: scores of different files must not pass for scores of one model."
        )


class UnknownPick(BellwetherError):
    """A resolver names models that are not at hand; each place is told with its line."""

    def __init__(self, where: str, faults: Sequence[Fault]) -> None:
        lines = "\n".join(f"{where}: {fault}" for fault in faults)
        super().__init__(
            f"{lines}\nModels of your own are read from the folder BELLWETHER_MODELS names."
        )


class UnknownRegion(BellwetherError):
    """A model counts by the holidays of a region of which none are known."""

    def __init__(self, where: str, region: str, near: str | None) -> None:
        hint = f" (did you mean '{near}'?)" if near else ""
        super().__init__(
            f"{where}: holidays: found '{region}', allowed: a country's two letters, such as DE, "
            f"or a part of it, such as DE-BY{hint}."
        )


class SeveralFaulty(BellwetherError):
    """More than one model file is wrong; each has its own sentences."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))


class Stopped(BellwetherError):
    """Somebody pressed Ctrl-C. What was finished is kept; that is what `kept` says."""

    def __init__(
        self,
        kept: str = "What was finished is kept; the same command again goes on from there",
    ) -> None:
        super().__init__(f"Stopped. {kept}.")


class Unreadable(BellwetherError):
    """A file somebody named cannot be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"Cannot read {path}: {reason}.")


class AddressTaken(BellwetherError):
    """Somebody else listens where we want to listen."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Something already listens on {host}:{port}. Stop it, or choose another port: "
            f"PORT={port + 1}."
        )


class MailServerShut(BellwetherError):
    """The mail server does not answer, or does not let us in; `code` says how far we came."""

    def __init__(self, host: str, code: str) -> None:
        super().__init__(
            f"The mail server {host} does not take our mail ({code}). Look at SMTP_URL; "
            "the server's own log may say more."
        )


class BrokenOff(BellwetherError):
    """Something the service cannot do without came to an end; so the service did too."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"Serving ended because a connection it lives by could not be made ({kind}). "
            "bellwether check looks at settings, database and Slack."
        )
