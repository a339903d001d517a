"""`nself service search logs`."""

from __future__ import annotations

import click

from nself.cli.app import App, verb
from nself.cli.commands import logs
from nself.cli.commands.service.search._place import place


@verb(short_help="Show what the engine said.", result="nself.actions.logs:Line")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines as they come, until Ctrl-C.")
@click.option("-n", "--tail", type=click.IntRange(min=0), default=20, show_default=True, metavar="LINES")
@click.pass_context
def command(context: click.Context, follow: bool, tail: int) -> None:
    """Show the last lines of the service that searches: PostgreSQL, or Meilisearch.

    \b
    Example:
      nself service search logs -f
    """
    from nself.actions.search.opened import engine

    app = context.ensure_object(App)
    context.invoke(logs.command, services=(str(engine(place(app))),), follow=follow, tail=tail)
