"""`nself service enable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch a service on.", result="nself.actions.service.switch:Switched")
@click.argument("service")
@click.pass_context
@pass_app
def command(app: App, context: click.Context, service: str) -> None:
    """Switch a service on: writes its setting into the project's env file and makes the secrets it needs.
    Comments and all other lines stay as they are.

    \b
    Example:
      nself service enable functions
    """
    switch(app, context, service, on=True)
