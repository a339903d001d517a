"""`nself service disable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch a service off; its data stays.", result="nself.actions.service.switch:Switched")
@click.argument("service")
@click.pass_context
@pass_app
def command(app: App, context: click.Context, service: str) -> None:
    """Switch a service off in the project's env file. Its data stays, for when you switch it on again.
    Services that every stack needs are refused.

    \b
    Example:
      nself service disable functions
    """
    switch(app, context, service, on=False)
