"""`nself service functions enable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch the functions service on.", result="nself.actions.service.switch:Switched")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Switch the functions service on: `nself service enable functions`. Your functions stay as they are.

    \b
    Example:
      nself service functions enable
    """
    switch(app, context, "functions", on=True)
