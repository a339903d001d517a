"""`nself service email disable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch the development inbox off.", result="nself.actions.service.switch:Switched")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Switch the development inbox off: `nself service disable mail`.

    \b
    Example:
      nself service email disable
    """
    switch(app, context, "mail", on=False)
