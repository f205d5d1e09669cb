"""`bellwether slack`: what a real workspace needs to know of us."""

import json
from typing import Annotated

import typer

from bellwether.cli_base import settings

app = typer.Typer(help="Setting up a real Slack workspace.", no_args_is_help=True)


@app.callback()
def _room() -> None:
    """Keep `manifest` a word of its own while it is the only one."""


@app.command()
def manifest(
    url: Annotated[
        str | None, typer.Option(help="The public address; BELLWETHER_URL when unsaid.")
    ] = None,
) -> None:
    """Print the app's manifest, to paste at Slack under "From a manifest".

    For Socket Mode when SLACK_APP_TOKEN is set: then no public address is needed. The command's
    name follows BELLWETHER_COMMAND. docs/slack.md leads through the rest.
    """
    from bot.manifest import manifest as made

    read = settings()
    document = made(read.command, url or read.url, socket=bool(read.slack_app_token))
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
