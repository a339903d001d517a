"""`nself service mlflow logs`."""

from __future__ import annotations

import click

from nself.cli.app import verb
from nself.cli.commands import logs


@verb(short_help="Show what MLflow said.", result="nself.actions.logs:Line")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines as they come, until Ctrl-C.")
@click.option("-n", "--tail", type=click.IntRange(min=0), default=20, show_default=True, metavar="LINES")
@click.pass_context
def command(context: click.Context, follow: bool, tail: int) -> None:
    """Show the last lines of MLflow's log.

    \b
    Example:
      nself service mlflow logs -f
    """
    context.invoke(logs.command, services=("mlflow",), follow=follow, tail=tail)
