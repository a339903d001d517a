"""`nself service email enable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch the development inbox on.", result="nself.actions.service.switch:Switched")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Switch the development inbox on: `nself service enable mail`. In production there is none.

    \b
    Example:
      nself service email enable
    """
    switch(app, context, "mail", on=True)
