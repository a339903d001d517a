"""`nself health service`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.health._shared import check_options, one_check


@verb(short_help="Ask one service.", result="nself.actions.health.report:Report")
@click.argument("name")
@check_options
@click.pass_context
@pass_app
def command(app: App, context: click.Context, name: str, timeout: float, retries: int) -> None:
    """Ask one service whether it is well. One that is not enabled is not found, and that is exit code 1.

    \b
    Example:
      nself health service postgres
    """
    one_check(app, context, timeout=timeout, retries=retries, service=name)
