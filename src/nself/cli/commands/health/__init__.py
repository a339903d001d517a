"""`nself health …`: are services well. A file here is a sub-command; the bare word is `check`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app
from nself.cli.commands.health._shared import check_options, one_check
from nself.cli.folder import folder_group


@folder_group(
    __file__,
    __name__,
    short_help="Ask services whether they are well.",
    section="Status",
    invoke_without_command=True,
    result="nself.actions.health.report:Report",
)
@check_options
@click.pass_context
@pass_app
def command(app: App, context: click.Context, timeout: float, retries: int) -> None:
    """Ask every service that is enabled whether it is well; without a sub-command once, as `nself health check`.

    The exit code is 0 when all are well, 1 when one is not, 4 when there is no Docker to ask.

    \b
    Examples:
      nself health
      nself health watch
      nself health endpoint https://api.localhost:8443/healthz
    """
    if context.invoked_subcommand is None:
        one_check(app, context, timeout=timeout, retries=retries)
