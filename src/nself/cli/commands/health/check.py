"""`nself health check`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.health._shared import check_options, one_check


@verb(short_help="Ask every service once.", result="nself.actions.health.report:Report")
@check_options
@click.pass_context
@pass_app
def command(app: App, context: click.Context, timeout: float, retries: int) -> None:
    """Ask every service that is enabled whether it is well. What was seen is kept: `nself health history`.

    The exit code is 0 when all are well, 1 when one is not, 4 when there is no Docker to ask.

    \b
    Examples:
      nself health check
      nself health check --retries 10 && ./deploy.sh
    """
    one_check(app, context, timeout=timeout, retries=retries)
