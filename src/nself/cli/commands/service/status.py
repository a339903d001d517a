"""`nself service status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.list import table
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.service.listing import Services


@verb(short_help="The services that are enabled, or one of any.", result="nself.actions.service.listing:Services")
@click.argument("service", required=False)
@click.pass_context
@pass_app
def command(app: App, context: click.Context, service: str | None) -> None:
    """Show the services that are enabled: whether each is well, and where it answers. `nself status` says more.

    The exit code is 0 when what is shown is well, 1 when some of it is not, 4 when none of it runs.

    \b
    Example:
      nself service status functions
    """
    from nself.actions.service import listing as action

    def human(found: Services) -> list[Line]:
        return [table(found.services)]

    found = action.enabled(action.services(app.project, app.host, app.environ, app.emit), service)
    app.output.result(found, human)
    context.exit(action.exit_code(found))
