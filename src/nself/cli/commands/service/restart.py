"""`nself service restart`."""

from __future__ import annotations

import click

from nself.cli.app import verb
from nself.cli.commands import restart


@verb(short_help="Restart services, changed or not.", result="nself.actions.restart:Restarted")
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...")
@click.option("--timeout", type=click.IntRange(1, 600), metavar="SECONDS", help="Wait this long for health (120).")
@click.pass_context
def command(context: click.Context, services: tuple[str, ...], timeout: int | None) -> None:
    """Restart the services that are named: `nself restart SERVICE…`.

    \b
    Example:
      nself service restart functions
    """
    context.invoke(restart.command, services=services, timeout=timeout)
