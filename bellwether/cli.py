"""The command line: one app, its rooms in cli_*.py; `bellwether --help` teaches it."""

import os
import sys

import typer

from bellwether import (
    __version__,
    cli_bounces,
    cli_customer,
    cli_explain,
    cli_import,
    cli_keys,
    cli_look,
    cli_members,
    cli_models,
    cli_playbooks,
    cli_plays,
    cli_proof,
    cli_run,
    cli_said,
    cli_simulate,
    cli_slack,
    cli_suppressions,
    cli_webhooks,
    cli_why,
    cli_work,
    logs,
)
from bellwether.errors import BellwetherError, SettingsInvalid, Stopped, WrongUse

_EPILOG = """
Start here:  [bold]bellwether demo[/bold]   shows everything with invented customers.

With your own: import customers, then events, then [bold]bellwether serve[/bold].
Settings come from the environment; [bold]bellwether check[/bold] shows what is wrong with them.
"""

app = typer.Typer(
    name="bellwether",
    help="Customer health scores that say why they moved, and playbooks that act on them.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# Every command, in the order of `--help`: first what shows, then what runs, then what looks.
app.command(name="demo")(cli_run.demo)
app.command(name="serve")(cli_run.serve)
app.command(name="seed")(cli_run.seed)
app.command(name="import")(cli_import.import_file)
app.command(name="rescore")(cli_work.rescore)
app.command(name="run-due")(cli_work.run_due)
app.command(name="health")(cli_look.health)
app.command(name="explain")(cli_explain.explain)
app.command(name="why")(cli_why.why)
app.command(name="override")(cli_said.override)
app.command(name="pulse")(cli_said.pulse)
app.command(name="digest")(cli_look.digest)
app.command(name="check")(cli_look.check)
app.command(name="backtest")(cli_proof.backtest)
app.command(name="tune")(cli_proof.tune)
app.command(name="simulate")(cli_simulate.simulate)
app.add_typer(cli_playbooks.app, name="playbooks")
app.add_typer(cli_plays.app, name="plays")
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_keys.app, name="keys")
app.add_typer(cli_members.app, name="members")
app.add_typer(cli_webhooks.app, name="webhooks")
app.add_typer(cli_bounces.app, name="bounces")
app.add_typer(cli_suppressions.app, name="suppressions")
app.add_typer(cli_slack.app, name="slack")
app.add_typer(cli_customer.app, name="customer")
app.command(name="pause")(cli_work.pause)
app.command(name="resume")(cli_work.resume)
app.command(name="retain")(cli_work.retain)
app.command(name="migrate")(cli_work.migrate)
app.command(name="lend-a-hand", hidden=True)(cli_work.lend_a_hand)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"bellwether {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and leave."
    ),
) -> None:
    """Let `--version` stand before any command."""


def main() -> None:
    """Run the command line; a fault a person can mend is one sentence, never a traceback.

    Exits with 2 for wrong use and wrong settings, with 1 when the work failed, with 130 after
    Ctrl-C.
    """
    logs.catch_uncaught()
    try:
        app()
    except (WrongUse, SettingsInvalid) as error:
        _leave(str(error), 2)
    except Stopped as error:
        _leave(str(error), 130)
    except BellwetherError as error:
        _leave(str(error), 1)
    except BrokenPipeError:
        # The reader (head, say) left. Python would complain once more while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _leave(sentence: str, code: int) -> None:
    typer.echo(f"bellwether: {sentence}", err=True)
    sys.exit(code)
