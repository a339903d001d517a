"""`nself service logs`."""

from __future__ import annotations

import click

from nself.cli.app import verb
from nself.cli.commands import logs


@verb(short_help="Show what services said.", result="nself.actions.logs:Line")
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines as they come, until Ctrl-C.")
@click.option("-n", "--tail", type=click.IntRange(min=0), default=10, show_default=True, metavar="LINES")
@click.pass_context
def command(context: click.Context, services: tuple[str, ...], follow: bool, tail: int) -> None:
    """Show the last lines of the services that are named. `nself logs` has many more ways to look.

    \b
    Example:
      nself service logs functions -f
    """
    context.invoke(logs.command, services=services, follow=follow, tail=tail)
